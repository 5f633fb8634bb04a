/**
 * Civil days of a place. A day is not 24 hours everywhere, and a mean "of the day" is of the day as people there
 * live it: from midnight (GB 3095), or from 08:00 for rain and rivers (the hydrological day).
 */

import zoneAt from '@photostructure/tz-lookup'
import type { Site } from './site.ts'
import { zoneClock } from './zone-clock.ts'

/** Half-open, milliseconds since 1970 UTC. */
export interface Day {
  from: number
  to: number
}

export interface DayCalendar {
  /** The day that holds this moment. */
  dayOf(at: number): Day
  /** Milliseconds that clocks there are ahead of UTC at this moment. */
  offsetMs(at: number): number
}

export function isTimeZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

/** IANA time zone of a site: its attribute `timeZone`, else where it lies, else `fallback`. */
export function zoneOf(
  site: Pick<Site, 'attributes' | 'location'> | undefined,
  fallback: string,
): string {
  const named = site?.attributes.timeZone
  if (typeof named === 'string' && isTimeZone(named)) return named
  if (site === undefined || site.location === null) return fallback
  const [lon, lat] = site.location
  const zone = zoneAt(lat, lon)
  return official[zone] ?? zone
}

/** All of China keeps Beijing time for official figures; part of Xinjiang has another one in daily life. */
const official: Readonly<Record<string, string>> = { 'Asia/Urumqi': 'Asia/Shanghai' }

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/**
 * Days of local standard time all year: from midnight, where clocks are ahead in summer from 01:00 by them. The offset is
 * the lesser of January and July, so that a zone which moved for good has another one from the next year on.
 */
export function createStandardCalendar(zone: string): DayCalendar {
  const clock = zoneClock(zone)

  function offsetMs(at: number): number {
    const year = new Date(at).getUTCFullYear()
    return Math.min(clock.offsetMs(Date.UTC(year, 0, 1)), clock.offsetMs(Date.UTC(year, 6, 1)))
  }

  return {
    dayOf(at) {
      const offset = offsetMs(at)
      const from = Math.floor((at + offset) / dayMs) * dayMs - offset
      return { from, to: from + dayMs }
    },
    offsetMs,
  }
}

/**
 * Periods of the clocks and the calendar of a zone: weeks begin on Monday (ISO 8601), and a number of milliseconds
 * that a day is a multiple of means so much on the clock, such as 00:00, 06:00, 12:00 and 18:00.
 */
export type CivilUnit = 'day' | 'week' | 'month' | 'year' | number

export interface CivilPeriod {
  /** IANA name. */
  zone: string
  /** Days, weeks, months and years begin at this hour: 0, or 8 for rain and rivers. */
  hour: number
  unit: CivilUnit
}

export interface CivilPeriods {
  /** The period that holds this moment. Periods follow each other without a gap. */
  periodOf(at: number): Day
}

export function createDayCalendar(zone: string, hour = 0): DayCalendar {
  const days = createCivilPeriods({ zone, hour, unit: 'day' })
  return { dayOf: (at) => days.periodOf(at), offsetMs: zoneClock(zone).offsetMs }
}

/**
 * A period begins when clocks first show its beginning, or would if they were not turned past it: where midnight comes
 * twice a day begins at the first one, where it does not come it begins when clocks are turned.
 *
 * Remembers the last period asked for; nearly every question is about the same one again.
 */
export function createCivilPeriods({ zone, hour, unit }: CivilPeriod): CivilPeriods {
  const clock = zoneClock(zone)
  const read = typeof unit === 'number' && unit <= hourMs ? shortPeriod : longPeriod
  let known: Day = { from: 0, to: 0 }

  function startOf(number: number): number {
    return clock.reaches(localStart(unit, number) + (typeof unit === 'number' ? 0 : hour * hourMs))
  }

  function longPeriod(at: number): Day {
    const shift = typeof unit === 'number' ? 0 : hour * hourMs
    let number = numberOf(unit, at + clock.offsetMs(at) - shift)
    while (startOf(number) > at) number -= 1
    while (startOf(number + 1) <= at) number += 1
    return { from: startOf(number), to: startOf(number + 1) }
  }

  /** An hour that comes twice is two; one that is cut because clocks are turned by half an hour is shorter. */
  function shortPeriod(at: number): Day {
    const lengthMs = unit as number
    const offset = clock.offsetMs(at)
    const from = Math.floor((at + offset) / lengthMs) * lengthMs - offset
    const to = from + lengthMs
    const begun = clock.turn(from, at)
    return { from: begun ?? from, to: clock.turn(at, to) ?? to }
  }

  return {
    periodOf(at) {
      if (at >= known.from && at < known.to) return known
      known = read(at)
      return known
    },
  }
}

/** 1970-01-01 was a Thursday: its week began three days before. */
const mondayShift = 3

function numberOf(unit: CivilUnit, local: number): number {
  if (typeof unit === 'number') return Math.floor(local / unit)
  const day = Math.floor(local / dayMs)
  if (unit === 'day') return day
  if (unit === 'week') return Math.floor((day + mondayShift) / 7)
  const date = new Date(local)
  const year = date.getUTCFullYear()
  return unit === 'year' ? year : year * 12 + date.getUTCMonth()
}

function localStart(unit: CivilUnit, number: number): number {
  if (typeof unit === 'number') return number * unit
  if (unit === 'day') return number * dayMs
  if (unit === 'week') return (number * 7 - mondayShift) * dayMs
  const [year, month] = unit === 'year' ? [number, 0] : [Math.floor(number / 12), number % 12]
  // Date.UTC takes the years 0 to 99 for those of the 20th century.
  return new Date(0).setUTCFullYear(year, month, 1)
}
