/** Options that name a moment. */

import { UsageError } from './command.ts'

const timePattern = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/

/** A moment with its zone, or a day, which is its beginning in UTC; milliseconds since 1970 UTC. */
export function timeOption(name: string, text: string): number {
  const ms = timePattern.test(text) ? Date.parse(text) : Number.NaN
  if (!Number.isNaN(ms)) return ms
  throw new UsageError(
    `--${name} must be a time with its zone, such as 2026-11-21T08:00:00+08:00, or a day, not "${text}"`,
  )
}
