/**
 * B8: a million acknowledged uplinks that nobody has read yet, kill -9, start: when does it listen, when is all
 * of it stored?
 *
 *   npm run bench:restart [-- --uplinks 1000000]
 */

import { loadavg } from 'node:os'
import { parseArgs } from 'node:util'
import { startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({ options: { uplinks: { type: 'string', default: '1000000' } } })
const uplinks = Number(values.uplinks)
const env: Record<string, string> = { BELLWETHER_ROLES: 'broker,api' }
const server = await startBenchServer({ devices: 2_000, env })
const load = startLoad({ port: server.mqttPort, connections: 200, window: 20, seconds: 600 })
while ((await server.metric('bellwether_journal_head')) < uplinks) await wait(200)
load.stop()
await server.kill()

env.BELLWETHER_ROLES = 'broker,ingest,alerts,api'
console.log(`load average: ${loadavg().map((l) => l.toFixed(1))}`)
const began = performance.now()
const listeningMs = await server.start()
const backlog = (await server.metric('bellwether_readings_in_flight')) / 4
while ((await server.metric('bellwether_readings_in_flight')) > 0) await wait(100)
const drainSeconds = (performance.now() - began) / 1_000
const stored = await server.metric('bellwether_readings_stored_total')
console.log(
  `listening after ${listeningMs.toFixed(0)} ms; ${backlog} uplinks were waiting then; all stored after ${drainSeconds.toFixed(1)} s ` +
    `(${Math.round(stored / 4 / drainSeconds)} uplinks/s, ${stored} readings)`,
)
await server.stop()
