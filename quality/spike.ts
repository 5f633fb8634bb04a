/**
 * Spike (QARTOD test 6): how far a reading is from the mean of its neighbours in time. Known when the next one comes.
 *
 * QARTOD flags the readings beside a spike as well, because the spike is in their mean. Here a reading must also stand
 * out on its own, to the same side of both neighbours and by at least half the threshold from each: what passes in
 * QARTOD passes here, and what is flagged here is flagged there.
 */

import { beyond, marksOf } from './marks.ts'
import type { Thresholds } from './thresholds.ts'

const marks = marksOf('spike')

/** The mark of `value`, between `before` and `after`. */
export function spikeMark(
  before: number,
  value: number,
  after: number,
  { suspect, fail }: NonNullable<Thresholds['spike']>,
): number {
  const rise = value - before
  const fall = value - after
  if (rise * fall <= 0) return marks.pass
  const least = Math.min(Math.abs(rise), Math.abs(fall))
  const distance = Math.abs(rise + fall) / 2
  return beyond(Math.min(distance, 2 * least), suspect, fail, marks)
}
