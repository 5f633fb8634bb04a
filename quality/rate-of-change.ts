/**
 * Rate of change (QARTOD test 7): change against the reading before, per time. The first value, and the first after a
 * missing one, pass.
 *
 * Two things are more lenient than QARTOD. A change within less than `per` is measured as if it had taken `per`: noise
 * between two readings a second apart is no rate. And the way back from an outlier is no second fault: a reading that
 * is again within reach of the one before the outlier passes.
 */

import { beyond, marksOf } from './marks.ts'
import type { Thresholds } from './thresholds.ts'

const marks = marksOf('rate_of_change')
export const ratePass = marks.pass

type Rate = NonNullable<Thresholds['rate']>

export function rateMark(change: number, tookMs: number, { suspect, fail, perMs }: Rate): number {
  return beyond(Math.abs(change) / Math.max(tookMs, perMs), suspect, fail, marks)
}

/** Whether a reading with these outcomes came too fast. */
export function wasTooFast(tests: number): boolean {
  const bits = tests & marks.fail
  return bits === marks.suspect || bits === marks.fail
}
