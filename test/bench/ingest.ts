/**
 * How fast a backlog is settled, and what it costs: uplinks of 4 values of 1,000 devices, journaled first,
 * then drained by ingest into its real stores. Run with `npx tsx test/bench/ingest.ts [uplinks]`.
 */

import { createPlant } from '../ingest/plant.ts'
import { receivedAt } from '../payload/decoders/uplinks.ts'

const uplinks = Number(process.argv[2] ?? 200_000)
const devices = 1_000
const plant = await createPlant(Array.from({ length: devices }, (_, i) => ({ id: `air-${i}` })))

for (let i = 0; i < uplinks; i++) {
  const ts = receivedAt - (uplinks - i)
  const values = { pm25: 35.2 + (i % 7), pm10: 61, so2: 8, no2: 33.5 }
  await plant.send('telemetry', { ts, values }, { device: `air-${i % devices}`, group: 1_000 })
}
await plant.commit()

const before = process.cpuUsage()
const start = process.hrtime.bigint()
plant.start(undefined, 5_000)
await plant.settled()
const seconds = Number(process.hrtime.bigint() - start) / 1e9
const { user, system } = process.cpuUsage(before)
console.log(
  `${uplinks} uplinks in ${seconds.toFixed(2)} s: ${Math.round(uplinks / seconds)} uplinks/s, ` +
    `${((user + system) / uplinks).toFixed(2)} CPU-s per million`,
)
console.log(await plant.reader.progress(), plant.errors.length, 'errors')
await plant.close()
