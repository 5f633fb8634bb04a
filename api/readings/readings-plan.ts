/**
 * What a request for readings asks of the store: which series, which time, raw or in windows, and where to
 * continue. The order is fixed (function, device, property, time), so a cursor is a place in it.
 */

import { z } from 'zod'
import { propertyOf, quantityOf } from '../../domain/catalogue.ts'
import { Fault } from '../../domain/errors.ts'
import { accumulationOf } from '../../domain/property.ts'
import {
  type Aggregate,
  type AggregateFn,
  aggregateFns,
  type Quality,
  type Reading,
  type ReadingFn,
  readingFns,
  type SeriesKey,
} from '../../domain/reading.ts'
import type { DayKind, DayRuns } from './day-windows.ts'
import type { SeriesStretch, StretchReader } from '../../indices/series-stretch.ts'
import { isOfDays, type WindowLength, windowLength } from './window-lengths.ts'

/** Windows of one series in one request. */
const windowsMax = 200_000

export interface ReadingsRequest {
  from?: number | undefined
  to?: number | undefined
  every?: string | undefined
  fn?: ReadingFn | undefined
  day?: DayKind | undefined
  tests?: boolean | undefined
  points?: number | undefined
  property?: readonly string[] | undefined
  quality?: readonly Quality[] | undefined
}

/** Where a page ended. The interval is kept, because its defaults move with the clock. */
export const readingsPlace = z.strictObject({
  device: z.string(),
  property: z.string(),
  /** Of a raw reading its time, of a window its end. */
  at: z.int(),
  fn: z.enum(readingFns).optional(),
  from: z.int(),
  to: z.int(),
})
export type ReadingsPlace = z.infer<typeof readingsPlace>

export interface Interval {
  from: number
  to: number
}

/** Everything unless given, up to the furthest moment in the future that a reading may be of. */
export function intervalOf(
  request: ReadingsRequest,
  place: ReadingsPlace | undefined,
  clock: { now: number; aheadMs: number },
): Interval {
  const to = request.to ?? place?.to ?? clock.now + clock.aheadMs + 1
  const from = request.from ?? place?.from ?? beginning(request, to)
  if (from >= to) {
    throw new Fault('bad_request', 'to: must be after from.', { field: 'to' })
  }
  return { from, to }
}

/** The start of time, or as many windows back as one request may have. */
function beginning(request: ReadingsRequest, to: number): number {
  if (request.every === undefined) return 0
  return Math.max(0, to - windowsMax * windowLength(request.every).everyMs)
}

/** When windows begin. Hours begin alike in natural and hydrological days. */
export function dayKindOf({ every, day }: ReadingsRequest): DayKind {
  if (day === undefined) return 'natural'
  if (every !== undefined && (day === 'utc' || isOfDays(windowLength(every)))) return day
  const needed = day === 'utc' ? 'every' : 'every=1d, 1w, 1mo or 1y'
  throw new Fault('bad_request', `day: says when windows begin; ${day} needs ${needed}.`, {
    field: 'day',
  })
}

/** Length of windows, or undefined for raw readings. */
export function everyOf(
  request: ReadingsRequest,
  { from, to }: Interval,
): WindowLength | undefined {
  if (request.every === undefined) {
    if (request.fn === undefined) return undefined
    throw new Fault('bad_request', 'fn: needs every, such as every=5m.', { field: 'fn' })
  }
  if (request.tests !== undefined) {
    throw new Fault('bad_request', 'tests: is of raw readings; leave out every.', {
      field: 'tests',
    })
  }
  if (request.points !== undefined) {
    throw new Fault('bad_request', 'points: thins raw readings; leave out every or points.', {
      field: 'points',
    })
  }
  if (request.fn !== 'official') checkFn(request.fn, request.property)
  const length = windowLength(request.every)
  const { everyMs } = length
  if ((to - from) / everyMs > windowsMax) {
    throw new Fault(
      'bad_request',
      `every: makes more than ${windowsMax} windows from ${new Date(from).toISOString()} on; take longer windows or less time.`,
      { field: 'every' },
    )
  }
  return length
}

