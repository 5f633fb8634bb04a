/**
 * Sentinels: numbers that stand for "no value". Two signs tell one, and both need a jump:
 * - a number that instruments are known to send for it comes in by a jump;
 * - any number comes in by a jump beyond the fail threshold and is then repeated exactly.
 *
 * Such readings fail, and count as missing for the tests of others, until the number changes. A number that is only
 * repeated is a matter of the flat line test. Sentinels outside of the plausible range are refused before.
 */

import { marksOf } from './marks.ts'
import { field, isSentinel } from './series-table.ts'
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
 * Called while the row still shows the reading before. `held` is the sentinel itself while there is one; before, it
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
      view.setFloat64(row + field.value, held)
      hold(view, row, value, count + 1)
      return marks.fail
    } else if (Math.abs(value - held) <= thresholds.leap) {
      return hold(view, row, held, 0)
    }
    view.setInt32(row + field.heldCount, 0)
  }
  const jump = Math.abs(value - last)
  /** False as well when there is no last value. */
  const isJump = isNear && jump > leastJump(last, thresholds)
  if (!isJump) return marks.pass
  if (known.has(value)) {
    hold(view, row, value, 1)
    return marks.fail
  }
  if (jump > thresholds.leap && !isExempt(value, thresholds.flat?.except)) hold(view, row, last, 1)
  return marks.pass
}

/** Whether a reading with these outcomes is a sentinel. */
export function isSentinelOutcome(tests: number): boolean {
  return (tests & marks.fail) === marks.fail
}

/** After a restart: the sentinel that the store has, whose jump is no longer to be seen. */
export function restoreSentinel(view: DataView, row: number, value: number): void {
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
