/**
 * Flood-limit level of a reservoir (汛限水位): what it may not store above in the flood season before a flood. It
 * is a figure of each reservoir; no formula gives it, and it raises no signal of the national scheme.
 */

import { compare, type Decimal, minus, toText } from '../decimal.ts'

/** `MM-DD`, both days inclusive; it may pass the end of the year. */
interface FloodSeason {
  from: string
  to: string
}

interface FloodLimit {
  /** Metres, exact. */
  limit: string
  /** Whether the day lies in the season; null when the season is given and the day is not. */
  inSeason: boolean | null
  /** Null when it is not known whether the limit holds that day. */
  exceeded: boolean | null
  /** Metres above the limit, to the millimetre; null unless exceeded. */
  excess: string | null
}

function isWithin({ from, to }: FloodSeason, day: string): boolean {
  return from <= to ? day >= from && day <= to : day >= from || day <= to
}

/**
 * Without a season the limit holds all year. Reaching the limit is allowed; standing above it is not.
 * @param day `MM-DD`
 */
export function judgeFloodLimit(
  level: Decimal,
  limit: Decimal,
  { season, day }: { season: FloodSeason | undefined; day: string | undefined },
): FloodLimit {
  const inSeason = season === undefined ? true : day === undefined ? null : isWithin(season, day)
  const above = compare(level, limit) > 0
  const exceeded = inSeason === null ? null : inSeason && above
  return {
    limit: toText(limit, 3),
    inSeason,
    exceeded,
    excess: exceeded === true ? toText(minus(level, limit), 3) : null,
  }
}
