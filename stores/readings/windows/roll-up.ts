/**
 * Roll-ups: the windows of a chunk summed up when it is written, so that long charts need not unpack its points.
 *
 * Their sums are of what the kind of quantity adds up: values, energies of levels, increments of counters from their
 * first point on. Windows of amounts and counters are closed at their end, as those that they answer for.
 *
 * They count what windows count unless asked otherwise: points with a value and flag 1 or 2. A window that lies
 * across several chunks has a part in each; the parts add up exactly (`fold.ts`). They are written with their chunk
 * and never by themselves, so they cannot be out of date, whatever comes late or is revised.
 */

import { closesWindow, type Quantity } from '../../../domain/property.ts'
import type { AggregateFn } from '../../../domain/reading.ts'
import { add, emptyFold, exactSum, type RollUp, type Summed } from './fold.ts'
import type { Points } from '../log/points.ts'

/** Windows of one length, from 1970-01-01T00:00Z on, and the column of the table `chunk` that holds them. */
export const levels = [
  { column: 'by_hour', ms: 3_600_000 },
  { column: 'by_5min', ms: 300_000 },
] as const
export type Level = (typeof levels)[number]

/** Fewer readings to a window are as quick to unpack as the window, and would make chunks much larger. */
const readingsPerWindowMin = 8

export function createRollUp(capacity: number): RollUp {
  const buffer = new ArrayBuffer(capacity * 64)
  const column = (place: number) => new Float64Array(buffer, place * capacity * 8, capacity)
  return {
    count: 0,
    start: column(0),
    counted: column(1),
    sum: column(2),
    rest: column(3),
    min: column(4),
    max: column(5),
    first: column(6),
    last: column(7),
  }
}

/** Makes room for `more` windows after those that are there. */
export function reserveWindows(windows: RollUp, more: number): void {
  const needed = windows.count + more
  if (needed <= windows.start.length) return
  const grown = createRollUp(Math.max(needed, windows.start.length * 2))
  for (const column of columns) grown[column].set(windows[column])
  Object.assign(windows, grown, { count: windows.count })
}

const columns = ['start', 'counted', 'sum', 'rest', 'min', 'max', 'first', 'last'] as const

/** Beyond this moment windows cannot be told apart by whole numbers. */
const farthest = 2 ** 52

/** What the sums of roll-ups are of. */
const sumsOf: Readonly<Record<Quantity, Summed>> = {
  instant: 'values',
  interval: 'values',
  counter: 'increments',
  level: 'energy',
  direction: 'values',
}

/** Whether roll-ups of a quantity can answer for this. */
export function canAnswer(quantity: Quantity, fn: AggregateFn, summed: Summed): boolean {
  const needsSum = fn === 'mean' || fn === 'sum' || fn === 'increase'
  return !needsSum || sumsOf[quantity] === summed
}

/** Undefined where it would not pay, or where sums cannot be kept exactly. */
export function rollUp(
  points: Points,
  { ms }: Level,
  quantity: Quantity = 'instant',
): RollUp | undefined {
  const summed = sumsOf[quantity]
  const closedMs = closesWindow(quantity) ? 1 : 0
  const windows = createRollUp(Math.floor(points.count / readingsPerWindowMin))
  for (let i = 0; i < points.count; ) {
    const start = Math.floor(((points.observedAt[i] ?? 0) - closedMs) / ms) * ms
    if (Math.abs(start) > farthest) return undefined
    const fold = emptyFold()
    for (; i < points.count && (points.observedAt[i] ?? 0) - closedMs < start + ms; i++) {
      const value = points.value[i] ?? 0
      const quality = points.quality[i] ?? 0
      if ((quality === 1 || quality === 2) && !Number.isNaN(value)) add(fold, value, summed)
    }
    if (fold.count === 0) continue
    const exact = exactSum(fold, summed)
    if (exact === undefined || windows.count === windows.start.length) return undefined
    const at = windows.count++
    windows.start[at] = start
    windows.counted[at] = fold.count
    windows.sum[at] = exact.sum
    windows.rest[at] = exact.rest
    windows.min[at] = fold.min
    windows.max[at] = fold.max
    windows.first[at] = fold.first
    windows.last[at] = fold.last
  }
  return windows
}
