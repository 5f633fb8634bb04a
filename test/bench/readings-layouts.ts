/**
 * Why the embedded store is laid out as it is: a plain table clustered by series and time, rows grouped by
 * device, and the log with chunks, all at 100,000 series that have a past. Run by
 * `npx tsx test/bench/readings-layouts.ts`.
 */

import { join } from 'node:path'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openSqlite } from '../../stores/sqlite.ts'
import { cpuUs, createLoad, inFreshDir, writtenBytes } from './readings-load.ts'

const seriesCount = 100_000
const groups = 128
const entryBytes = 29
const cacheBytes = 64 * 1024 * 1024

interface Measured {
  valuesPerSecond: number
  cpuUsPerValue: number
  bytesPerValue: number
}

async function measure(
  batches: number,
  size: number,
  write: (batch: number) => unknown,
): Promise<Measured> {
  const bytes = writtenBytes()
  const cpu = cpuUs()
  const begun = performance.now()
  for (let i = 0; i < batches; i++) await write(i)
  const seconds = (performance.now() - begun) / 1_000
  const values = batches * size
  return {
    valuesPerSecond: Math.round(values / seconds),
    cpuUsPerValue: (cpuUs() - cpu) / values,
    bytesPerValue: Math.round((writtenBytes() - bytes) / values),
  }
}

function report(layout: string, size: number, measured: Measured): void {
  const rate = measured.valuesPerSecond.toLocaleString('en').padStart(9)
  const cpu = measured.cpuUsPerValue.toFixed(2).padStart(6)
  const bytes = String(measured.bytesPerValue).padStart(5)
  console.log(
    `${layout.padEnd(34)} batch ${String(size).padStart(5)} ${rate} values/s ${cpu} µs of CPU and ${bytes} bytes written per value`,
  )
}

/** A past of 100 rows per series, so that each series has its own page, as after some hours. */
async function plain(dir: string): Promise<void> {
  const db = openSqlite(join(dir, 'plain.db'), { cacheBytes })
  db.exec(`create table reading (series integer, observed_at integer, received_at integer,
    value real, quality integer, primary key (series, observed_at)) without rowid`)
  const insert = db.prepare(`insert into reading values (?, ?, ?, ?, 1)
    on conflict do update set value = excluded.value, received_at = excluded.received_at`)
  const pastRows = 100
  for (let first = 0; first < seriesCount; first += 5_000) {
    db.transaction(() => {
      for (let series = first; series < first + 5_000; series++) {
        for (let i = 0; i < pastRows; i++) insert.run(series, i * 60_000, i * 60_000 + 50, 35.2)
      }
    })()
  }
  let next = 0
  const write = (size: number) =>
    db.transaction(() => {
      for (let i = 0; i < size; i++, next++) {
        // Devices report in no order: a step that shares no divisor with the count visits each once.
        const series = (next * 48_271) % seriesCount
        const at = (pastRows + Math.floor(next / seriesCount)) * 60_000
        insert.run(series, at, at + 50, 35.2)
      }
    })()
  report('plain table by (series, time)', 8_000, await measure(40, 8_000, () => write(8_000)))
  report('plain table by (series, time)', 400, await measure(400, 400, () => write(400)))
  db.close()
}

/** Only the writing of the hot part; sealing would come on top. */
async function grouped(dir: string): Promise<void> {
  const db = openSqlite(join(dir, 'grouped.db'), { cacheBytes })
  db.exec(`create table recent (grp integer, batch integer, entries blob,
    primary key (grp, batch)) without rowid`)
  const insert = db.prepare('insert into recent values (?, ?, ?)')
  let batch = 0
  const write = (size: number) =>
    db.transaction(() => {
      batch++
      const blob = new Uint8Array(Math.ceil(size / groups) * entryBytes)
      for (let group = 0; group < groups; group++) insert.run(group, batch, blob)
    })()
  report('rows by (group, batch), unsealed', 8_000, await measure(200, 8_000, () => write(8_000)))
  report('rows by (group, batch), unsealed', 400, await measure(1_000, 400, () => write(400)))
  db.close()
}

async function logAndChunks(dir: string, size: number, batches: number): Promise<void> {
  const writer = openReadingsWriter({ path: join(dir, `log-${size}.db`), keepDays: 0 })
  const load = createLoad(seriesCount, 60_000)
  // Past the first rounds of sealing, so that chunks are there and in all stages of growth.
  for (let i = 0; i < 500; i++) {
    await writer.write(load(8_000))
    await writer.tidy(0)
  }
  const made = Array.from({ length: batches }, () => load(size))
  const measured = await measure(batches, size, async (i) => {
    await writer.write(made[i]!)
    await writer.tidy(0)
  })
  report('log and chunks, sealing included', size, measured)
  await writer.close()
}

await inFreshDir(plain)
await inFreshDir(grouped)
await inFreshDir((dir) => logAndChunks(dir, 8_000, 600))
await inFreshDir((dir) => logAndChunks(dir, 400, 8_000))
