/**
 * Raw readings thinned for a chart: the time of each series is cut into equal parts, and of each part the first, the
 * last, the least and the greatest reading are kept. So a peak of one reading stays to be seen, and a line through what
 * is kept covers the same pixels as one through all.
 */

import type { Reading, SeriesKey } from '../../domain/reading.ts'
import type { RangeQuery } from '../../stores/readings/readings.ts'
import { isAfter, isBefore, type RawPlan, type ReadingsPlace } from './readings-plan.ts'
import type { SeriesStretch, StretchReader } from '../../indices/series-stretch.ts'

/** Of a series. */
export const pointsLeast = 4
export const pointsMost = 100_000
const keptOfPart = 4

export interface ThinnedPlan extends RawPlan {
  /** Readings of a series at most. */
  points: number
  /** Time of the newest reading of a series. */
  newestAt(key: SeriesKey): number
}

export async function* thinnedPages(
  readings: Pick<StretchReader, 'range'>,
  plan: ThinnedPlan,
  place: ReadingsPlace | undefined,
): AsyncGenerator<readonly Reading[]> {
  for (const key of plan.series) {
    if (place !== undefined && isBefore(key, place)) continue
    const isResumed = place !== undefined && !isAfter(key, place)
    const after = isResumed ? place.at : Number.NEGATIVE_INFINITY
    for await (const page of thinned(readings, key, plan)) {
      yield page.filter(({ observedAt }) => observedAt > after)
    }
  }
}

async function* thinned(
  readings: Pick<StretchReader, 'range'>,
  key: SeriesStretch,
  plan: ThinnedPlan,
): AsyncGenerator<readonly Reading[]> {
  const query = { ...plan, series: [key] }
  const first = await firstOf(readings, query)
  if (first === undefined) return
  const end = Math.max(
    first + 1,
    Math.min(plan.to, key.part?.until ?? plan.to, plan.newestAt(key) + 1),
  )
  const partMs = (end - first) / Math.floor(plan.points / keptOfPart)
  let part = new Part()
  let number = 0
  for await (const page of readings.range(query)) {
    const kept: Reading[] = []
    for (const reading of page) {
      const own = Math.floor((reading.observedAt - first) / partMs)
      if (own !== number) {
        kept.push(...part.kept())
        part = new Part()
        number = own
      }
      part.take(reading)
    }
    yield kept
  }
  yield part.kept()
}

/** A chart of everything does not begin in 1970. */
async function firstOf(
  readings: Pick<StretchReader, 'range'>,
  query: RangeQuery,
): Promise<number | undefined> {
  for await (const [reading] of readings.range({ ...query, tests: false })) {
    if (reading !== undefined) return reading.observedAt
  }
  return undefined
}

class Part {
  #first: Reading | undefined
  #last: Reading | undefined
  #least: Reading | undefined
  #greatest: Reading | undefined

  take(reading: Reading): void {
    this.#first ??= reading
    this.#last = reading
    const { value } = reading
    if (value === null) return
    if (value < (this.#least?.value ?? Number.POSITIVE_INFINITY)) this.#least = reading
    if (value > (this.#greatest?.value ?? Number.NEGATIVE_INFINITY)) this.#greatest = reading
  }

  /** Rising in time, each once. */
  kept(): Reading[] {
    const all = new Set([this.#first, this.#least, this.#greatest, this.#last])
    return [...all]
      .filter((reading) => reading !== undefined)
      .sort((a, b) => a.observedAt - b.observedAt)
  }
}
