/**
 * Sums of rain over clock hours. What is there counts, however incomplete: a gauge that was silent for a while has
 * measured too little, and a warning must not wait for it. A sum is null only when no reading stands behind it.
 *
 * A reading of `rainfall` is what fell in the interval that ends at its time (WMO-No. 8, SL 651), so the hour up to
 * 08:00 holds the reading of 08:00 exactly: hours of rain are open at their start and closed at their end.
 */

import { type Hours, hourMs, tidy } from './clock-hour.ts'

/**
 * What tells rain: the amount of each interval, or a counter, as the usual tipping bucket has it. Of a gauge that sends
 * both the larger sum counts, because what is lost on the way only makes a sum smaller.
 */
export const rainProperties = ['rainfall', 'rain_total'] as const

/** Of the hours that lie between two moments; the hydrological day is from 08:00 to 08:00. */
export function rainSum(hours: Hours, span: { from: number; to: number }): number | null {
  let sum: number | null = null
  for (let from = span.from; from < span.to; from += hourMs) {
    const hour = hours.get(from)
    if (hour !== undefined) sum = (sum ?? 0) + hour.value
  }
  return sum === null ? null : tidy(sum)
}
