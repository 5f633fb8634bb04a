/**
 * What the embedded readings store costs and how quickly it answers: writing in order, then reading with 20
 * million readings in it while another process writes 8,000 values per second, then an hour's load at once.
 * Run by `npx tsx test/bench/readings.ts [readings, default 20000000]`; `readings-layouts.ts` compares layouts,
 * `readings-windows.ts` asks for long charts.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import {
  cpuUs,
  createLoad,
  inFreshDir,
  keyOf,
  loadStart,
  propertiesPerDevice,
  quantiles,
  rowsOf,
  time,
  writtenBytes,
} from './readings-load.ts'

const seriesCount = 40_000
const everyMs = 300_000
const dayMs = 86_400_000
const batchSize = 8_000

/** Writes `total` readings and says what a value cost, decile by decile. */
async function fill(path: string, total: number): Promise<void> {
  const writer = openReadingsWriter({ path, keepDays: 0 })
  const load = createLoad(seriesCount, everyMs)
  const deciles: string[] = []
  const bytesBefore = writtenBytes()
  let totalMs = 0
  const writesMs: number[] = []
  const tidiesMs: number[] = []
  for (let decile = 0; decile < 10; decile++) {
    let spentMs = 0
    let spentCpuUs = 0
    const batches = Math.ceil(total / 10 / batchSize)
    for (let i = 0; i < batches; i++) {
      const batch = load(batchSize)
      const cpu = cpuUs()
      const begun = performance.now()
      await writer.write(batch, { seq: i, quarantined: 0 })
      const written = performance.now()
      await writer.tidy(0)
      const done = performance.now()
      writesMs.push(written - begun)
      tidiesMs.push(done - written)
      spentMs += done - begun
      spentCpuUs += cpuUs() - cpu
    }
    deciles.push((spentCpuUs / (batches * batchSize)).toFixed(2))
    totalMs += spentMs
  }
  const rate = Math.round((total * 1_000) / totalMs).toLocaleString('en')
  const written = Math.round((writtenBytes() - bytesBefore) / total)
  console.log(`write and tidy, ${seriesCount} series: ${rate} values/s`)
  console.log(`  ${written} bytes written per value, log, chunks and checkpoints together`)
  console.log(`  µs of CPU per value, tenth by tenth: ${deciles.join(' ')}`)
  console.log(`  write of ${batchSize}: ${quantiles(writesMs)}`)
  console.log(`  tidy after it: ${quantiles(tidiesMs)}`)
  await writer.close()
  const bytes = statSync(path).size / total
  console.log(`  ${bytes.toFixed(1)} bytes on disk per reading`)
}

/** Runs in a process of its own: 20 batches of 400 values per second until killed. */
async function keepWriting(path: string, first: number): Promise<void> {
  const writer = openReadingsWriter({ path, keepDays: 0 })
  const load = createLoad(seriesCount, everyMs, first)
  const begun = performance.now()
  for (let i = 1; ; i++) {
    await writer.write(load(400))
    await writer.tidy(0)
    if (i === 1) console.log('writing')
    const waitMs = begun + i * 50 - performance.now()
    if (waitMs > 0) await new Promise((done) => setTimeout(done, waitMs))
  }
}

async function read(reader: ReadingsReader, total: number): Promise<void> {
  let turn = 0
  const device = () => {
    const first = ((turn++ * 7_919) % (seriesCount / propertiesPerDevice)) * propertiesPerDevice
    return Array.from({ length: propertiesPerDevice }, (_, i) => keyOf(first + i))
  }
  const end = loadStart + Math.floor(total / seriesCount) * everyMs
  const day = { from: end - dayMs, to: end }
  const last = () =>
    rowsOf(reader.range({ series: device(), from: end - 2 * everyMs, to: end + dayMs }))
  const raw = () => rowsOf(reader.range({ series: device(), ...day }))
  const hourly = () =>
    rowsOf(reader.aggregate({ series: device(), ...day, everyMs: 3_600_000, fn: 'mean' }))
  let position = await reader.position()
  const follow = async () => {
    const told = await reader.since(position)
    position = told.position
    return told.readings.length
  }
  console.log(`  last values of a device      ${await time(last, 1_000)}`)
  console.log(`  a day of a device, raw       ${await time(raw, 1_000)}`)
  console.log(`  a day of a device, hourly    ${await time(hourly, 1_000)}`)
  console.log(`  what is new (since)          ${await time(follow, 1_000)}`)
  console.log(`  latest of all series         ${await time(() => rowsOf(reader.latest()), 10)}`)
}

async function main(total: number): Promise<void> {
  await inFreshDir(async (dir) => {
    const path = join(dir, 'readings.db')
    await fill(path, total)
    const begun = performance.now()
    await openReadingsWriter({ path, keepDays: 0 }).close()
    console.log(`  opened for writing in ${Math.round(performance.now() - begun)} ms`)

    const reader = openReadingsReader({ path })
    console.log(`reading, with ${total.toLocaleString('en')} readings, nothing written meanwhile`)
    await read(reader, total)
    const args = ['--import', 'tsx', fileURLToPath(import.meta.url), 'writer', path, String(total)]
    const child: ChildProcess = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (child.stdout) await once(child.stdout, 'data')
    console.log('reading, while another process writes 8,000 values per second')
    await read(reader, total)
    child.kill()
    await once(child, 'close')
    await reader.close()
  })
}

const [first, path, written] = process.argv.slice(2)
if (first === 'writer' && path) await keepWriting(path, Number(written))
else await main(Number(first ?? 20_000_000))