/** A function that a property named in the request has no use for is refused; what is not named is left out. */
function checkFn(fn: AggregateFn | undefined, property: readonly string[] = []): void {
  const unfit = property.find((code) => !fits(fn, code))
  if (fn === undefined || unfit === undefined) return
  const instead = quantityOf(unfit) === 'level' ? 'mean, which averages energy' : 'mean, min or max'
  const why =
    fn === 'increase' ? 'is of counters and amounts of an interval' : 'adds up, and decibels do not'
  throw new Fault('bad_request', `fn: ${fn} ${why}; for ${unfit} take ${instead}.`, { field: 'fn' })
}

function fits(fn: AggregateFn | undefined, property: string): boolean {
  const quantity = quantityOf(property)
  if (fn === 'increase') return quantity === 'counter' || quantity === 'interval'
  return fn !== 'sum' || quantity !== 'level'
}

export interface RawPlan extends Interval {
  series: readonly SeriesStretch[]
  quality?: readonly Quality[]
  /** False: outcomes of tests are not needed. */
  tests?: boolean
}

export function rawPages(
  readings: StretchReader,
  plan: RawPlan,
  place: ReadingsPlace | undefined,
): AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]> {
  if (place === undefined) return readings.range(plan)
  const series = plan.series.filter((key) => !isBefore(key, place))
  const [first] = series
  const within = first?.device === place.device && first.property === place.property
  const { device, property, at: observedAt } = place
  return readings.range({
    ...plan,
    series,
    ...(within ? { after: { device, property, observedAt } } : {}),
  })
}

export interface WindowPlan extends RawPlan {
  everyMs: number
  fn?: AggregateFn
  dayRuns: DayRuns
}

/**
 * Series are grouped by their function and within it by when windows begin where they are, because the store takes
 * one of each at a time.
 */
export async function* windowPages(
  readings: StretchReader,
  plan: WindowPlan,
  place: ReadingsPlace | undefined,
): AsyncGenerator<readonly Aggregate[]> {
  const start = aggregateFns.findIndex((fn) => fn === (place?.fn ?? aggregateFns[0]))
  for (const fn of aggregateFns.slice(Math.max(0, start))) {
    const own = plan.series.filter(
      ({ property }) => (plan.fn ?? standardFn(property)) === fn && fits(fn, property),
    )
    const { from, to, everyMs, quality, dayRuns } = plan
    const query = {
      fn,
      from,
      to,
      everyMs,
      vector: isDirection,
      ...(quality === undefined ? {} : { quality }),
    }
    const resumed = place !== undefined && place.fn === fn ? place : undefined
    if (resumed !== undefined) {
      const begun = own.filter((key) => !isBefore(key, resumed) && !isAfter(key, resumed))
      if (begun.length > 0 && resumed.at < to) {
        for (const run of dayRuns(begun)) {
          yield* readings.aggregate({ ...query, ...run, from: Math.max(from, resumed.at) })
        }
      }
    }
    const series = resumed === undefined ? own : own.filter((key) => isAfter(key, resumed))
    if (series.length === 0) continue
    for (const run of dayRuns(series)) yield* readings.aggregate({ ...query, ...run })
  }
}

/** How a property adds up over time unless the request says otherwise. */
export function standardFn(property: string): AggregateFn {
  const known = propertyOf(property)
  const accumulation = known === undefined ? 'mean' : accumulationOf(known)
  return accumulation === 'vector' ? 'mean' : accumulation
}

function isDirection(property: string): boolean {
  return quantityOf(property) === 'direction'
}

export function isBefore(key: SeriesKey, place: SeriesKey): boolean {
  if (key.device !== place.device) return key.device < place.device
  return key.property < place.property
}

export function isAfter(key: SeriesKey, place: SeriesKey): boolean {
  return isBefore(place, key)
}
