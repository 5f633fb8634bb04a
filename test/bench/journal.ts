/**
 * What the journal costs: uplinks per second and commit latency by group size, and reading them back.
 * Run by `npx tsx test/bench/journal.ts`; prints the medians of three rounds. Disks differ: what counts is
 * CPU per uplink and how the group sizes compare.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../domain/ports.ts'
import type { UplinkDraft } from '../../domain/uplink.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'

const rounds = 3
const quiet: Log = { debug() {}, info() {}, warn() {}, error() {} }
const mebibyte = 1024 * 1024

const drafts = Array.from({ length: 1_000 }, (_, i): UplinkDraft => {
  const values = { pm25: 35.2 + i / 10, pm10: 61, no2: 12.5, o3: 88.1, temperature: 18.25 }
  return {
    kind: 'telemetry',
    device: `air-station-${i}`,
    receivedAt: 1_761_955_200_000 + i,
    payload: Buffer.from(JSON.stringify({ ts: 1_761_955_200_000, values }).padEnd(160)),
    readings: 5,
  }
})

interface Written {
  perSecond: number
  cpuUs: number
  appendUs: number
  p50Ms: number
  p99Ms: number
  maxMs: number
  /** With the checkpoint or new segment that follows some answers. */
  stallP99Ms: number
  stallMaxMs: number
}

function write(dir: string, group: number, total: number): Written {
  const writer = openJournalWriter({
    dir,
    segmentBytesMax: 64 * mebibyte,
    bytesMax: 8_192 * mebibyte,
    log: quiet,
  })
  const commitsMs: number[] = []
  const stallsMs: number[] = []
  let appendMs = 0
  const cpu = process.cpuUsage()
  const begun = performance.now()
  for (let sent = 0; sent < total; sent += group) {
    const start = performance.now()
    for (let i = 0; i < group; i++) writer.append(drafts[(sent + i) % drafts.length]!)
    const appended = performance.now()
    writer.commit((fault) => {
      if (fault) throw fault
      commitsMs.push(performance.now() - appended)
    })
    stallsMs.push(performance.now() - appended)
    appendMs += appended - start
  }
  const ms = performance.now() - begun
  const used = process.cpuUsage(cpu)
  writer.close()
  const at = (all: number[], share: number) =>
    all.sort((a, b) => a - b)[Math.min(all.length - 1, Math.floor(all.length * share))] ?? 0
  return {
    perSecond: (total / ms) * 1_000,
    cpuUs: (used.user + used.system) / total,
    appendUs: (appendMs * 1_000) / total,
    p50Ms: at(commitsMs, 0.5),
    p99Ms: at(commitsMs, 0.99),
    maxMs: at(commitsMs, 1),
    stallP99Ms: at(stallsMs, 0.99),
    stallMaxMs: at(stallsMs, 1),
  }
}

interface Walked {
  ms: number
  backlogUs: number
}

async function walk(dir: string, total: number): Promise<Walked> {
  const reader = openJournalReader({ dir, onDamage: (damage) => console.error(damage) })
  const begun = performance.now()
  let seq = 0
  for (
    let page = await reader.read(seq, 5_000);
    page.length > 0;
    page = await reader.read(seq, 5_000)
  ) {
    seq = page.at(-1)!.seq
  }
  const ms = performance.now() - begun
  if (seq !== total) throw new Error(`read ${seq} of ${total}`)
  const asked = performance.now()
  for (let i = 0; i < 100; i++) await reader.backlog(Math.floor(total / 2))
  const backlogUs = ((performance.now() - asked) / 100) * 1_000
  reader.close()
  return { ms, backlogUs }
}

function median(numbers: number[]): number {
  return numbers.sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0
}

for (const [group, total] of [
  [1, 5_000],
  [10, 50_000],
  [100, 300_000],
  [1_000, 1_000_000],
] as const) {
  const runs: (Written & Walked)[] = []
  for (let round = 0; round < rounds; round++) {
    const dir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
    runs.push({ ...write(dir, group, total), ...(await walk(dir, total)) })
    rmSync(dir, { recursive: true })
  }
  const of = (key: keyof (Written & Walked)) => median(runs.map((run) => run[key]))
  console.log(
    `group ${group}: ${Math.round(of('perSecond')).toLocaleString('en')} uplinks/s,`,
    `CPU ${of('cpuUs').toFixed(2)} µs per uplink (append ${of('appendUs').toFixed(2)} µs),`,
    `commit p50 ${of('p50Ms').toFixed(2)} p99 ${of('p99Ms').toFixed(2)} max ${of('maxMs').toFixed(1)} ms,`,
    `with housekeeping p99 ${of('stallP99Ms').toFixed(2)} max ${of('stallMaxMs').toFixed(1)} ms;`,
    `read ${total.toLocaleString('en')} in ${of('ms').toFixed(0)} ms, backlog ${of('backlogUs').toFixed(0)} µs`,
  )
}
