/**
 * Windows over one series in one pass, from points and from what was summed up before. Pure.
 *
 * Counted are points with a value whose flag is asked for.
 */

import { closesWindow, type Quantity } from '../../../domain/property.ts'
import type { Aggregate, AggregateFn, SeriesKey } from '../../../domain/reading.ts'
import { add, addSummed, emptyFold, resultOf, type Summed } from '../windows/fold.ts'
import type { Points } from '../log/points.ts'
import type { RollUp } from '../windows/fold.ts'
import type { WindowGrid } from '../windows/window-grid.ts'

export interface WindowsQuery {
  key: SeriesKey
  fn: AggregateFn
  grid: WindowGrid
  quantity: Quantity
  summed: Summed
  /** Of a counter the reading before the first window; NaN when there is none. */
  previous: number
  /** Counted flags: place `flag` is 1. */
  flags: Uint8Array
  /** Called with each window that holds a counted point, rising in time. */
  emit(window: Aggregate): void
}

/** Whatever is added must follow in time what was added before. */
export interface Windows {
  fold(points: Points): void
  /** Only when the query counts what roll-ups count, and each of theirs lies within one window. */
  foldSummed(windows: RollUp): void
  /** Emits the last window. */
  finish(): void
}

export function createWindows(query: WindowsQuery): Windows {
  const { fn, grid, quantity, summed, flags } = query
  /** Whole milliseconds: what is up to a moment lies before the next. */
  const closedMs = closesWindow(quantity) ? 1 : 0
  const { device, property } = query.key
  let fold = emptyFold(query.previous)
  let from = 0
  let to = Number.NEGATIVE_INFINITY

  function finish(): void {
    const { count } = fold
    if (count === 0) return
    const value = resultOf(fold, fn, summed)
    query.emit({ device, property, fn, value, count, from, to })
    fold = emptyFold(fold.previous)
  }

  function goTo(time: number): void {
    if (time < to) return
    finish()
    const window = grid.windowAt(time)
    from = window.from
    to = window.to
  }

  return {
    fold(points) {
      for (let i = 0; i < points.count; i++) {
        const value = points.value[i] ?? 0
        if (flags[points.quality[i] ?? 0] !== 1 || Number.isNaN(value)) continue
        goTo((points.observedAt[i] ?? 0) - closedMs)
        add(fold, value, summed)
      }
    },
    foldSummed(windows) {
      for (let i = 0; i < windows.count; i++) {
        goTo(windows.start[i] ?? 0)
        addSummed(fold, windows, i, summed)
      }
    },
    finish,
  }
}
