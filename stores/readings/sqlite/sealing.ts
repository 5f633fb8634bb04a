/**
 * Sealing: moves entries of the log into chunks, a bounded step at a time between batches.
 *
 * A round goes through all series and drops the log's rows only when every series is through. In between
 * entries stand in both places, which readers are used to (the log wins); so a round may stop anywhere,
 * even by a crash, and simply begins again.
 */

import type { SqliteDatabase } from '../../sqlite.ts'
import { mergeIntoChunks } from './chunk-merge.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { Mirror } from './mirror.ts'
import { placeOf, slicePoints } from '../log/points.ts'

export interface SealingLimits {
  /** Points of one chunk: about a day at five minutes, some 1.5 kB. Larger ones are rewritten at more cost. */
  chunkPointsMax: number
  /** A round begins when so many entries per known series wait, within the two bounds that follow. */
  roundEntriesPerSeries: number
  roundEntriesMin: number
  roundEntriesMax: number
  /** The newest entries are not sealed: followers read them from the log. A second's worth at full speed. */
  newestEntriesKept: number
  /** What one step takes on at least; it takes more when more has come in since the last. */
  stepSeries: number
  stepEntries: number
}

export const sealingDefaults: SealingLimits = {
  chunkPointsMax: 256,
  roundEntriesPerSeries: 32,
  roundEntriesMin: 262_144,
  roundEntriesMax: 2_097_152,
  newestEntriesKept: 131_072,
  stepSeries: 256,
  stepEntries: 16_384,
}

/** A round is done when four fifths of the next have come in: early enough, and no step is long. */
const paceOverArrival = 1.25
/** Dropping an entry costs so much less than merging it. */
const dropsPerMerge = 16

export interface Sealing {
  /** One step inside the caller's transaction. Returns true when more is due. */
  step(keptFrom: number): boolean
  /** Forgets where it was. */
  clear(): void
}

/** A round under way: the entries before `end` go, and the series before `series` are through. */
interface Round {
  end: number
  series: number
  lastSeries: number
  /** Entries of `series` still to be merged: a very busy series takes several steps. */
  rest: readonly number[]
}

interface Budget {
  series: number
  entries: number
}

export function createSealing(
  db: SqliteDatabase,
  mirror: Mirror,
  chunks: ChunkTable,
  limits: SealingLimits,
): Sealing {
  const { series, unsealed } = mirror
  const rowAt = db.prepare<[number], { first: number | null }>(
    'select max(first) as first from log where first <= ?',
  )
  const oldestRow = db.prepare<[], { first: number | null }>('select min(first) as first from log')
  const dropRow = db.prepare<[number]>('delete from log where first = ?')
  let round: Round | undefined
  let seenEntries: number | undefined

  function roundEntries(): number {
    const wanted = series.last * limits.roundEntriesPerSeries
    return Math.min(Math.max(wanted, limits.roundEntriesMin), limits.roundEntriesMax)
  }

  function begin(): Round | undefined {
    const ripe = unsealed.next - limits.newestEntriesKept
    if (ripe - unsealed.base < roundEntries()) return undefined
    // Rows are dropped whole, so a round ends where a row begins.
    const end = rowAt.get(ripe)?.first ?? 0
    if (end <= unsealed.base) return undefined
    return { end, series: 0, lastSeries: series.last, rest: [] }
  }

  /** In proportion to what came in, so that a round ends before the next is due however fast it comes. */
  function budget(): Budget {
    const arrived = unsealed.next - (seenEntries ?? unsealed.next)
    seenEntries = unsealed.next
    const paced = Math.ceil((paceOverArrival * series.last * arrived) / roundEntries())
    return {
      series: Math.max(limits.stepSeries, paced),
      entries: Math.max(limits.stepEntries, Math.ceil(paceOverArrival * arrived)),
    }
  }

  /** Returns true when all series are through. */
  function merge(current: Round, left: Budget, keptFrom: number): boolean {
    while (left.series > 0 && left.entries > 0) {
      if (current.rest.length === 0) {
        if (current.series === current.lastSeries) return true
        current.series++
        current.rest = unsealed.ordinalsOf(current.series, current.end)
        left.series--
        continue
      }
      const some = current.rest.slice(0, limits.stepEntries)
      current.rest = current.rest.slice(some.length)
      left.entries -= some.length
      const points = unsealed.pointsOf(some)
      const kept = slicePoints(points, placeOf(points, keptFrom), points.count)
      mergeIntoChunks(chunks, current.series, kept, limits.chunkPointsMax)
    }
    return false
  }

  /** Returns true when all rows of the round are gone. */
  function drop(current: Round, left: Budget): boolean {
    while (left.entries > 0) {
      const first = oldestRow.get()?.first ?? unsealed.next
      left.entries -= (first - unsealed.base) / dropsPerMerge
      unsealed.dropBefore(first)
      if (first >= current.end) return true
      dropRow.run(first)
    }
    return false
  }

  return {
    step(keptFrom) {
      const left = budget()
      round ??= begin()
      if (round === undefined) return false
      if (merge(round, left, keptFrom) && drop(round, left)) round = undefined
      return round !== undefined || begin() !== undefined
    },
    clear() {
      round = undefined
      seenEntries = undefined
    },
  }
}
