/**
 * Tests of a value by itself: gross range (QARTOD test 4) and climatology (test 5). Ends belong to the span.
 * What is outside of the catalogue's plausible range was refused before and never comes here.
 */

import { marksOf } from './marks.ts'
import type { MonthSpans, Thresholds } from './thresholds.ts'

const gross = marksOf('gross_range')
const climate = marksOf('climatology')

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
