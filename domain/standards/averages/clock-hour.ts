/**
 * Clock hours of one property: what official averages are made of. An hour begins when clocks of the place show a
 * full hour, and holds one figure of its good readings (quality 1 and 2) with how complete they were.
 */

import type { DayCalendar } from '../../calendar.ts'

export const hourMs = 3_600_000

/** Readings of one hour of one device, as the readings store adds them up. */
export interface HourWindow {
  /** Start, milliseconds since 1970 UTC. */
  from: number
  /** Mean, sum or largest value, as `statisticOf` the property says; in its unit. */
  value: number
  /** Readings behind it. */
  count: number
}

export interface Hour extends HourWindow {
  /** Part of the hour that readings stand for: readings × their interval / 1 h, 0…1. */
  completeness: number
}

/** By start. Hours without readings are not there. */
export type Hours = ReadonlyMap<number, Hour>

/** GB 3095-2012 and GB 3095-2026, table 4: an hourly mean needs 45 minutes. 40 CFR 50 asks for the same 75 %. */
const completenessMin = 0.75

export function isValid(hour: Hour): boolean {
  return hour.completeness >= completenessMin
}

/** The figure of the hour that begins at `from`, or null when it is missing or stands on less than 45 minutes. */
export function validHour(hours: Hours, from: number): number | null {
  const hour = hours.get(from)
  return hour !== undefined && isValid(hour) ? hour.value : null
}

/** Start of the clock hour that holds a moment; half-hour zones have theirs at half past of UTC. */
export function hourOf(calendar: DayCalendar, at: number): number {
  const offset = calendar.offsetMs(at)
  return Math.floor((at + offset) / hourMs) * hourMs - offset
}

/** The last `count` hours before `to`, newest first; null for those that are missing or not valid. */
export function hoursBack(hours: Hours, to: number, count: number): (number | null)[] {
  return Array.from({ length: count }, (_, age) => validHour(hours, to - (age + 1) * hourMs))
}

/**
 * Twelve significant digits: more than any instrument has, and without the noise of binary sums, so that a mean of
 * 60.5 is rounded as 60.5 by the standards' rules.
 */
export function tidy(value: number): number {
  return Number(value.toPrecision(12))
}

/** Mean of what is there, or null when fewer than `needs` are. */
export function meanOf(values: readonly (number | null)[], needs: number): number | null {
  let sum = 0
  let count = 0
  for (const value of values) {
    if (value === null) continue
    sum += value
    count += 1
  }
  return count === 0 || count < needs ? null : tidy(sum / count)
}
