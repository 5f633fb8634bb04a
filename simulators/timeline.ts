/**
 * How the city's time and the real clock go together. A server refuses readings that are older than days or ahead
 * by minutes, so a city that lives faster than the clock cannot simply stamp its own time.
 *
 * `compressed` lets the city live N times as fast and stamps messages with the real moment: a day of weather passes
 * in minutes on live boards and alert timers see real seconds. `catchingUp` keeps the city's own time stamps: it
 * starts in the past, runs N times as fast until it has caught up with the clock and then keeps pace: history.
 */

import { dayMs } from './calendar.ts'

export interface Timeline {
  /** What time it is in the city when the clock shows `realMs`. */
  cityTime(realMs: number): number
  /** The time stamp of something observed at this moment of the city. Whole milliseconds. */
  stamp(cityMs: number): number
  speed: number
}

/** The city's clock starts at `cityStartMs` when the real one shows `realStartMs`. */
export function compressed(options: {
  realStartMs: number
  cityStartMs: number
  speed: number
}): Timeline {
  const { realStartMs, cityStartMs, speed } = options
  return {
    speed,
    cityTime: (realMs) => cityStartMs + (realMs - realStartMs) * speed,
    stamp: (cityMs) => Math.round(realStartMs + (cityMs - cityStartMs) / speed),
  }
}

/** Readings older than 7 days are refused by default; less leaves room for batches and for the way. */
export const historyMsMax = 6.5 * dayMs

export function catchingUp(options: {
  realStartMs: number
  cityStartMs: number
  speed: number
}): Timeline {
  const { realStartMs, speed } = options
  const cityStartMs = Math.max(options.cityStartMs, realStartMs - historyMsMax)
  return {
    speed,
    cityTime: (realMs) => Math.min(realMs, cityStartMs + (realMs - realStartMs) * speed),
    stamp: (cityMs) => Math.round(cityMs),
  }
}
