/**
 * The figure that a standard gives of an hour, of 8 hours or of a day, and whether it is valid: enough of the time must
 * have been measured. A plain mean of whatever came in is none.
 *
 * - Air pollutants: an hourly mean needs 45 minutes, 8 h six hourly means, a day 20 of them (GB 3095-2012 and -2026,
 *   table 4); ozone of a day is its largest moving mean of 8 h (HJ 663, see `daily.ts`).
 * - Surface water: a day needs 4 hours with readings, as stations measure every 4 h (our choice, confidence C).
 * - Rain: the sum of an hour, or of a day from 08:00 to 08:00 (SL 61). With hours missing it may be too small, so all
 *   must have been measured (our choice, confidence C).
 */

import type { Day } from '../../calendar.ts'
import { pollutants } from '../air/pollutants.ts'
import { surfaceIndicators } from '../water/surface-reference.ts'
import { type Hour, type Hours, hourMs, isValid, meanOf } from './clock-hour.ts'
import { dailyMax8h, dailyMean, dayNeeds, ozoneMax8h } from './daily.ts'
import { eightHours, movingMean } from './moving-mean.ts'
import { rainProperties, rainSum } from './rain-sum.ts'

export const officialPeriods = ['1h', '8h', '1d'] as const
export type OfficialPeriod = (typeof officialPeriods)[number]

export interface OfficialRule {
  /** Such as "mean of the day". */
  statistic: string
  /** Standard and clause. */
  standard: string
  /** Hours that must be measured, and what is measured enough. */
  needs: number
  counts(hour: Hour): boolean
  value(hours: Hours, period: Day): number | null
  /** Why there is no valid figure though enough hours may be there; null when nothing else is asked for. */
  without: string
}

export interface OfficialFigure {
  /** Null unless valid, except of rain, whose sum is at least so much. */
  value: number | null
  valid: boolean
  /** Null when valid. */
  reason: string | null
  /** Hours that count, of those of the period. */
  hours: number
  hoursOf: number
}

const table4 = 'GB 3095-2026 table 4 (as GB 3095-2012)'
const airNames: ReadonlySet<string> = new Set(pollutants)
const rainNames: ReadonlySet<string> = new Set(rainProperties)
const waterNames: ReadonlySet<string> = new Set(
  surfaceIndicators.flatMap(({ property }) => (property === null ? [] : [property])),
)
/** Of the day's hours must hold readings: 4 of the 6 that a station which measures every 4 h has. Our choice. */
export const waterHoursLeast = 4

/** Hydrological days are those of rain, natural days those of all else. */
export function officialDayHour(property: string): 0 | 8 {
  return rainNames.has(property) ? 8 : 0
}

/** Undefined where no standard here has such a figure. */
export function officialRule(property: string, period: OfficialPeriod): OfficialRule | undefined {
  if (airNames.has(property)) return airRule(property, period)
  if (rainNames.has(property)) return rainRule(period)
  if (waterNames.has(property) && period === '1d') return waterDay
  return undefined
}

const movingRule: OfficialRule = {
  statistic: 'mean of 8 h',
  standard: table4,
  needs: eightHours.needs,
  counts: isValid,
  value: (hours, { to }) => movingMean(hours, to, eightHours),
  without: '',
}

const ozoneDay: OfficialRule = {
  statistic: 'largest moving mean of 8 h of the day',
  standard: `${table4}; HJ 663-2013`,
  needs: 0,
  counts: isValid,
  value: (hours, day) => dailyMax8h(hours, day, ozoneMax8h),
  without: `fewer than ${ozoneMax8h.needs} of the 17 means of 8 h have six valid hours, and none is above ${ozoneMax8h.limit}`,
}

function airRule(property: string, period: OfficialPeriod): OfficialRule | undefined {
  const shared = { standard: table4, counts: isValid, without: '' }
  if (period === '1h') {
    const value = (hours: Hours, { from }: Day) => hours.get(from)?.value ?? null
    return { ...shared, statistic: 'mean of 1 h', needs: 1, value }
  }
  if (period === '8h') return property === 'o3' ? movingRule : undefined
  if (property === 'o3') return ozoneDay
  return { ...shared, statistic: 'mean of the day', needs: dayNeeds, value: dailyMean }
}

function rainRule(period: OfficialPeriod): OfficialRule | undefined {
  if (period === '8h') return undefined
  return {
    statistic: period === '1h' ? 'sum of 1 h' : 'sum from 08:00 to 08:00',
    standard: 'SL 61-2015; hours that must be measured: our choice',
    needs: period === '1h' ? 1 : 24,
    counts: isValid,
    value: rainSum,
    without: '',
  }
}

const waterDay: OfficialRule = {
  statistic: 'mean of the day',
  standard: 'GB 3838-2002 judges means; hours that a day needs: our choice',
  needs: waterHoursLeast,
  counts: () => true,
  value: (hours, day) =>
    meanOf(
      hoursIn(hours, day).map(({ value }) => value),
      waterHoursLeast,
    ),
  without: '',
}

export function hoursIn(hours: Hours, { from, to }: Day): Hour[] {
  const found: Hour[] = []
  for (let at = from; at < to; at += hourMs) {
    const hour = hours.get(at)
    if (hour !== undefined) found.push(hour)
  }
  return found
}

/** @param now milliseconds since 1970 UTC: what has not ended is not valid yet */
export function officialFigure(
  rule: OfficialRule,
  hours: Hours,
  { period, now }: { period: Day; now: number },
): OfficialFigure {
  const hoursOf = Math.round((period.to - period.from) / hourMs)
  const counted = hoursIn(hours, period).filter((hour) => rule.counts(hour)).length
  const found = rule.value(hours, period)
  const needs = Math.min(rule.needs, hoursOf)
  const reason = reasonOf(rule, { found, counted, needs, hoursOf, isOver: period.to <= now })
  const isSum = rule.value === rainSum
  const value = reason === null || isSum ? found : null
  return { value, valid: reason === null, reason, hours: counted, hoursOf }
}

function reasonOf(
  rule: OfficialRule,
  {
    found,
    counted,
    needs,
    hoursOf,
    isOver,
  }: { found: number | null; counted: number; needs: number; hoursOf: number; isOver: boolean },
): string | null {
  if (!isOver) return 'has not ended yet'
  if (counted < needs) {
    return hoursOf === 1
      ? 'measured for less than 45 minutes of the hour'
      : `${counted} of ${hoursOf} hours are measured well enough, ${needs} are needed`
  }
  return found === null ? rule.without : null
}
