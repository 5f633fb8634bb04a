/**
 * Sentinels: numbers that stand for "no value". Two signs tell one, and both need a jump:
 * - a number that instruments are known to send for it comes in by a jump;
 * - any number comes in by a jump beyond the fail threshold and is then repeated exactly.
 *
 * Such readings fail, and count as missing for the tests of others, until the number changes. A number that is only
 * repeated is a matter of the flat line test. Sentinels outside of the plausible range are refused before.
 */

import { marksOf } from './marks.ts'
import { field, isSentinel, isValid } from './series-table.ts'
import type { Span, Thresholds } from './thresholds.ts'

const marks = marksOf('sentinel')
export const sentinelFail = marks.fail

/**
 * From manuals and field reports: SDS011 999.9, UCI −200, loggers −999, −888.8, and full scales of 15 and 16 bits.
 * Plain 888 and 999 are left out: in a disaster they may be true.
 */
const known: ReadonlySet<number> = new Set([
  ...[-200, -777, -888, -888.8, -999, -999.9, -999.99, -7_777, -8_888, -9_999, -9_999.9],
  ...[888.8, 999.9, 999.99, 9_999, 9_999.9, 9_999.99, 99_999],
  ...[-32_768, 32_767, -3_276.8, 3_276.7, -327.68, 327.67, 65_535, 6_553.5, 655.35],
])

/** Readings of one number in a row, the first of which came by a jump. Three can be chance where numbers are coarse. */
const repeats = 4
/** Without thresholds: a known sentinel must be this many times further away than the last value is from 0. */
const farOff = 10

/** The last reading is one of a row that this value completes. */
export function completesRow(view: DataView, row: number, value: number): boolean {
  return (
    view.getInt32(row + field.heldCount) === repeats - 1 &&
    (view.getInt32(row + field.state) & isSentinel) === 0 &&
    view.getFloat64(row + field.value) === value
  )
}

/**
 * Called while the row still shows the value before. `held` is the sentinel itself while there is one; before, it
 * is the value from which the jump was made.
 */
export function sentinelMark(
  view: DataView,
  row: number,
  value: number,
  { thresholds, isNear }: { thresholds: Thresholds; isNear: boolean },
): number {
  const count = view.getInt32(row + field.heldCount)
  const last = view.getFloat64(row + field.value)
  if (count > 0) {
    const held = view.getFloat64(row + field.held)
    if ((view.getInt32(row + field.state) & isSentinel) !== 0) {
      if (value === held) return marks.fail
    } else if (value === last) {
      if (count + 1 < repeats) return hold(view, row, held, count + 1)
      /** The newest values were sentinels: what was measured last is the one before the jump. */
      view.setFloat64(row + field.value, held)
      view.setInt32(row + field.state, isValid)
      hold(view, row, value, count + 1)
      return marks.fail
    } else if (Math.abs(value - held) <= thresholds.leap && !known.has(value)) {
      return hold(view, row, held, 0)
    }
    view.setInt32(row + field.heldCount, 0)
  }
  const jump = Math.abs(value - last)
  /** False as well when there is no last value. */
  if (!(jump > leastJump(last, thresholds))) return marks.pass
  /** To be one of these to the digit tells so much that it does not matter how long ago the last value was. */
  if (known.has(value)) {
    hold(view, row, value, 1)
    return marks.fail
  }
  if (isNear && jump > thresholds.leap && !isExempt(value, thresholds.flat?.except))
    hold(view, row, last, 1)
  return marks.pass
}

/** Whether a reading with these outcomes is a sentinel. */
export function isSentinelOutcome(tests: number): boolean {
  return (tests & marks.fail) === marks.fail
}

/**
 * After a restart: a sentinel that the store has. The first of a row stand there as values; what was measured last is
 * then the value before their jump, or unknown when the jump is no longer to be seen.
 */
export function restoreSentinel(view: DataView, row: number, value: number): void {
  const state = view.getInt32(row + field.state)
  const isOfRow = (state & isSentinel) === 0 && view.getFloat64(row + field.value) === value
  if (!isOfRow) view.setInt32(row + field.state, state | isSentinel)
  else if (view.getInt32(row + field.heldCount) > 0) {
    view.setFloat64(row + field.value, view.getFloat64(row + field.held))
    view.setInt32(row + field.state, isValid | isSentinel)
  } else {
    view.setFloat64(row + field.at, Number.NEGATIVE_INFINITY)
    view.setInt32(row + field.state, isSentinel)
  }
  hold(view, row, value, repeats)
}

function hold(view: DataView, row: number, value: number, count: number): number {
  view.setFloat64(row + field.held, value)
  view.setInt32(row + field.heldCount, count)
  return marks.pass
}

/** For known sentinels half the jump of others is enough. */
function leastJump(last: number, { jump }: Thresholds): number {
  return Number.isFinite(jump) ? jump / 2 : farOff * Math.max(1, Math.abs(last))
}

function isExempt(value: number, span: Span | undefined): boolean {
  return span !== undefined && value >= span.low && value <= span.high
}
