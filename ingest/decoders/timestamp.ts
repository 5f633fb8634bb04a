/**
 * The times that devices write (contract section 2): integer milliseconds since 1970 UTC, seconds if there are
 * ten digits, either of them in quotes, or RFC 3339. A time without a zone is refused rather than guessed:
 * a guess would be eight hours wrong in one half of all cities.
 */

/** ECMA-262 dates reach this far from 1970, in milliseconds. */
const timeMax = 8.64e15

/** Milliseconds since 1970 UTC, or undefined when this is no time of the contract. */
export function timestamp(sent: unknown): number | undefined {
  if (typeof sent === 'number') return fromNumber(sent)
  if (typeof sent !== 'string') return undefined
  return /^\d{1,16}$/.test(sent) ? fromNumber(Number(sent)) : fromRfc3339(sent)
}

/** Ten digits are seconds: as milliseconds they would lie in early 1970. */
function fromNumber(sent: number): number | undefined {
  if (!Number.isInteger(sent) || Math.abs(sent) > timeMax) return undefined
  return sent >= 1e9 && sent < 1e10 ? sent * 1_000 : sent + 0
}

/** RFC 3339 section 5.6; a space may stand for the `T`, and letters may be small, as its notes say. */
const form =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,18}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

function fromRfc3339(text: string): number | undefined {
  const match = form.exec(text)
  if (match === null) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as Six
  const sign = match[8] === '-' ? -1 : 1
  const offsetHours = Number(match[9] ?? 0)
  const offsetMinutes = Number(match[10] ?? 0)
  if (hour > 23 || minute > 59 || second > 60 || offsetHours > 23 || offsetMinutes > 59) {
    return undefined
  }
  const midnight = dayStart(year, month, day)
  if (midnight === undefined) return undefined
  const offset = sign * (offsetHours * 60 + offsetMinutes)
  const seconds = ((hour * 60 + minute - offset) * 60 + second) * 1_000
  const fraction = Math.trunc(Number(`0.${match[7] ?? 0}`) * 1_000)
  if (second === 60 && !isLeapSecond(midnight + seconds)) return undefined
  return midnight + seconds + fraction
}

type Six = [number, number, number, number, number, number]

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
