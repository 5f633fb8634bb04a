/**
 * Attenuated signal (QARTOD test 9): largest − smallest over the period is below the threshold. Told once the period is
 * full; it is covered by eight buckets and the one that fills, so a little more than the period is looked at, and nothing is
 * flagged that the exact period would not show. Kept only for series that have the test, 160 bytes each.
 */

import { marksOf } from './marks.ts'
import type { Thresholds } from './thresholds.ts'

const marks = marksOf('attenuated_signal')
const buckets = 9
/** Readings in fewer buckets say little about a period. */
const bucketsMin = 5

interface Period {
  first: number
  newest: number
  lows: Float64Array
  highs: Float64Array
}

export interface AttenuatedSignal {
  mark(
    row: number,
    reading: { observedAt: number; value: number },
    over: NonNullable<Thresholds['attenuated']>,
  ): number
  forget(row: number): void
}

export function createAttenuatedSignal(): AttenuatedSignal {
  const periods = new Map<number, Period>()
  return {
    mark(row, { observedAt, value }, over) {
      const bucket = Math.floor(observedAt / (over.overMs / (buckets - 1)))
      let period = periods.get(row)
      if (period === undefined) {
        period = emptyPeriod(bucket)
        periods.set(row, period)
      }
      take(period, bucket, value)
      return bucket - period.first < buckets - 1 ? 0 : markOf(period, over)
    },
    forget(row) {
      periods.delete(row)
    },
  }
}

function emptyPeriod(first: number): Period {
  return {
    first,
    newest: first,
    lows: new Float64Array(buckets).fill(Number.POSITIVE_INFINITY),
    highs: new Float64Array(buckets).fill(Number.NEGATIVE_INFINITY),
  }
}

function take(period: Period, bucket: number, value: number): void {
  const { lows, highs } = period
  for (let b = Math.max(period.newest + 1, bucket - buckets + 1); b <= bucket; b++) {
    lows[b % buckets] = Number.POSITIVE_INFINITY
    highs[b % buckets] = Number.NEGATIVE_INFINITY
  }
  period.newest = bucket
  const place = bucket % buckets
  lows[place] = Math.min(lows[place] ?? value, value)
  highs[place] = Math.max(highs[place] ?? value, value)
}

function markOf(
  { lows, highs }: Period,
  { suspect, fail }: NonNullable<Thresholds['attenuated']>,
): number {
  const filled = lows.reduce((sum, low) => (low < Number.POSITIVE_INFINITY ? sum + 1 : sum), 0)
  if (filled < bucketsMin) return 0
  const range = Math.max(...highs) - Math.min(...lows)
  if (range < fail) return marks.fail
  return range < suspect ? marks.suspect : marks.pass
}
