/** What a clock shows → a moment, for every written form of a time. */

/**
 * The moment of year, month, day, hour, minute, second and fraction (groups 1 to 7, the last two may be absent) on
 * clocks that are so far ahead of UTC, or undefined when no clock shows it.
 */
export function moment(
  parts: readonly (string | undefined)[],
  offsetMs: number,
): number | undefined {
  const [, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts.map(Number)
  const seconds = parts[6] === undefined ? 0 : second
  if (hour > 23 || minute > 59 || seconds > 60) return undefined
  const midnight = dayStart(year, month, day)
  if (midnight === undefined) return undefined
  const whole = midnight + ((hour * 60 + minute) * 60 + seconds) * 1_000 - offsetMs
  if (seconds === 60 && !isLeapSecond(whole)) return undefined
  return whole + Math.trunc(Number(`0.${parts[7] ?? 0}`) * 1_000)
}

/** UTC midnight of a day that exists. `Date.UTC` takes years below 100 for 19xx, hence `setUTCFullYear`. */
function dayStart(year: number, month: number, day: number): number | undefined {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  const exists = date.getUTCMonth() === month - 1 && date.getUTCDate() === day
  return exists ? date.getTime() : undefined
}

/** Leap seconds are the last of a UTC month (RFC 3339 section 5.7); they get the number of the second after. */
function isLeapSecond(secondAfter: number): boolean {
  const date = new Date(secondAfter)
  return date.getUTCDate() === 1 && date.getTime() % 86_400_000 === 0
}
