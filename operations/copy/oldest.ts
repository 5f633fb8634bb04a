/** When the oldest reading of a store was observed, found by asking whether there are any before a moment. */

import type { SeriesKey } from '../../domain/reading.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'

const dayMs = 86_400_000

/** A moment at or before the oldest reading and at most a day from it; `now` when there is none before. */
export async function oldestDay(
  reader: Pick<ReadingsReader, 'range'>,
  series: readonly SeriesKey[],
  now: number,
): Promise<number> {
  let low = 0
  let high = Math.ceil(now / dayMs)
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2)
    if (await isAnyBefore(reader, series, middle * dayMs)) high = middle
    else low = middle
  }
  return Math.min(now, low * dayMs)
}

async function isAnyBefore(
  reader: Pick<ReadingsReader, 'range'>,
  series: readonly SeriesKey[],
  to: number,
): Promise<boolean> {
  for await (const page of reader.range({ series, from: Number.MIN_SAFE_INTEGER, to })) {
    if (page.length > 0) return true
  }
  return false
}
