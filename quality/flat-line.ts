/**
 * Flat line (QARTOD test 8): all readings for so long lie within less than the tolerance.
 *
 * QARTOD looks at windows of so many readings as usually come in that time. Here a run is kept instead, which takes
 * four numbers whatever the time: it ends when the tolerance is left and begins anew with the last two readings at most, although
 * readings before them might still be in a window. So this finds what QARTOD finds, later at times, and never flags where
 * QARTOD would not: a run must last for the time and hold as many readings as a window has.
 */

import { marksOf } from './marks.ts'
import { field, isValid } from './series-table.ts'
import type { Thresholds } from './thresholds.ts'

const marks = marksOf('flat_line')

type Flat = NonNullable<Thresholds['flat']>

/** Takes the value into the run. Called while the row still shows the reading before as the newest. */
export function flatLine(
  view: DataView,
  row: number,
  { observedAt, value }: { observedAt: number; value: number },
  flat: Flat,
): number {
  if (isExempt(value, flat)) {
    view.setInt32(row + field.runCount, 0)
    return marks.pass
  }
  const low = Math.min(view.getFloat64(row + field.runLow), value)
  const high = Math.max(view.getFloat64(row + field.runHigh), value)
  const count = view.getInt32(row + field.runCount)
  if (count === 0 || high - low >= flat.tolerance) {
    beginRun(view, row, { observedAt, value }, flat)
    return marks.pass
  }
  view.setFloat64(row + field.runLow, low)
  view.setFloat64(row + field.runHigh, high)
  view.setInt32(row + field.runCount, count + 1)
  const lastedMs = observedAt - view.getFloat64(row + field.runSince)
  if (lastedMs < flat.suspectMs && lastedMs < flat.failMs) return marks.pass
  const interval = view.getFloat64(row + field.interval)
  if (isLong(lastedMs, flat.failMs, count + 1, interval)) return marks.fail
  return isLong(lastedMs, flat.suspectMs, count + 1, interval) ? marks.suspect : marks.pass
}

/** A window of QARTOD has one reading more than intervals; fewer than three tell nothing. */
function isLong(lastedMs: number, thresholdMs: number, count: number, intervalMs: number): boolean {
  if (lastedMs < thresholdMs || intervalMs <= 0) return false
  return count >= Math.max(3, Math.floor(thresholdMs / intervalMs) + 1)
}

function isExempt(value: number, { except }: Flat): boolean {
  return value >= except.low && value <= except.high
}

function beginRun(
  view: DataView,
  row: number,
  { observedAt, value }: { observedAt: number; value: number },
  flat: Flat,
): void {
  const last = view.getFloat64(row + field.value)
  const joins =
    (view.getInt32(row + field.state) & isValid) !== 0 &&
    Math.abs(value - last) < flat.tolerance &&
    !isExempt(last, flat)
  view.setFloat64(row + field.runLow, joins ? Math.min(last, value) : value)
  view.setFloat64(row + field.runHigh, joins ? Math.max(last, value) : value)
  view.setFloat64(row + field.runSince, joins ? view.getFloat64(row + field.at) : observedAt)
  view.setInt32(row + field.runCount, joins ? 2 : 1)
}

/**
 * After a restart only the last few readings are read again. What was flagged then stays flagged while nothing moves:
 * the run is taken to have begun as long ago as its outcome says.
 */
export function restoreRun(view: DataView, row: number, tests: number, flat: Flat): void {
  const outcome = tests & marks.fail
  const lastedMs = outcome === marks.fail ? flat.failMs : flat.suspectMs
  if (outcome !== marks.fail && outcome !== marks.suspect) return
  const interval = view.getFloat64(row + field.interval)
  if (!Number.isFinite(lastedMs) || interval <= 0 || view.getInt32(row + field.runCount) === 0)
    return
  const since = view.getFloat64(row + field.at) - lastedMs
  view.setFloat64(row + field.runSince, Math.min(view.getFloat64(row + field.runSince), since))
  view.setInt32(row + field.runCount, Math.max(3, Math.ceil(lastedMs / interval) + 1))
}
