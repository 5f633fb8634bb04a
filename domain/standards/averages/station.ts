/**
 * From devices to the place where they stand. Which figure of an hour counts, and how several devices that measure
 * the same thing at one place become one:
 *
 * - Concentrations and the like: mean of the hour; the mean of the devices whose hour is valid (or of all when none
 *   is), as stations with a second instrument beside the first report it.
 * - Rain: sum of the hour, of a rain counter its increase; the largest, because a clogged gauge shows too little and never too much.
 * - Levels, depths and flows of water: largest value of the hour; the largest, because a flood is judged by its worst point.
 */

import { quantityOf } from '../../catalogue.ts'
import { closesWindow } from '../../property.ts'
import { type Hour, type Hours, isValid } from './clock-hour.ts'

export type HourStatistic = 'mean' | 'sum' | 'max'

const levels: ReadonlySet<string> = new Set(['water_level', 'tide_level', 'water_depth', 'flow'])

export function statisticOf(property: string): HourStatistic {
  if (levels.has(property)) return 'max'
  return closesWindow(quantityOf(property)) ? 'sum' : 'mean'
}

/** The hours of one property at a place from those of its devices there. */
export function stationHours(property: string, devices: readonly Hours[]): Hours {
  const [first, ...others] = devices
  if (first === undefined) return new Map()
  if (others.length === 0) return first
  const combine = statisticOf(property) === 'mean' ? meanHour : largestHour
  const together = new Map<number, Hour[]>()
  for (const hours of devices) {
    for (const [from, hour] of hours) {
      const known = together.get(from)
      if (known === undefined) together.set(from, [hour])
      else known.push(hour)
    }
  }
  return new Map([...together].map(([from, hours]) => [from, combine(from, hours)]))
}

function meanHour(from: number, hours: readonly Hour[]): Hour {
  const valid = hours.filter(isValid)
  const counted = valid.length > 0 ? valid : hours
  const sum = counted.reduce((total, { value }) => total + value, 0)
  return { from, value: sum / counted.length, ...behind(counted) }
}

function largestHour(from: number, hours: readonly Hour[]): Hour {
  return { from, value: Math.max(...hours.map(({ value }) => value)), ...behind(hours) }
}

function behind(hours: readonly Hour[]): Pick<Hour, 'count' | 'completeness'> {
  return {
    count: hours.reduce((total, { count }) => total + count, 0),
    completeness: Math.max(...hours.map(({ completeness }) => completeness)),
  }
}
