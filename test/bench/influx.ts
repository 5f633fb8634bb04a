/**
 * What writing to InfluxDB costs on our side, per reading: uplinks of four values of 2,000 devices, in batches of 5,000
 * as ingest makes them, to a server of this machine (its own processor time is not counted).
 *
 *   npx tsx test/bench/influx.ts [million uplinks] [--compress]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reading } from '../../domain/reading.ts'
import { openInfluxReader, openInfluxWriter } from '../../stores/readings/influx.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { findServer } from '../servers/server.ts'

const uplinks = 1_000_000 * Number(process.argv[2] ?? 1)
const compress = process.argv.includes('--compress')
const devices = 2_000
const batchUplinks = 5_000
const properties = ['pm25', 'pm10', 'no2', 'o3']
const start = Date.UTC(2026, 10, 21)

function batchAt(first: number): Reading[] {
  const batch: Reading[] = []
  for (let i = first; i < first + batchUplinks; i++) {
    const observedAt = start + Math.floor(i / devices) * 1_000
    const receivedAt = observedAt + 80 + (i % 100)
    // Each uplink brings its own text of the name, as those from the journal do.
    const device = `air-${i % devices}`
    for (const [p, property] of properties.entries()) {
      const value = ((i * 7 + p * 131) % 1_999) / 10
      batch.push({ device, property, observedAt, receivedAt, value, quality: 1, tests: 0x5555 })
    }
  }
  return batch
}

const places = new Map(
  Array.from({ length: devices }, (_, i) => [
    `air-${i}`,
    { site: `s-${i >> 1}`, district: '320106' },
  ]),
)
const server = findServer('influxd')
if (server.by !== 'program') throw new Error('This needs influxd.')
const influxd = await startInfluxd1(server.path)
const dir = mkdtempSync(join(tmpdir(), 'bw-bench-'))
const options = {
  url: influxd.url,
  bucket: 'bench',
  path: join(dir, 'influx.db'),
  keepDays: 0,
  compress,
  placeOf: (device: string) => places.get(device),
  ports: { ...fakePorts(), clock: systemClock, timers: systemTimers },
}
const writer = openInfluxWriter(options)
const cpu = { user: 0, system: 0 }
let waitedMs = 0
for (let i = 0; i < uplinks; i += batchUplinks) {
  const batch = batchAt(i)
  const before = process.cpuUsage()
  const began = performance.now()
  await writer.write(batch, { seq: i + batchUplinks, quarantined: 0 })
  await writer.tidy(start)
  waitedMs += performance.now() - began
  const after = process.cpuUsage(before)
  cpu.user += after.user
  cpu.system += after.system
}
const readings = uplinks * properties.length
const microseconds = (cpu.user + cpu.system) / readings
console.log(
  `${uplinks} uplinks of ${properties.length} values${compress ? ', compressed' : ''}: ` +
    `${microseconds.toFixed(2)} µs CPU per reading (${((microseconds * readings) / uplinks).toFixed(2)} CPU-s per million uplinks), ` +
    `${Math.round((uplinks / waitedMs) * 1_000)} uplinks/s, load ${loadavg()[0]?.toFixed(1)}`,
)
console.log(await writer.progress())
const reader = openInfluxReader(options)
const timed = async (what: string, run: () => Promise<number>) => {
  const times: number[] = []
  let rows = 0
  for (let i = 0; i < 50; i++) {
    const began = performance.now()
    rows = await run()
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  console.log(
    `${what}: p50 ${times[25]?.toFixed(1)} ms, p98 ${times[48]?.toFixed(1)} ms, ${rows} rows`,
  )
}
const count = async (pages: AsyncIterable<readonly unknown[]> | Iterable<readonly unknown[]>) => {
  let rows = 0
  for await (const page of pages) rows += page.length
  return rows
}
const always = { from: 0, to: Number.MAX_SAFE_INTEGER }
const one = properties.map((property) => ({ device: 'air-7', property }))
const many = Array.from({ length: 200 }, (_, i) => ({ device: `air-${i}`, property: 'pm25' }))
await timed('a device, all its readings', () => count(reader.range({ series: one, ...always })))
await timed('a device, minutes', () =>
  count(reader.aggregate({ series: one, ...always, everyMs: 60_000, fn: 'mean' })),
)
await timed('200 devices, one property', () => count(reader.range({ series: many, ...always })))
const direct = async (statement: string) => {
  const answer = await fetch(`${influxd.url}/query?db=bench&epoch=ms`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `q=${encodeURIComponent(statement)}`,
  })
  const body = (await answer.json()) as { results: { series: { values: unknown[] }[] }[] }
  return body.results
    .flatMap(({ series }) => series)
    .reduce((sum, { values }) => sum + values.length, 0)
}
const fields = properties.flatMap((p) => [`"${p}"`, `"${p}_q"`, `"${p}_t"`, `"${p}_r"`]).join(', ')
await timed('straight to InfluxDB: a device, all its readings (rows of four)', () =>
  direct(`SELECT ${fields}, "received" FROM "air" WHERE "device" = 'air-7'`),
)
const means = properties.map(
  (p) =>
    `SELECT mean("${p}"), count("${p}") FROM "air" WHERE "device" = 'air-7' AND ("${p}_q" = 1 OR "${p}_q" = 2) AND time >= ${start}ms AND time < ${start + 3_600_000}ms GROUP BY time(1m) fill(none)`,
)
await timed('straight to InfluxDB: a device, minutes', () => direct(means.join('; ')))
await timed('newest of all', () => count(reader.latest()))
const single = { user: 0, system: 0 }
await timed('a batch of one uplink', async () => {
  const before = process.cpuUsage()
  const at = start + 86_400_000 + Math.floor(performance.now() * 1_000)
  const batch = properties.map(
    (property): Reading => ({
      ...{ device: 'air-7', property, observedAt: at, receivedAt: at, value: 1, quality: 1 },
    }),
  )
  await writer.write(batch)
  const { user, system } = process.cpuUsage(before)
  single.user += user
  single.system += system
  return batch.length
})
console.log(`a batch of one uplink: ${Math.round((single.user + single.system) / 50)} µs CPU`)
await writer.close()
await reader.close()
await influxd.stop()
rmSync(dir, { recursive: true, force: true })
