/**
 * Times without a zone, as loggers with a wall clock write them. They are no moments: the profile of a device must say
 * which zone its clock shows. Until then they are refused, with a reason that says how to map them.
 */

import { createDayCalendar } from '../../domain/calendar.ts'
import { type Problem, shown } from './sample.ts'
import { moment } from './wall-clock.ts'

/** With one of `-`, `/`, `.` or nothing between year, month and day, and with or without seconds. */
const written = /^(\d{4})([-/.])(\d\d)\2(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?$/
const digits = /^(\d{4})(\d\d)(\d\d)[Tt ]?(\d\d)(\d\d)(\d\d)[.,]?(\d{1,3})?$/
/** No logger is older, and numbers that are no dates are kept apart. */
const years = { first: 1970, last: 2199 }

/** What a clock shows, in milliseconds as if it showed UTC; undefined when this is no local time. */
export function localTime(sent: unknown): number | undefined {
  if (typeof sent !== 'string' && !Number.isSafeInteger(sent)) return undefined
  const text = String(sent)
  const apart = written.exec(text)
  const parts = apart === null ? digits.exec(text) : apart.filter((_, group) => group !== 2)
  if (parts === null) return undefined
  const year = Number(parts[1])
  return year < years.first || year > years.last ? undefined : moment(parts, 0)
}

/** Why a time cannot be taken; a local time goes along, for profiles that name its zone. */
export function timeProblem(ts: unknown): Problem {
  const local = localTime(ts)
  if (local !== undefined) return { code: 'malformed', reason: needsZone(ts, local), local }
  return {
    code: 'malformed',
    reason: `"ts" is ${shown(ts)}${lookOf(ts)}; allowed are milliseconds since 1970 UTC, seconds with 10 digits, or RFC 3339 with a zone`,
  }
}

function needsZone(ts: unknown, local: number): string {
  const clock = new Date(local).toISOString().slice(0, 19)
  return `"ts" is ${shown(ts)}, a local time (${clock.replace('T', ' ')}) that does not say its zone; send it as "${clock}+08:00" or in milliseconds since 1970 UTC, or name the zone of the device's clock in its profile: "time": {"zone": "Asia/Shanghai"}`
}

/** A unit that other systems use. */
function lookOf(ts: unknown): string {
  return /^\d{19}$/.test(String(ts)) ? ', which has 19 digits like nanoseconds' : ''
}

const dayMs = 86_400_000

export interface ZoneClock {
  /**
   * The moment at which clocks of the zone show this. Where they show it twice, the first time; where they skip it, as
   * if they had not yet been put forward.
   */
  momentOf(local: number): number
}

/** `zone` is an IANA name that exists. */
export function createZoneClock(zone: string): ZoneClock {
  const calendar = createDayCalendar(zone)
  return {
    momentOf(local) {
      const first = local - calendar.offsetMs(local - dayMs)
      if (first + calendar.offsetMs(first) === local) return first
      const second = local - calendar.offsetMs(local + dayMs)
      return second + calendar.offsetMs(second) === local ? second : first
    },
  }
}
