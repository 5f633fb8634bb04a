/**
 * Tests of a value by itself: gross range (QARTOD test 4) and climatology (test 5). Ends belong to the span.
 * What is outside of the catalogue's plausible range was refused before and never comes here. With the gross range go
 * amounts that are too much for their interval and values that look like another unit: both are suspect, not failed.
 */

import { marksOf } from './marks.ts'
import type { MonthSpans, Thresholds } from './thresholds.ts'

const gross = marksOf('gross_range')
const climate = marksOf('climatology')

/** The outcomes so far, which may hold that the amount is too much, with those of the value by itself. */
export function alone(
  tests: number,
  { value, observedAt }: { value: number; observedAt: number },
  { gross: spans, climatology: months, otherUnitBelow }: Thresholds,
): number {
  const told = tests | grossRange(value, spans)
  const isDoubtful =
    (tests & gross.fail) === gross.suspect ||
    (otherUnitBelow > 0 && isBroken(value, otherUnitBelow))
  const marks = isDoubtful ? doubtful(tests, grossRange(value, spans)) : told
  return months === null ? marks : marks | climatology(value, observedAt, months)
}

/** Joined with `|`, pass and suspect would read as fail. */
function doubtful(tests: number, mark: number): number {
  return (tests & ~gross.fail) | (mark === gross.fail ? mark : gross.suspect)
}

/** A value that was judged and turns out to be too much for its interval. */
export function tooMuch(tests: number): number {
  return doubtful(tests, tests & gross.fail)
}

/** Whether an outcome that was told holds that the amount is too much. */
export function isTooMuch(told: number): boolean {
  return (told & gross.fail) === gross.suspect
}

/** Suspect when more fell than ever does in this time; nothing is told otherwise. */
export function amountMark(
  value: number,
  tookMs: number,
  { suspect, exponent, leastMs }: NonNullable<Thresholds['amount']>,
): number {
  const hours = Math.max(tookMs, leastMs) / 3_600_000
  return value > suspect * hours ** exponent ? gross.suspect : 0
}

function isBroken(value: number, below: number): boolean {
  return value > 0 && value < below && !Number.isInteger(value)
}

export function grossRange(value: number, spans: MonthSpans | null): number {
  return spans === null ? 0 : within(value, spans, gross)
}

/** Months are those of UTC: a few hours at their ends are no matter for spans of a month. */
export function climatology(
  value: number,
  observedAt: number,
  months: NonNullable<Thresholds['climatology']>,
): number {
  const spans = months[monthOf(observedAt)]
  return spans ? within(value, spans, climate) : 0
}

function within(value: number, { suspect, fail }: MonthSpans, marks: typeof gross): number {
  if (value < fail.low || value > fail.high) return marks.fail
  return value < suspect.low || value > suspect.high ? marks.suspect : marks.pass
}

function monthOf(observedAt: number): number {
  return new Date(observedAt).getUTCMonth()
}
