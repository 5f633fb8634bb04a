/**
 * After its disk was full, InfluxDB (1.6.7 and 2.9.1, measured) acknowledges what comes and throws it away at its next
 * restart, and so after each restart, until it is restarted twice with nothing written in between. Nobody can see from
 * outside whether that was done. So what is written from the first such refusal on is kept here as well; at each
 * restart of InfluxDB it is looked for there: when it is all there, it is let go, else it is written again, a part before
 * each batch.
 */

import { dirname, join } from 'node:path'
import { Fault } from '../../../../domain/errors.ts'
import type { Reading } from '../../../../domain/reading.ts'
import type { Connection } from '../http/connection.ts'
import type { Refusal } from './delivery.ts'
import { KeptLines, type Sample } from '../file/kept-lines.ts'
import type { Lines } from './lines.ts'
import { lookUp } from './lookup.ts'
import type { InfluxWriterOptions } from '../options.ts'
import type { ProgressFile } from '../file/progress-file.ts'
import { identityText, type Question, type Sheet } from './sheet.ts'
import { startOf } from '../file/start-mark.ts'

const hourMs = 3_600_000
const keptBytesDefault = 2_147_483_648
const samplesMax = 5_000
const linesMax = 5_000
/** A batch waits meanwhile. */
const stepMs = 250
/** Requests that look for what InfluxDB refused the first time as well. */
const searchesMax = 64
const noSpace = /no space left on device|not enough space|disk quota exceeded/i

export interface FullDiskParts {
  file: ProgressFile
  connection: Connection
  options: InfluxWriterOptions
}

/** How far what is kept was written again since this start of the server. */
interface Rewriting {
  started: string
  restarts: number
  file: number
  line: number
  lines: number
}

export class FullDisk {
  readonly #file: ProgressFile
  readonly #connection: Connection
  readonly #ports: InfluxWriterOptions['ports']
  readonly #kept: KeptLines
  readonly #sayBytes: (bytes: number) => void
  #rewriting: Rewriting | undefined
  #open: { file: number; lines: readonly string[] } | undefined
  #isCutTold = false

