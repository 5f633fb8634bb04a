/**
 * Series as they are asked for: all of one, or the part of it that was taken at one site while its device stood there.
 * The store is asked for each part by itself, which concerns the few devices that have moved.
 */

import { quantityOf } from '../domain/catalogue.ts'
import { closesWindow } from '../domain/property.ts'
import type { Aggregate, Reading, SeriesKey } from '../domain/reading.ts'
import type { AggregateQuery, RangeQuery, ReadingsReader } from '../stores/readings/readings.ts'

export interface SeriesStretch extends SeriesKey {
  /** Absent: all of it, and its device has stood at one site ever since. */
  part?: {
    site: string | null
    /** Half-open in observed time, milliseconds since 1970 UTC. */
    from: number
    until: number
  }
}

export interface StretchRun {
  series: readonly SeriesStretch[]
  part?: SeriesStretch['part']
}

/** Series side by side that are asked for as a whole are one run; a part is one of its own. */
export function* runsOf(series: readonly SeriesStretch[]): Generator<StretchRun> {
  let whole: SeriesStretch[] = []
  for (const one of series) {
    if (one.part === undefined) {
      whole.push(one)
      continue
    }
    if (whole.length > 0) yield { series: whole }
    whole = []
    yield { series: [one], part: one.part }
  }
  if (whole.length > 0) yield { series: whole }
}

export type StretchReader = Pick<ReadingsReader, 'range' | 'aggregate'>

/** Answers for stretches in their order; of a window only the time at the site is told. */
export function stretchReader(readings: StretchReader): StretchReader {
  return {
    range: (query) => (isWhole(query.series) ? readings.range(query) : ranges(readings, query)),
    aggregate: (query) =>
      isWhole(query.series) ? readings.aggregate(query) : windows(readings, query),
  }
}

function isWhole(series: readonly SeriesStretch[]): boolean {
  return series.every(({ part }) => part === undefined)
}

async function* ranges(
  readings: StretchReader,
  { after, ...query }: RangeQuery,
): AsyncGenerator<readonly Reading[]> {
  const begun = after === undefined ? undefined : query.series.find((key) => isOf(key, after))
  for (const { series, part } of runsOf(query.series)) {
    const isBegun = begun !== undefined && series.some((key) => isOf(key, begun))
    if (part === undefined) {
      yield* readings.range({ ...query, series, ...(isBegun && after ? { after } : {}) })
      continue
    }
    const first = isBegun && after ? after.observedAt + 1 : query.from
    const from = Math.max(query.from, first, part.from)
    const to = Math.min(query.to, part.until)
    if (from < to) yield* readings.range({ ...query, series, from, to })
  }
}

async function* windows(
  readings: StretchReader,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  for (const { series, part } of runsOf(query.series)) {
    if (part === undefined) {
      yield* readings.aggregate({ ...query, series })
      continue
    }
    const { from, to } = within(query, { series, part })
    if (from >= to) continue
    for await (const page of readings.aggregate({ ...query, series, from, to })) {
      yield page.map((window) => ({
        ...window,
        from: Math.max(window.from, part.from),
        to: Math.min(window.to, part.until),
      }))
    }
  }
}

/**
 * What windows may count of a run: the readings of a part are [from, until), and windows of amounts and counters
 * (from, to].
 */
export function within(
  { from, to }: { from: number; to: number },
  { series: [first], part }: StretchRun,
): { from: number; to: number } {
  if (first === undefined || part === undefined) return { from, to }
  const closedMs = closesWindow(quantityOf(first.property)) ? 1 : 0
  return { from: Math.max(from, part.from - closedMs), to: Math.min(to, part.until - closedMs) }
}

function isOf(a: SeriesKey, b: SeriesKey): boolean {
  return a.device === b.device && a.property === b.property
}
