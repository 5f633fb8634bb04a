/**
 * What the journal archive costs: CPU and bytes per uplink, how long commits wait beside it, and how fast a replay reads
 * it. `--keep FOLDER` leaves a data folder with the archive, for timing `bellwether replay` and `bellwether copy`.
 *
 *   npx tsx test/bench/archive.ts [--uplinks 1000000] [--keep FOLDER]
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { UplinkDraft } from '../../domain/uplink.ts'
import { archiveSpan, readHistory } from '../../stores/journal/history.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { systemClock, systemLog, systemRandom, systemTimers } from '../../runtime/system.ts'
import { openTown } from '../fixtures/registry.ts'

const { values } = parseArgs({
  options: { uplinks: { type: 'string', default: '1000000' }, keep: { type: 'string' } },
})
const uplinks = Number(values.uplinks)
const devices = 2_000
const group = 200
const root = values.keep ?? mkdtempSync(join(tmpdir(), 'bellwether-archive-'))
const startAt = Date.now() - Math.ceil(uplinks / devices) * 60_000
const id = (i: number) => `air-${String(i % devices).padStart(5, '0')}`

function draft(i: number): UplinkDraft {
  const receivedAt = startAt + Math.floor((i / devices) * 60_000)
  const wave = Math.sin(i / 40_000)
  const noise = ((i * 7919) % 1000) / 1000
  const told = {
    pm25: Number((35 + 20 * wave + 6 * noise).toFixed(1)),
    pm10: Number((61 + 30 * wave + 9 * noise).toFixed(1)),
    no2: Number((24 + 9 * wave + 3 * noise).toFixed(2)),
    temperature: Number((12 + 5 * wave + noise).toFixed(1)),
  }
  const payload = Buffer.from(JSON.stringify({ ts: receivedAt - 900, values: told }))
  return { kind: 'telemetry', device: id(i), receivedAt, payload, readings: 4 }
}

function openWriter(archive: boolean) {
  const ports = {
    clock: systemClock,
    timers: systemTimers,
    random: systemRandom,
    meter: { counter: () => () => {}, gauge: () => () => {}, histogram: () => () => {} },
  }
  return openJournalWriter({
    dir: join(root, 'journal'),
    segmentBytesMax: 64 * 1024 ** 2,
    bytesMax: 64 * 1024 ** 3,
    log: systemLog('warn', 'bench'),
    ...(archive ? { archive: { dir: join(root, 'archive'), keepDays: 30, ports } } : {}),
  })
}

const quantile = (all: number[], q: number) =>
  all.sort((a, b) => a - b)[Math.floor(all.length * q)] ?? 0
const show = (ms: number) => ms.toFixed(2)

const devicesOfTown = Array.from({ length: devices }, (_, i) => ({ id: id(i) }))
const town = await openTown(join(root, 'registry.db'), { devices: devicesOfTown })
await town.close()

let writer = openWriter(false)
for (let i = 0; i < uplinks; i++) {
  writer.append(draft(i))
  if (i % group === group - 1) writer.commit((fault) => fault && console.error(fault))
}
writer.commit(() => {})
writer.close()

/** Commits of a few uplinks each 2 ms; what they wait for. */
async function commitsUntil(isDone: () => boolean): Promise<number[]> {
  const waits: number[] = []
  for (let i = uplinks; !isDone(); ) {
    for (let n = 0; n < 20; n++) writer.append(draft(i++))
    const due = performance.now() + 2
    await new Promise<void>((resolve) => setTimeout(resolve, 2))
    writer.commit(() => waits.push(performance.now() - due))
    if (waits.length > 3_000 && !isArchiving) return waits
  }
  return waits
}

let isArchiving = false
writer = openWriter(false)
const quiet = await commitsUntil(() => false)
writer.close()
writer = openWriter(true)
isArchiving = true
const [cpuBefore, began] = [process.cpuUsage(), performance.now()]
const before = writer.bytes
writer.trim(writer.head)
const beside = await commitsUntil(() => {
  const sizeLeft = writer.bytes
  return sizeLeft < 64 * 1024 ** 2
})
const took = performance.now() - began
const cpu = process.cpuUsage(cpuBefore)
writer.close()
const span = archiveSpan(join(root, 'archive'))
const archived = span === null ? 0 : span.last - span.first + 1
console.log(
  `archived ${archived} uplinks of ${Math.round(before / 1024 ** 2)} MiB in ${(took / 1000).toFixed(1)} s: ` +
    `${((cpu.user + cpu.system) / archived).toFixed(2)} µs an uplink with the commits beside it, ` +
    `${((span?.bytes ?? 0) / archived).toFixed(1)} bytes an uplink`,
)
console.log(
  `commits beside it: p50 ${show(quantile(beside, 0.5))} p99 ${show(quantile(beside, 0.99))} ms; ` +
    `without: p50 ${show(quantile(quiet, 0.5))} p99 ${show(quantile(quiet, 0.99))} ms`,
)

const reader = openJournalReader({ dir: join(root, 'journal'), onDamage: console.error })
const readFrom = performance.now()
let count = 0
for await (const page of readHistory({
  archiveDir: join(root, 'archive'),
  journal: reader,
  after: 0,
  onDamage: console.error,
})) {
  count += page.uplinks.length
}
const seconds = (performance.now() - readFrom) / 1_000
console.log(`read back ${count} uplinks: ${Math.round(count / seconds)} a second`)
reader.close()
if (values.keep === undefined) rmSync(root, { recursive: true, force: true })
process.exit(0)
