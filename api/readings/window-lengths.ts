/**
 * What `every` may be: parts of a day of which a whole number makes a day, days, weeks (ISO 8601), months and years. All
 * begin as clocks and calendar of the site say; with `day=utc` as those of UTC do.
 */

import { z } from 'zod'
import type { CivilUnit } from '../../domain/calendar.ts'
import { Fault } from '../../domain/errors.ts'
import { durationMs } from '../../domain/text.ts'

const secondMs = 1_000
const dayMs = 86_400_000

export const everySchema = z
  .string()
  .regex(
    /^(\d{1,8}(s|m|h|d)|1w|1mo|1y)$/,
    'must be a whole number and s, m, h or d, such as "5m", or 1w, 1mo or 1y',
  )

/** Windows of one length. */
export interface WindowLength {
  unit: CivilUnit
  /** About; exact for parts of a day. */
  everyMs: number
}

const calendarUnits: Readonly<Record<string, WindowLength>> = {
  '1w': { unit: 'week', everyMs: 7 * dayMs },
  '1mo': { unit: 'month', everyMs: 30 * dayMs },
  '1y': { unit: 'year', everyMs: 365 * dayMs },
}

/** Throws `Fault` `bad_request` for what is no sensible length, with what to take instead. */
export function windowLength(every: string): WindowLength {
  const named = calendarUnits[every]
  if (named !== undefined) return named
  const everyMs = durationMs(every)
  if (everyMs < secondMs) throw unfit('must be at least 1s.')
  // 24h are 24 hours of UTC, as they have always been; 1d is a day of the site.
  if (everyMs === dayMs) return { unit: every.endsWith('d') ? 'day' : everyMs, everyMs }
  if (everyMs === 7 * dayMs) return { unit: 'week', everyMs }
  if (everyMs < dayMs && dayMs % everyMs === 0) return { unit: everyMs, everyMs }
  if (everyMs < dayMs) {
    throw unfit(
      `a day is no whole number of ${every}, so windows would begin at other times each day; take one that divides it, such as 5m, 10m, 1h or 6h.`,
    )
  }
  throw unfit(
    `${every} begin with no day of the calendar; take 1d, 7d (or 1w, from Monday), 1mo or 1y and add them up.`,
  )
}

/** Of the calendar, and not of the clock within a day. */
export function isOfDays({ unit }: WindowLength): boolean {
  return typeof unit !== 'number'
}

function unfit(why: string): Fault {
  return new Fault('bad_request', `every: ${why}`, { field: 'every' })
}
