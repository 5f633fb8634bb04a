/** A reading: what one device observed of one property at one moment. */

/** QARTOD flags (IOOS): 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing. */
export const qualityFlags = [1, 2, 3, 4, 9] as const
export type Quality = (typeof qualityFlags)[number]

export interface SeriesKey {
  device: string
  /** Property code of the catalogue. */
  property: string
}

/** Identity is device, property and `observedAt`; of two with the same identity the one received last wins. */
export interface Reading extends SeriesKey {
  /** Milliseconds since 1970 UTC. */
  observedAt: number
  /** Milliseconds since 1970 UTC. */
  receivedAt: number
  /** In the catalogue's unit; null means "measured, no value". */
  value: number | null
  quality: Quality
  /** Outcomes of the quality tests, packed (`domain/quality.ts`); absent when none was evaluated. */
  tests?: number
}

/**
 * When a reading counts as observed where it is asked what is newest, milliseconds since 1970 UTC. A clock that is ahead
 * would hide what is observed before that time comes: such a reading counts as of its receipt. Of several received at
 * once the one that says it is later counts as later, by a part of that millisecond.
 */
export function momentOf({ observedAt, receivedAt }: Pick<Reading, 'observedAt' | 'receivedAt'>) {
  if (observedAt <= receivedAt) return observedAt
  const aheadMs = observedAt - receivedAt
  return receivedAt + aheadMs / (aheadMs + aheadScaleMs)
}

/** Tells readings apart that are a second apart, for clocks up to five minutes ahead and in doubles of today's times. */
const aheadScaleMs = 60_000

export const aggregateFns = [
  'mean',
  'min',
  'max',
  'sum',
  'count',
  'first',
  'last',
  'increase',
] as const
export type AggregateFn = (typeof aggregateFns)[number]

/** What readings can be asked for in windows; `official` is the figure of the standard, made from hours. */
export const readingFns = [...aggregateFns, 'official'] as const
export type ReadingFn = (typeof readingFns)[number]

/**
 * One window of one series, milliseconds since 1970 UTC: `from` inclusive and `to` exclusive, or the other way round
 * for quantities that close their window (`closesWindow`).
 */
export interface Aggregate extends SeriesKey {
  fn: AggregateFn
  value: number | null
  count: number
  from: number
  to: number
}
