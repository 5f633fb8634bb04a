/**
 * The latest time of each row: a row later than that is surely new in InfluxDB, so one `received` stands for all its
 * properties. Known only as far as it was asked for; it follows from the series.
 */

import type { SeriesBook } from '../file/series-book.ts'
import type { SeriesRegister } from '../file/series-register.ts'

export interface RowTops {
  /** The next readings are of another device or moment. */
  nextRun(): void
  /** Takes note of a reading, before the book does; true when its row is new with this run. */
  isFresh(row: number, observedAt: number): boolean
  clear(): void
}

export function createRowTops(register: SeriesRegister, book: SeriesBook): RowTops {
  /** NaN: not known yet. */
  let tops = new Float64Array(1_024).fill(Number.NaN)
  /** The run that the row was new with. */
  let runs = new Float64Array(1_024)
  let run = 1

  function grow(row: number): void {
    const grown = new Float64Array(row * 2).fill(Number.NaN)
    grown.set(tops)
    tops = grown
    const grownRuns = new Float64Array(row * 2)
    grownRuns.set(runs)
    runs = grownRuns
  }

  function topOf(row: number): number {
    const known = tops[row] ?? Number.NaN
    if (!Number.isNaN(known)) return known
    let top = Number.NEGATIVE_INFINITY
    for (const id of register.seriesOfRow(row)) top = Math.max(top, book.lastOf(id))
    tops[row] = top
    return top
  }

  return {
    nextRun() {
      run++
    },
    isFresh(row, observedAt) {
      if (row >= tops.length) grow(row)
      if (observedAt > topOf(row)) {
        tops[row] = observedAt
        runs[row] = run
        return true
      }
      return runs[row] === run
    },
    clear() {
      tops.fill(Number.NaN)
      runs.fill(0)
      run = 1
    },
  }
}
