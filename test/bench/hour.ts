/**
 * The readings of an hour of the load that the embedded store is meant for (2,000 uplinks/s of four values), through
 * the whole server, faster than the clock: does the cost of an uplink rise, do reads slow down, does ingest fall behind?
 *
 *   npm run bench:hour [-- --times 10]
 */

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { deviceId, quantile, startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({ options: { times: { type: 'string', default: '10' } } })
const times = Number(values.times)
const rate = 2_000 * times
const seconds = 3_600 / times
const devices = 2_000
const slices = 10

const server = await startBenchServer({ devices })
const load = startLoad({
  port: server.mqttPort,
  connections: devices,
  window: 20,
  seconds: 7_200,
  rate,
})
const head = () => server.metric('bellwether_journal_head')
while ((await head()) < 2 * devices) await wait(250)
console.log(
  `${rate} uplinks/s for ${seconds} s; load average ${loadavg().map((l) => l.toFixed(1))}`,
)

for (let slice = 1; slice <= slices; slice++) {
  const [headBefore, cpuBefore, began] = [await head(), server.cpuSeconds(), performance.now()]
  const reads: number[] = []
  while (performance.now() - began < (seconds / slices) * 1_000) {
    const asked = performance.now()
    await server.get(
      `/api/v1/readings?device=${deviceId(reads.length % devices)}&property=pm25&limit=300`,
    )
    reads.push(performance.now() - asked)
    await wait(100)
  }
  const uplinks = (await head()) - headBefore
  const cpu = server.cpuSeconds() - cpuBefore
  const lag = await server.metric('bellwether_journal_lag_uplinks{consumer="ingest"}')
  console.log(
    `tenth ${slice}: ${Math.round(uplinks / (seconds / slices))} uplinks/s, ${((cpu / uplinks) * 1e6).toFixed(1)} CPU-s per million, ` +
      `reads p50 ${quantile(reads, 0.5).toFixed(1)} p99 ${quantile(reads, 0.99).toFixed(1)} ms, ingest ${lag} uplinks behind, ` +
      `${Math.round(server.rssBytes() / 1_048_576)} MiB`,
  )
}
load.stop()
console.log(
  `stored ${await server.metric('bellwether_readings_stored_total')}, refused ${await server.metric('bellwether_readings_quarantined_total')}`,
)
await server.stop()
process.exit(0)
