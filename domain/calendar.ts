/**
 * Civil days of a place. A day is not 24 hours everywhere, and a mean "of the day" is of the day as people there
 * live it: from midnight (GB 3095), or from 08:00 for rain and rivers (the hydrological day).
 */

import zoneAt from '@photostructure/tz-lookup'
import type { Site } from './site.ts'

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

/** Moments whose offset a calendar remembers. */
const offsetsMax = 64

const hourMs = 3_600_000
const dayMs = 24 * hourMs

/** Remembers the last day asked for; nearly every question is about the same one again. */
export function createDayCalendar(zone: string, hour = 0): DayCalendar {
  const parts = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  })
  let known: Day = { from: 0, to: 0 }

  /** Days that follow each other ask for the same moments again, and `Intl` takes microseconds for each. */
  const offsets = new Map<number, number>()

  function offsetMs(at: number): number {
    if (zone === 'UTC') return 0
    const known = offsets.get(at)
    if (known !== undefined) return known
    if (offsets.size === offsetsMax) offsets.clear()
    const offset = lookUpOffset(at)
    offsets.set(at, offset)
    return offset
  }

  function lookUpOffset(at: number): number {
    const field: Record<string, number> = {}
    for (const { type, value } of parts.formatToParts(at)) field[type] = Number(value)
    const { year = 0, month = 1, day = 1, hour: hours = 0, minute = 0, second = 0 } = field
    const local = Date.UTC(year, month - 1, day, hours, minute, second)
    return local - Math.floor(at / 1_000) * 1_000
  }

  /** The moment at which clocks there show this; where they skip it, the moment of the skip. */
  function momentOf(local: number): number {
    const guess = local - offsetMs(local)
    const moment = local - offsetMs(guess)
    return moment + offsetMs(moment) === local ? moment : Math.max(guess, moment)
  }

  function startOf(localDay: number): number {
    return momentOf(localDay * dayMs + hour * hourMs)
  }

  return {
    dayOf(at) {
      if (at >= known.from && at < known.to) return known
      let localDay = Math.floor((at + offsetMs(at) - hour * hourMs) / dayMs)
      if (startOf(localDay) > at) localDay -= 1
      else if (startOf(localDay + 1) <= at) localDay += 1
      known = { from: startOf(localDay), to: startOf(localDay + 1) }
      return known
    },
    offsetMs,
  }
}
