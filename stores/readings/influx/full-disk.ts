/**
 * After its disk was full, InfluxDB (1.6.7 and 2.9.1, measured) acknowledges what comes and throws it away at its next
 * restart, and so after each restart, until it is restarted twice with nothing written in between. Nobody can see from
 * outside whether that was done. So what is written from the first such refusal on is kept here as well; at each
 * restart of InfluxDB it is looked for there: when it is all there, it is let go, else it is written again.
 */

import { dirname, join } from 'node:path'
import { Fault } from '../../../domain/errors.ts'
import type { Connection } from './connection.ts'
import { KeptLines, type KeptRecord } from './kept-lines.ts'
import type { Lines } from './lines.ts'
import { lookUp } from './lookup.ts'
import type { InfluxWriterOptions } from './options.ts'
import type { ProgressFile } from './progress-file.ts'
import { identityText, type Question, type Sheet } from './sheet.ts'
import { startOf } from './start-mark.ts'

export interface FullDisk {
  /** A write failed; when it was for a full disk, what follows is kept. */
  failed(error: unknown): Promise<void>
  /** Before a batch: has InfluxDB been restarted, and what has it still? Throws when it can not be reached. */
  settle(agedFrom: number): Promise<void>
  /** What goes out now. */
  keep(sheet: Sheet, lines: Lines): void
}

const hourMs = 3_600_000
/** Some ten million readings. */
const keptBytesDefault = 2_147_483_648
const samplesMax = 5_000
const linesMax = 5_000
/** Requests that look for what InfluxDB refused the first time as well. */
const searchesMax = 64
const noSpace = /no space left on device|not enough space|disk quota exceeded/i

export function createFullDisk(
  file: ProgressFile,
  connection: Connection,
  options: InfluxWriterOptions,
): FullDisk {
  const { log, meter } = options.ports
  const { register } = file.mirror
  const kept = new KeptLines(
    join(dirname(options.path), 'influx-kept'),
    options.keptBytesMax ?? keptBytesDefault,
  )
  const sayBytes = meter.gauge(
    'bellwether_influx_kept_bytes',
    'Lines kept because InfluxDB may lose them at its next restart: its disk was full.',
  )
  let isCutTold = false

  function letGo(sentence: string): void {
    kept.letGo()
    file.fullDisk.clear()
    sayBytes(0)
    log.info({}, sentence)
  }

  async function isThere(agedFrom: number): Promise<boolean> {
    const from = Math.max(file.state().keptFrom, agedFrom)
    const questions = questionsOf(samplesIn(kept.records()), from)
    if (questions.length === 0) return true
    const names = new Set(
      questions.map(({ reading }) =>
        identityText(reading.device, reading.property, reading.observedAt),
      ),
    )
    return (await lookUp(connection, questions)).size >= names.size
  }

  function questionsOf(samples: KeptRecord['samples'], from: number): Question[] {
    const step = Math.max(1, Math.ceil(samples.length / samplesMax))
    return samples.flatMap(([device, property, observedAt], i) => {
      const series = register.find(device, property)
      if (i % step !== 0 || series === undefined || observedAt < from) return []
      const reading = {
        device,
        property,
        observedAt,
        receivedAt: 0,
        value: null,
        quality: 9,
      } as const
      return [{ about: 'identity' as const, series, reading, slot: 0 }]
    })
  }

  async function writeAgain(): Promise<number> {
    let count = 0
    for (const { lines, samples } of kept.records()) {
      const all = lines.split('\n')
      for (let at = 0; at < all.length; at += linesMax) {
        await store(all.slice(at, at + linesMax), { searches: searchesMax })
      }
      count += all.length
      file.markHours(samples)
    }
    return count
  }

  /** What is refused here was refused the first time. */
  async function store(lines: readonly string[], budget: { searches: number }): Promise<void> {
    const outcome = await connection.write(lines.join('\n'))
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') {
      throw new Fault('store_unavailable', `InfluxDB can not store now: ${outcome.reason}`)
    }
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return
    budget.searches -= 1
    if (lines.length === 1 || budget.searches < 0) return
    await store(lines.slice(0, lines.length >>> 1), budget)
    await store(lines.slice(lines.length >>> 1), budget)
  }

  /** Undefined when it can not be reached or does not tell. */
  async function startNow(): Promise<string | undefined> {
    try {
      return await startOf(connection.client)
    } catch {
      return undefined // It is asked again with the next batch.
    }
  }

  return {
    async failed(error) {
      if (!(error instanceof Error) || !noSpace.test(error.message)) return
      const known = file.fullDisk.note
      if (known?.restarts === 0) return
      file.fullDisk.set({ started: (await startNow()) ?? known?.started ?? '', restarts: 0 })
      log.error(
        { reason: error.message },
        'The disk of InfluxDB is full. Make room, stop Bellwether, restart InfluxDB twice, start Bellwether: after one restart InfluxDB would throw away at the next one what it takes until then. What is written from now on is kept in influx-kept until it is sure.',
      )
    },
    async settle(agedFrom) {
      const { note } = file.fullDisk
      if (note === undefined) return
      if (kept.isConfirmed) {
        letGo(
          'An operator has confirmed that InfluxDB keeps what it takes; what was kept for it is let go.',
        )
        return
      }
      const started = await startOf(connection.client)
      if (started === undefined || started === note.started) return
      // With the first restart the danger begins.
      const restarts = note.started === '' ? 0 : note.restarts + 1
      if (restarts > 1 && (await isThere(agedFrom))) {
        letGo(
          'InfluxDB was restarted and has all that was written since its disk was full; what was kept for it is let go.',
        )
        return
      }
      const lines = await writeAgain()
      file.fullDisk.set({ started, restarts })
      if (lines === 0) return
      log.warn(
        { lines },
        'InfluxDB was restarted and has lost what was written since its disk was full; it was written again, and is kept until the next restart shows that it is there.',
      )
    },
    keep(sheet, lines) {
      if (file.fullDisk.note === undefined || lines.count === 0) return
      const cut = kept.append({ lines: lines.textOf(0, lines.count), samples: samplesOf(sheet) })
      sayBytes(kept.bytes)
      if (cut === 0 || isCutTold) return
      isCutTold = true
      log.error(
        { bytes: cut },
        'What is kept for InfluxDB after its full disk has become too much; the oldest goes. Restart InfluxDB, or confirm that it was restarted twice.',
      )
    },
  }
}

/** One reading for each row and hour: shards are no shorter, and sums are made of these. */
function samplesOf({ series, readings }: Sheet): KeptRecord['samples'] {
  const seen = new Set<string>()
  const samples: [string, string, number][] = []
  for (const [slot, { observedAt }] of readings.entries()) {
    const of = series[slot]
    if (of === undefined) continue
    const name = `${of.row} ${hourOf(observedAt)}`
    if (seen.has(name)) continue
    seen.add(name)
    samples.push([of.device, of.property, observedAt])
  }
  return samples
}

function samplesIn(records: Iterable<KeptRecord>): KeptRecord['samples'] {
  const all: KeptRecord['samples'][number][] = []
  for (const { samples } of records) for (const sample of samples) all.push(sample)
  return all
}

function hourOf(at: number): number {
  return Math.floor(at / hourMs) * hourMs
}
