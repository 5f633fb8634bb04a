/**
 * Copies all readings of one store to another while the server goes on with the first: stretch by stretch of observed
 * time, and what is written meanwhile from the feed. Then all of it is compared and mended. What may have changed since
 * a stretch was compared is compared again, so that at the end, when nobody writes any more, little is left to do.
 *
 * The feed is drained after each stretch, when everything read of it has been written: a reading that changed under our
 * hands is then written once more, as it stood last.
 */

import type { Clock } from '../../domain/ports.ts'
import type { Reading, SeriesKey } from '../../domain/reading.ts'
import type {
  Interval,
  ReadingsReader,
  ReadingsWriter,
  WriteResult,
} from '../../stores/readings/readings.ts'
import { type Fingerprint, noFingerprint, sumOf } from './fingerprint.ts'
import type { CopiedWindow, CopyNote } from './note.ts'
import { oldestDay } from './oldest.ts'
import { compareWindow, copyWindow } from './windows.ts'

/** Short enough that the feed of a busy store still reaches back to its beginning. */
const readingsWanted = 400_000
const firstMs = 300_000
const shortestMs = 60_000
const longestMs = 28 * 86_400_000
/** Readings may be observed so far in the future (READING_AHEAD_SECONDS_MAX). */
const aheadMs = 86_400_000
/** Comparing again what differed; more often only if the stores refuse to become equal. */
const roundsMax = 5

export interface CopyParts {
  source: ReadingsReader
  target: ReadingsReader
  writer: ReadingsWriter
  note: CopyNote
  clock: Clock
  tell(told: CopyTold): void
}

export interface CopyTold {
  /** Everything observed before this moment is done. */
  until: number
  readings: number
  doing: 'copied' | 'compared'
}

export interface CopyTotals {
  readings: number
  sum: Fingerprint
  /** Readings that comparing has mended, in this run. */
  mended: number
  /** Readings that only the new store holds. */
  extra: number
  /** Stretches that may have changed since they were compared. */
  open: number
}

export interface Copy {
  /** Copies what was not copied yet. */
  copyAll(): Promise<void>
  /** Compares what may differ and mends it, once each. */
  compareAll(): Promise<void>
  /** The same until nothing differs; only when nobody writes. Returns whether it came to that. */
  compareToTheEnd(): Promise<boolean>
  /** Takes over what was written since. */
  follow(): Promise<void>
  totals(): CopyTotals
}

export function createCopy(parts: CopyParts): Copy {
  const { source, writer, note, clock, tell } = parts
  let mended = 0
  const stores = { source, target: parts.target, writer: { write: writeTidily } }

  /** Nobody else keeps the new store tidy. */
  async function writeTidily(readings: readonly Reading[]): Promise<WriteResult> {
    const written = await writer.write(readings)
    await writer.tidy(clock.now())
    return written
  }

  async function follow(): Promise<void> {
    for (;;) {
      const { readings, position, gap } = await source.since(note.position)
      if (gap) note.allChanged()
      if (readings.length > 0) await writeTidily(readings)
      for (const { observedAt } of readings) note.changed(observedAt)
      note.position = position
      if (readings.length === 0) return
    }
  }

  /** What is due after each stretch. */
  async function settle(): Promise<void> {
    await follow()
    let isMoreDue = true
    while (isMoreDue) isMoreDue = await writer.tidy(clock.now())
    note.save()
  }

  async function compare(window: CopiedWindow, series: readonly SeriesKey[]): Promise<void> {
    const { from, to } = window
    const found = await compareWindow(stores, { series, from, to })
    mended += found.mended
    const isSame = found.mended === 0
    note.replace(window, { from, to, ...found.source, extra: found.extra, isSame })
    await settle()
  }

  async function compareAll(): Promise<void> {
    const series = await sortedSeries(source)
    for (const window of [...note.windows]) {
      if (window.isSame) continue
      await compare(window, series)
      tell({ until: window.to, readings: window.readings, doing: 'compared' })
    }
  }

  return {
    follow,
    compareAll,
    async copyAll() {
      const series = await sortedSeries(source)
      const end = clock.now() + aheadMs
      // An end before was not the last.
      if (note.windows.at(-1)?.to === Number.MAX_SAFE_INTEGER) note.removeLast()
      const from = note.windows.at(-1)?.to ?? (await oldestDay(source, series, end))
      if (note.windows.length === 0) {
        note.add(emptyWindow({ from: Number.MIN_SAFE_INTEGER, to: from }))
      }
      for (const window of windowsBetween({ from, to: end }, note)) {
        const contents = await copyWindow(stores, { series, ...window })
        note.add({ ...window, ...contents, extra: 0, isSame: false })
        await settle()
        tell({ until: window.to, readings: contents.readings, doing: 'copied' })
      }
    },
    async compareToTheEnd() {
      const last = note.windows.at(-1)
      if (last !== undefined && last.to < Number.MAX_SAFE_INTEGER) {
        note.add(emptyWindow({ from: last.to, to: Number.MAX_SAFE_INTEGER }))
      }
      for (let round = 0; round < roundsMax; round++) {
        await settle()
        await compareAll()
        if (note.windows.every(({ isSame }) => isSame)) return true
      }
      return false
    },
    totals: () => ({ ...sumOfAll(note.windows), mended }),
  }
}

function emptyWindow(interval: Interval): CopiedWindow {
  return { ...interval, readings: 0, sum: noFingerprint, extra: 0, isSame: false }
}

/** Stretches that hold about as many readings as wanted, as the one before did. */
function* windowsBetween({ from, to }: Interval, note: CopyNote): Generator<Interval> {
  let lengthMs = firstMs
  for (let start = from; start < to; ) {
    const end = Math.min(start + lengthMs, to)
    yield { from: start, to: end }
    start = end
    const { readings } = note.windows.at(-1) ?? { readings: 0 }
    if (readings > 2 * readingsWanted) lengthMs = Math.max(shortestMs, lengthMs / 2)
    else if (readings < readingsWanted / 8) lengthMs = Math.min(longestMs, lengthMs * 4)
    else if (readings < readingsWanted / 2) lengthMs = Math.min(longestMs, lengthMs * 2)
  }
}

async function sortedSeries(source: Pick<ReadingsReader, 'series'>): Promise<SeriesKey[]> {
  const name = ({ device, property }: SeriesKey) => `${device} ${property}`
  return [...(await source.series())].sort((a, b) => (name(a) < name(b) ? -1 : 1))
}

function sumOfAll(windows: readonly CopiedWindow[]) {
  const total = { readings: 0, sum: noFingerprint, extra: 0, open: 0 }
  for (const window of windows) {
    total.readings += window.readings
    total.extra += window.extra
    total.sum = sumOf(total.sum, window.sum)
    if (!window.isSame) total.open++
  }
  return total
}