  constructor({ file, connection, options }: FullDiskParts) {
    this.#file = file
    this.#connection = connection
    this.#ports = options.ports
    const { keptBytesMax = keptBytesDefault } = options
    this.#kept = new KeptLines(join(dirname(options.path), 'influx-kept'), keptBytesMax)
    this.#sayBytes = options.ports.meter.gauge(
      'bellwether_influx_kept_bytes',
      'Lines kept because InfluxDB may lose them at its next restart: its disk was full.',
    )
  }

  get isDoubted(): boolean {
    return this.#file.fullDisk.note !== undefined
  }

  /** There is more to be written again. */
  get isRewriting(): boolean {
    return this.#rewriting !== undefined
  }

  /** A write failed; when it was for a full disk, what follows is kept. */
  async failed(error: unknown): Promise<void> {
    if (!(error instanceof Error) || !noSpace.test(error.message)) return
    const { fullDisk } = this.#file
    const known = fullDisk.note
    if (known?.restarts === 0) return
    // What may be left from an `influx.db` that is gone is of another time.
    if (known === undefined) this.#kept.letGo()
    fullDisk.set({ started: (await this.#startNow()) ?? known?.started ?? '', restarts: 0 })
    this.#ports.log.error(
      { reason: error.message },
      'The disk of InfluxDB is full. Make room, stop Bellwether, restart InfluxDB twice, start Bellwether: after one restart InfluxDB would throw away at the next one what it takes until then. What is written from now on is kept in influx-kept until it is sure.',
    )
  }

  /**
   * Before a batch: was InfluxDB restarted, and what has it still? What was observed before `agedFrom` it does not keep.
   * Throws when it cannot be reached.
   */
  async settle(agedFrom: number): Promise<void> {
    const { note } = this.#file.fullDisk
    if (note === undefined) return
    if (this.#kept.isConfirmed) {
      this.#letGo(
        'An operator has confirmed that InfluxDB keeps what it takes; what was kept for it is let go.',
      )
      return
    }
    const started = await startOf(this.#connection.client)
    if (started === undefined) return
    if (started !== note.started && started !== this.#rewriting?.started) {
      // With the first restart the danger begins.
      const restarts = note.started === '' ? 0 : (this.#rewriting?.restarts ?? note.restarts) + 1
      if (restarts > 1 && (await this.#isThere(agedFrom))) {
        this.#letGo(
          'InfluxDB was restarted and has all that was written since its disk was full; what was kept for it is let go.',
        )
        return
      }
      this.#rewriting = { started, restarts, file: 0, line: 0, lines: 0 }
      this.#open = undefined
    }
    await this.#writeAgain()
  }

  /** What goes out now. */
  keep(lines: Lines): void {
    if (!this.isDoubted || lines.count === 0) return
    const cut = this.#kept.append(lines.textOf(0, lines.count))
    this.#sayBytes(this.#kept.bytes)
    if (cut === 0 || this.#isCutTold) return
    this.#isCutTold = true
    this.#ports.log.error(
      { bytes: cut },
      'What is kept for InfluxDB after its full disk has become too much; the oldest goes. Restart InfluxDB, or confirm that it was restarted twice.',
    )
  }

  /** What it has taken of that: by these it is looked for later. */
  taken(sheet: Sheet, refusals: readonly Refusal[]): void {
    if (this.isDoubted) this.#kept.note(samplesOf(sheet, new Set(refusals.map(({ slot }) => slot))))
  }

  #letGo(sentence: string): void {
    this.#kept.letGo()
    this.#file.fullDisk.clear()
    this.#rewriting = undefined
    this.#open = undefined
    this.#sayBytes(0)
    this.#ports.log.info({}, sentence)
  }

  async #isThere(agedFrom: number): Promise<boolean> {
    const from = Math.max(this.#file.state().keptFrom, agedFrom)
    const questions = this.#questions(from)
    const names = new Set(
      questions.map(({ reading: { device, property, observedAt } }) =>
        identityText(device, property, observedAt),
      ),
    )
    return (await lookUp(this.#connection, questions)).size >= names.size
  }

  #questions(from: number): Question[] {
    const { register } = this.#file.mirror
    const samples = this.#kept.files.flatMap((file) => this.#kept.samplesOf(file))
    const step = Math.max(1, Math.ceil(samples.length / samplesMax))
    return samples.flatMap(([device, property, observedAt], i) => {
      const series = register.find(device, property)
      if (i % step !== 0 || series === undefined || observedAt < from) return []
      const reading: Reading = {
        device,
        property,
        observedAt,
        receivedAt: 0,
        value: null,
        quality: 9,
      }
      return [{ about: 'identity' as const, series, reading, slot: 0 }]
    })
  }

  /** A part of what is left, in order, through to what went out last. */
  async #writeAgain(): Promise<void> {
    const rewriting = this.#rewriting
    if (rewriting === undefined) return
    const { clock, log } = this.#ports
    const endAt = clock.monotonic() + stepMs
    for (;;) {
      const file = this.#kept.files.find((number) => number >= rewriting.file)
      if (file === undefined) break
      await this.#writeSome(rewriting, file)
      if (clock.monotonic() >= endAt) return
    }
    const { started, restarts, lines } = rewriting
    this.#file.fullDisk.set({ started, restarts })
    this.#rewriting = undefined
    this.#open = undefined
    if (lines === 0) return
    log.warn(
      { lines },
      'InfluxDB was restarted and may have lost what was written since its disk was full; it was written again, and is kept until the next restart shows that it is there.',
    )
  }

  async #writeSome(rewriting: Rewriting, file: number): Promise<void> {
    if (rewriting.file !== file) Object.assign(rewriting, { file, line: 0 })
    // The end of the last one may have moved on.
    const isAtEnd = this.#open?.file !== file || rewriting.line >= this.#open.lines.length
    if (isAtEnd) this.#open = { file, lines: this.#kept.linesOf(file) }
    const lines = this.#open?.lines.slice(rewriting.line, rewriting.line + linesMax) ?? []
    if (lines.length > 0) {
      await this.#store(lines, { searches: searchesMax })
      rewriting.line += lines.length
      rewriting.lines += lines.length
      return
    }
    this.#file.markHours(this.#kept.samplesOf(file))
    Object.assign(rewriting, { file: file + 1, line: 0 })
  }

  /** What is refused here was refused the first time. */
  async #store(lines: readonly string[], budget: { searches: number }): Promise<void> {
    const outcome = await this.#connection.write(lines.join('\n'))
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') {
      throw new Fault('store_unavailable', `InfluxDB cannot store now: ${outcome.reason}`)
    }
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return
    budget.searches -= 1
    if (lines.length === 1 || budget.searches < 0) return
    await this.#store(lines.slice(0, lines.length >>> 1), budget)
    await this.#store(lines.slice(lines.length >>> 1), budget)
  }

  /** Undefined when it cannot be reached or does not tell. */
  async #startNow(): Promise<string | undefined> {
    try {
      return await startOf(this.#connection.client)
    } catch {
      return undefined // It is asked again with the next batch.
    }
  }
}

/** One reading for each row and hour: shards are no shorter, and sums are made of these. */
function samplesOf({ series, readings }: Sheet, without: ReadonlySet<number>): Sample[] {
  const seen = new Set<string>()
  const samples: Sample[] = []
  for (const [slot, { observedAt }] of readings.entries()) {
    const of = series[slot]
    if (of === undefined || without.has(slot)) continue
    const name = `${of.row} ${Math.floor(observedAt / hourMs)}`
    if (seen.has(name)) continue
    seen.add(name)
    samples.push([of.device, of.property, observedAt])
  }
  return samples
}
