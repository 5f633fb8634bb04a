/**
 * B2: processor seconds of the whole server per million uplinks of four values, from the first PUBLISH until
 * all can be queried; as fast as they are acknowledged, and paced at 2,000 a second.
 *
 *   npm run bench:cost [-- --rounds 3 --seconds 10 --influx --untested]
 *
 * `--influx` stores in an influxd 1.x of this machine, whose processor time is not counted; `--untested` switches
 * quality control off.
 */

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { type BenchServer, median, startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    influx: { type: 'boolean', default: false },
    untested: { type: 'boolean', default: false },
  },
})
const seconds = Number(values.seconds)
const devices = 2_000

/** Waits until nothing is in flight; asks seldom, because asking costs as well. */
async function drained(server: BenchServer): Promise<void> {
  while ((await server.metric('bellwether_readings_in_flight')) > 0) await wait(250)
}

/** Until all can be queried: as fast as they are acknowledged, sign-ins and the drain included. */
async function saturated(server: BenchServer): Promise<Figures> {
  const before = server.cpuSeconds()
  const began = performance.now()
  const load = { port: server.mqttPort, connections: 200, window: 5, seconds }
  await startLoad(load).result
  await drained(server)
  const took = (performance.now() - began) / 1_000
  const uplinks = (await server.metric('bellwether_readings_stored_total')) / 4
  return figures(server, { uplinks, cpu: server.cpuSeconds() - before, seconds: took })
}

/** A steady stream, measured once everybody has signed in. */
async function paced(server: BenchServer): Promise<Figures> {
  const head = () => server.metric('bellwether_journal_head')
  const load = startLoad({
    port: server.mqttPort,
    connections: devices,
    window: 2,
    seconds: 3_600,
    rate: 2_000,
  })
  while ((await head()) < 2 * devices) await wait(250)
  const [headBefore, before] = [await head(), server.cpuSeconds()]
  await wait(seconds * 1_000)
  const [uplinks, cpu] = [(await head()) - headBefore, server.cpuSeconds() - before]
  load.stop()
  return figures(server, { uplinks, cpu, seconds })
}

interface Figures {
  cpuSecondsPerMillion: number
  uplinksPerSecond: number
  rssMib: number
}

function figures(
  server: BenchServer,
  { uplinks, cpu, seconds }: { uplinks: number; cpu: number; seconds: number },
): Figures {
  return {
    cpuSecondsPerMillion: (cpu / uplinks) * 1e6,
    uplinksPerSecond: uplinks / seconds,
    rssMib: server.rssBytes() / 1_048_576,
  }
}

console.log(`load average before: ${loadavg().map((l) => l.toFixed(1))}`)
for (const [name, measure] of [
  ['as fast as acknowledged, 200x5', saturated],
  ['2,000 uplinks/s of 2,000 devices', paced],
] as const) {
  const rounds: Figures[] = []
  for (let i = 0; i < Number(values.rounds); i++) {
    const influxd = values.influx ? await startInfluxd1('/usr/bin/influxd') : undefined
    const store: Record<string, string> =
      influxd === undefined
        ? {}
        : { BELLWETHER_READINGS: 'influx', BELLWETHER_INFLUX_URL: influxd.url }
    const env = { ...store, BELLWETHER_QUALITY_CONTROL: String(!values.untested) }
    const server = await startBenchServer({ devices, env })
    rounds.push(await measure(server))
    await server.stop()
    await influxd?.stop()
  }
  const of = (key: keyof Figures) => median(rounds.map((r) => r[key]))
  console.log(
    `${name}: ${of('cpuSecondsPerMillion').toFixed(1)} CPU-s per million (rounds ${rounds
      .map((r) => r.cpuSecondsPerMillion.toFixed(1))
      .join(
        ', ',
      )}), ${Math.round(of('uplinksPerSecond'))} uplinks/s, ${of('rssMib').toFixed(0)} MiB`,
  )
}
