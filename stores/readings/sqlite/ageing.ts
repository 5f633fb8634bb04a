/**
 * Ageing: drops what was observed longer ago than readings are kept.
 *
 * The limit moves at midnight UTC, by whole days, and stands in the file: from that moment nobody sees
 * older readings. Their bytes are dropped afterwards, a bounded step at a time, and with the last of them
 * the name of the series.
 */

import type { SqliteDatabase } from '../../sqlite.ts'
import { type ChunkTable, decode } from './chunk-table.ts'
import type { Mirror } from './mirror.ts'
import { placeOf, slicePoints } from '../log/points.ts'
import type { FileState } from './state.ts'

const dayMs = 86_400_000

export interface Ageing {
  /** One step inside the caller's transaction; returns the new state and whether more is due. */
  step(state: FileState, now: number): [FileState, boolean]
  /** Forgets where it was. */
  clear(): void
}

export interface AgeingLimits {
  /** 0 keeps forever. */
  keepDays: number
  /** Series looked at, or chunks dropped, in one step. */
  stepSeries: number
}

/** One walk over all series: those from `next` to `last` are still to be done. */
interface Pass {
  next: number
  last: number
}

type Left = 'nothing' | 'good' | 'old ones'

export function createAgeing(
  db: SqliteDatabase,
  { series, unsealed }: Mirror,
  chunks: ChunkTable,
  { keepDays, stepSeries }: AgeingLimits,
): Ageing {
  const setKeptFrom = db.prepare<[number | null]>('update state set kept_from = ? where id = 1')
  const dropSeries = db.prepare<[number]>('delete from series where id = ?')
  const setRemoved = db.prepare<[number]>('update state set series_removed = ? where id = 1')
  let pass: Pass | undefined

  /** Drops what is too old of one series; returns how many chunks went, and what is left to do. */
  function age(id: number, keptFrom: number, limit: number): { dropped: number; left: Left } {
    const dropped = chunks.removeBefore(id, keptFrom, limit)
    if (dropped === limit) return { dropped, left: 'old ones' }
    const first = chunks.first(id)
    if (first === undefined) return { dropped, left: unsealed.headOf(id) < 0 ? 'nothing' : 'good' }
    if (first.start < keptFrom) {
      const points = decode(first)
      chunks.remove(id, first.start)
      chunks.put(id, slicePoints(points, placeOf(points, keptFrom), points.count), false)
    }
    return { dropped, left: 'good' }
  }

  /** Returns how many series went with their last reading. */
  function run(current: Pass, keptFrom: number): number {
    let removed = 0
    for (let budget = stepSeries; budget > 0 && current.next <= current.last; ) {
      const { dropped, left } = age(current.next, keptFrom, budget)
      budget -= Math.max(dropped, 1)
      if (left === 'old ones') break
      if (left === 'nothing' && series.keyOf(current.next) !== undefined) {
        dropSeries.run(current.next)
        series.remove(current.next)
        removed++
      }
      current.next++
    }
    return removed
  }

  return {
    step(state, now) {
      const keptFrom =
        keepDays === 0 ? Number.NEGATIVE_INFINITY : (Math.floor(now / dayMs) - keepDays) * dayMs
      if (keptFrom !== state.keptFrom) {
        setKeptFrom.run(keepDays === 0 ? null : keptFrom)
        pass = undefined
      }
      if (keepDays === 0) return [{ ...state, keptFrom }, false]
      pass ??= { next: 1, last: series.last }
      if (pass.next > pass.last) return [{ ...state, keptFrom }, false]
      const seriesRemoved = state.seriesRemoved + run(pass, keptFrom)
      if (seriesRemoved !== state.seriesRemoved) setRemoved.run(seriesRemoved)
      return [{ ...state, keptFrom, seriesRemoved }, pass.next <= pass.last]
    },
    clear() {
      pass = undefined
    },
  }
}
