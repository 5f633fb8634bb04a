/**
 * Readings of many series in the order in which they were observed, one stretch of time after the other. A stretch
 * grows and shrinks with how dense the readings are, so that memory stays bounded by a number of readings.
 */

import type { Reading, SeriesKey } from '../domain/reading.ts'
import type { Interval, ReadingsReader } from '../stores/readings/readings.ts'

const firstMs = 60_000
const shortestMs = 1_000
const longestMs = 31 * 86_400_000
/** A stretch that holds less makes the next longer; one that holds more than the limit is halved and read again. */
const readingsWanted = 20_000
const readingsMax = 100_000

export interface TimeSlice {
  /** Its beginning; all readings were observed at or after it, and all of the slices before it earlier. */
  from: number
  readings: readonly Reading[]
}

export async function* timeSlices(
  reader: Pick<ReadingsReader, 'range'>,
  { series, from, to }: Interval & { series: readonly SeriesKey[] },
): AsyncGenerator<TimeSlice> {
  let lengthMs = firstMs
  for (let start = from; start < to; ) {
    const end = Math.min(start + lengthMs, to)
    const readings = await readingsBetween(reader, { series, from: start, to: end })
    if (readings === 'too many') {
      lengthMs = Math.max(shortestMs, (end - start) / 2)
      continue
    }
    yield { from: start, readings: readings.sort(inOrder) }
    start = end
    if (readings.length < readingsWanted) lengthMs = Math.min(lengthMs * 2, longestMs)
  }
}

async function readingsBetween(
  reader: Pick<ReadingsReader, 'range'>,
  query: Interval & { series: readonly SeriesKey[] },
): Promise<Reading[] | 'too many'> {
  const readings: Reading[] = []
  for await (const page of reader.range(query)) {
    if (readings.length + page.length > readingsMax && query.to - query.from > shortestMs) {
      return 'too many'
    }
    for (const reading of page) readings.push(reading)
  }
  return readings
}

function inOrder(a: Reading, b: Reading): number {
  return a.observedAt - b.observedAt || order(a.device, b.device) || order(a.property, b.property)
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
