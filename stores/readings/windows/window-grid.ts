/**
 * Where windows begin and end: every so many milliseconds, or with the calendar and the clocks of a time zone; and
 * which roll-ups add up to them.
 */

import { type CivilPeriod, createCivilPeriods } from '../../../domain/calendar.ts'
import type { AggregateQuery, Interval } from '../readings.ts'
import { type Level, levels } from './roll-up.ts'

export interface WindowGrid {
  /** The window that holds this moment. */
  windowAt(time: number): Interval
  /** The longest roll-ups that may add up to windows; undefined when none do. */
  level: Level | undefined
  /** Whether the roll-up's window that starts here lies within one window. */
  holds(start: number): boolean
}

const hourMs = 3_600_000

/** Throws `RangeError` when the query's windows have no sensible length. */
export function createWindowGrid(query: AggregateQuery): WindowGrid {
  const { everyMs, originMs = 0, civil } = query
  if (!Number.isSafeInteger(everyMs) || everyMs < 1) {
    throw new RangeError(`everyMs is ${everyMs}; it must be a whole number from 1.`)
  }
  return civil === undefined ? evenWindows(everyMs, originMs) : civilWindows(civil)
}

function evenWindows(everyMs: number, originMs: number): WindowGrid {
  return {
    windowAt(time) {
      const from = originMs + Math.floor((time - originMs) / everyMs) * everyMs
      return { from, to: from + everyMs }
    },
    level: levels.find(({ ms }) => everyMs % ms === 0 && originMs % ms === 0),
    holds: () => true,
  }
}

/** A period is looked up in the calendar once, whatever the number of series and chunks. */
function civilWindows(civil: CivilPeriod): WindowGrid {
  const periods = createCivilPeriods(civil)
  const { unit } = civil
  const level = levels.find(({ ms }) => typeof unit !== 'number' || unit % ms === 0)
  /** Rising. */
  const known: Interval[] = []
  let last: Interval = { from: 0, to: 0 }

  function windowAt(time: number): Interval {
    if (time >= last.from && time < last.to) return last
    const place = firstEndingAfter(known, time)
    const there = known[place]
    if (there !== undefined && there.from <= time) last = there
    else {
      last = { ...periods.periodOf(time) }
      known.splice(place, 0, last)
    }
    return last
  }

  return {
    windowAt,
    level,
    holds(start) {
      const { from, to } = windowAt(start)
      return start >= from && start + (level?.ms ?? hourMs) <= to
    },
  }
}

/** Place of the first window that ends after this time, among rising ones. */
function firstEndingAfter(windows: readonly Interval[], time: number): number {
  let low = 0
  let high = windows.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((windows[middle]?.to ?? 0) <= time) low = middle + 1
    else high = middle
  }
  return low
}
