/**
 * The values that an air index takes, from the clock hours of a station: which mean each indicator asks for, in its
 * unit. A pollutant that the station has never measured is left out; one that is missing now is null.
 */

import type { Day } from '../../calendar.ts'
import { propertyOf } from '../../catalogue.ts'
import { type Hours, hourMs, hoursBack, tidy, validHour } from '../averages/clock-hour.ts'
import {
  dailyMax1h,
  dailyMax8h,
  dailyMean,
  dayNeeds,
  type Max8hTerms,
  ozoneMax8h,
} from '../averages/daily.ts'
import { dayLong, eightHours, movingMean } from '../averages/moving-mean.ts'
import type { GivenValue, Indicator } from '../definition.ts'
import { unitFactor } from './gas-units.ts'

export type AirIndex = 'cn-aqi-daily' | 'cn-aqi-hourly' | 'us-aqi' | 'us-nowcast' | 'eu-aqi'

/** EPA's days: 18 of 24 hours (75 %, 40 CFR 50 appendices N and T). */
export const usDayNeeds = 18
/**
 * Ozone: 13 of the 17 means of 8 h that begin at 07:00 … 23:00 local standard time (40 CFR 50 appendix U 3(a), (b)).
 * CO: the means that lie in the day; appendix U is of ozone only.
 */
export const usOzoneHoursAfter = 7
export const usOzoneMax8h: Max8hTerms = { needs: 13, limit: null, shift: usOzoneHoursAfter }
const usCoMax8h: Max8hTerms = { needs: 13, limit: null, shift: 0 }

/** The NowCast of particles looks at 12 hours, that of ozone at two weeks and two hours where they are known. */
export const nowcastHoursMost = 338
const nowcastHours: ReadonlyMap<string, number> = new Map([
  ['pm25', 12],
  ['pm10', 12],
  ['o3', nowcastHoursMost],
])

/** Codes of indicators are the pollutant, then `_1h`, `_8h` or `_24h` where the index knows several. */
export function pollutantOf(indicator: Pick<Indicator, 'code'>): string {
  return indicator.code.split('_')[0] ?? ''
}

export function airValues(
  index: AirIndex,
  indicators: readonly Indicator[],
  hours: ReadonlyMap<string, Hours>,
  period: Day,
): Record<string, GivenValue> {
  const values: Record<string, GivenValue> = {}
  for (const indicator of indicators) {
    const pollutant = pollutantOf(indicator)
    const own = hours.get(pollutant)
    if (own === undefined) continue
    const from = propertyOf(pollutant)?.unit ?? indicator.unit
    const factor = unitFactor(pollutant, from, indicator.unit)
    const inUnit = (value: number | null) => (value === null ? null : tidy(value * factor))
    const found = figureOf(index, indicator.code, own, period)
    values[indicator.code] = Array.isArray(found) ? found.map(inUnit) : inUnit(found)
  }
  return values
}

function figureOf(
  index: AirIndex,
  code: string,
  hours: Hours,
  period: Day,
): number | null | (number | null)[] {
  const [pollutant = '', span] = code.split('_')
  switch (index) {
    case 'us-nowcast':
      return hoursBack(hours, period.to, nowcastHours.get(pollutant) ?? 12)
    case 'cn-aqi-hourly':
    case 'eu-aqi':
      return hourlyFigure(span, hours, period)
    case 'cn-aqi-daily':
      return dailyFigure(span, hours, { day: period, needs: dayNeeds, max8h: ozoneMax8h })
    case 'us-aqi':
      return dailyFigure(span, hours, {
        day: period,
        needs: usDayNeeds,
        max8h: pollutant === 'o3' ? usOzoneMax8h : usCoMax8h,
      })
  }
}

function hourlyFigure(span: string | undefined, hours: Hours, { to }: Day): number | null {
  if (span === '8h') return movingMean(hours, to, eightHours)
  if (span === '24h') return movingMean(hours, to, dayLong)
  return validHour(hours, to - hourMs)
}

function dailyFigure(
  span: string | undefined,
  hours: Hours,
  { day, needs, max8h }: { day: Day; needs: number; max8h: Max8hTerms },
): number | null {
  if (span === '8h') return dailyMax8h(hours, day, max8h)
  if (span === '1h') return dailyMax1h(hours, day, needs)
  return dailyMean(hours, day, needs)
}
