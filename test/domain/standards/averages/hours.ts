/** Hours as tests write them down. */

import {
  type Hours,
  type HourWindow,
  hourMs,
} from '../../../../domain/standards/averages/clock-hour.ts'
import { completed } from '../../../../domain/standards/averages/completeness.ts'

/** One reading an hour from `start` on; null where there is none. */
export function hourly(start: number, values: readonly (number | null)[]): Hours {
  return completed(windows(start, values), hourMs)
}

export function windows(
  start: number,
  values: readonly (number | null)[],
  count: (i: number) => number = () => 1,
): HourWindow[] {
  return values.flatMap((value, i) =>
    value === null ? [] : [{ from: start + i * hourMs, value, count: count(i) }],
  )
}

export function times<T>(count: number, value: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => value(i))
}
