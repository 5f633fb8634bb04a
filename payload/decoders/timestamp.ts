/**
 * The times that devices write (contract section 2): milliseconds since 1970 UTC, seconds when ten digits stand before
 * the point, either of them in quotes, or RFC 3339 and the forms of ISO 8601 beside it that name a zone. A time without
 * a zone is told apart (`local-time.ts`) and not guessed: a guess would be eight hours wrong in one half of all cities.
 */

import { localTime } from './local-time.ts'
import { moment } from './wall-clock.ts'

/** ECMA-262 dates reach this far from 1970, in milliseconds. */
const timeMax = 8.64e15
/** Below are the milliseconds of all years to 2286; from here on fourteen digits may be a date with its time. */
const thirteenDigitsMax = 1e13

/** Milliseconds since 1970 UTC, or undefined when this is no time of the contract. */
export function timestamp(sent: unknown): number | undefined {
  if (typeof sent === 'number') return fromNumber(sent)
  if (typeof sent !== 'string') return undefined
  return /^\d{1,16}(?:\.\d{1,18})?$/.test(sent) ? fromNumber(Number(sent)) : fromText(sent)
}

/** Ten digits are seconds: as milliseconds they would lie in early 1970. What is finer than a millisecond is cut off. */
function fromNumber(sent: number): number | undefined {
  if (Math.abs(sent) > timeMax) return undefined
  if (sent >= thirteenDigitsMax && localTime(sent) !== undefined) return undefined
  if (sent >= 1e9 && sent < 1e10) {
    /** A double holds seconds of our time to a quarter of a microsecond: 1796031429.123 × 1000 would be …122.9999. */
    return Number.isInteger(sent) ? sent * 1_000 : Math.floor(Math.round(sent * 1e6) / 1_000)
  }
  if (Number.isInteger(sent)) return sent + 0
  return sent >= 1e10 ? Math.floor(sent) : undefined
}

/**
 * RFC 3339 section 5.6, where a space may stand for the `T` and letters may be small, as its notes say; and of ISO 8601
 * the comma before the fraction, offsets without colon or minutes, a time without seconds, and the basic form.
 */
const extended =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,18}))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/
const basic =
  /^(\d{4})(\d\d)(\d\d)[Tt](\d\d)(\d\d)(?:(\d\d)(?:[.,](\d{1,18}))?)?(?:[Zz]|([+-])(\d\d)(?::?(\d\d))?)$/

function fromText(text: string): number | undefined {
  const match = extended.exec(text) ?? basic.exec(text)
  if (match === null) return undefined
  const offsetHours = Number(match[9] ?? 0)
  const offsetMinutes = Number(match[10] ?? 0)
  if (offsetHours > 23 || offsetMinutes > 59) return undefined
  const sign = match[8] === '-' ? -1 : 1
  const offsetMs = sign * (offsetHours * 60 + offsetMinutes) * 60_000
  return moment(match, offsetMs)
}
