/**
 * B2: processor seconds of the whole server per million uplinks of four values, from the first PUBLISH until
 * all can be queried; as fast as they are acknowledged, and paced at 2,000 a second.
 *
 *   npm run bench:cost [-- --rounds 3 --seconds 10]
 */

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { type BenchServer, median, startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({
  options: { rounds: { type: 'string', default: '3' }, seconds: { type: 'string', default: '10' } },
})
const seconds = Number(values.seconds)
const devices = 2_000

/** Waits until nothing is in flight; asks seldom, because asking costs as well. */
export async function drained(server: BenchServer): Promise<void> {
  while ((await server.metric('bellwether_readings_in_flight')) > 0) await wait(250)
}

async function round(shape: { connections: number; window: number; rate: number }) {
  const server = await startBenchServer({ devices })
  const before = server.cpuSeconds()
  const began = performance.now()
  const { totalAcks } = await startLoad({ port: server.mqttPort, seconds, ...shape }).result
  await drained(server)
  const wallSeconds = (performance.now() - began) / 1_000
  const cpu = server.cpuSeconds() - before
  const stored = await server.metric('bellwether_readings_stored_total')
  const rssMib = server.rssBytes() / 1_048_576
  await server.stop()
  return {
    cpuSecondsPerMillion: (cpu / totalAcks) * 1e6,
    uplinksPerSecond: totalAcks / wallSeconds,
    storedShare: stored / (4 * totalAcks),
    rssMib,
  }
}

const shapes = {
  'saturated 200x5': { connections: 200, window: 5, rate: 0 },
  'paced 2,000/s': { connections: 2_000, window: 1, rate: 2_000 },
}
console.log(`load average before: ${loadavg().map((l) => l.toFixed(1))}`)
for (const [name, shape] of Object.entries(shapes)) {
  const rounds: Awaited<ReturnType<typeof round>>[] = []
  for (let i = 0; i < Number(values.rounds); i++) rounds.push(await round(shape))
  const of = (key: keyof (typeof rounds)[number]) => median(rounds.map((r) => r[key]))
  console.log(
    `${name}: ${of('cpuSecondsPerMillion').toFixed(1)} CPU-s per million (rounds ${rounds
      .map((r) => r.cpuSecondsPerMillion.toFixed(1))
      .join(', ')}), ${Math.round(of('uplinksPerSecond'))} uplinks/s, stored ${(
      of('storedShare') * 100
    ).toFixed(2)} %, ${of('rssMib').toFixed(0)} MiB`,
  )
}
