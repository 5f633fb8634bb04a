/**
 * How complete an hour is. The standards speak of minutes of sampling; sensors send readings, each of which stands
 * for the interval at which they come.
 *
 * The interval is what the device is registered with (`expectedInterval`), or learned: an hour is full when it has
 * as many readings as the fullest of it and the 24 hours before. From nine hours on an eighth of them must reach
 * that number, so that a burst or a reading that slips over the full hour does not make all others incomplete.
 * Only the past teaches, so later data never takes validity from an hour that was judged.
 */

import { type Hour, type Hours, type HourWindow, hourMs } from './clock-hour.ts'

const learnedFromMs = 24 * hourMs
const shareThatReaches = 1 / 8

/** `windows` rise in time; `intervalMs` is null when it must be learned. */
export function completed(windows: readonly HourWindow[], intervalMs: number | null): Hours {
  const hours = new Map<number, Hour>()
  let oldest = 0
  for (const [i, window] of windows.entries()) {
    while ((windows[oldest]?.from ?? window.from) < window.from - learnedFromMs) oldest += 1
    const full = intervalMs === null ? fullCount(windows, oldest, i) : hourMs / intervalMs
    hours.set(window.from, { ...window, completeness: Math.min(1, window.count / full) })
  }
  return hours
}

/** The largest count that enough of the windows from `first` to `last` reach. */
function fullCount(windows: readonly HourWindow[], first: number, last: number): number {
  const counts = windows.slice(first, last + 1).map(({ count }) => count)
  counts.sort((a, b) => b - a)
  return counts[Math.ceil(counts.length * shareThatReaches) - 1] ?? 1
}
