/**
 * NowCast of PM2.5 and PM10 (EPA-454/B-24-002 p. 16): a mean of the last 12 hours that leans on the newest ones the
 * more the concentration changes. Exact fractions throughout.
 */

import {
  compare,
  type Decimal,
  exactly,
  largest,
  over,
  plus,
  smallest,
  times,
  zero,
} from '../decimal.ts'

const hours = 12
const leastWeight = exactly('0.5')
const one = exactly(1)

/**
 * @param newestFirst hourly means, null where missing; more than 12 are left out
 * @returns null when fewer than two of the newest three hours are there
 */
export function pmNowcast(newestFirst: readonly (Decimal | null)[]): Decimal | null {
  const last = newestFirst.slice(0, hours)
  if (last.slice(0, 3).filter((value) => value !== null).length < 2) return null
  const weight = weightOf(last.filter((value) => value !== null))
  let sum = zero
  let weights = zero
  let power = one
  for (const value of last) {
    if (value !== null) {
      sum = plus(sum, times(power, value))
      weights = plus(weights, power)
    }
    power = times(power, weight)
  }
  return over(sum, weights)
}

/** 1 − (largest − smallest) / largest, at least 0.5; 1 when all are zero. */
function weightOf(values: readonly Decimal[]): Decimal {
  const [low, high] = [smallest(values), largest(values)]
  if (low === undefined || high === undefined || compare(high, zero) === 0) return one
  const weight = over(low, high)
  return compare(weight, leastWeight) < 0 ? leastWeight : weight
}
