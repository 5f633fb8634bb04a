/**
 * Exact arithmetic for the standards. Doubles give wrong whole numbers where a standard rounds up or to even:
 * CO 2.2 mg/m3 is an IAQI of exactly 55, but the formula in doubles lands a hair above it. Here a value is a
 * fraction of two whole numbers, so nothing is rounded until the standard says so.
 *
 * A number given as a double means its shortest decimal text: 0.1 is one tenth.
 */

import { Fault } from '../errors.ts'

/** `num / den`; `den` is above 0. Not reduced: compare with `compare`, never by fields. */
export interface Decimal {
  readonly num: bigint
  readonly den: bigint
}

const maxLength = 64
const maxExponent = 40
const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/

/**
 * The value of a decimal text or a number.
 * @param field where it was given, such as `values.pm25_24h`, for the Fault `bad_request` of a bad one: not a
 *   decimal number, longer than 64 characters, or an exponent beyond ±40.
 */
export function decimal(given: string | number, field: string): Decimal {
  const text = String(given)
  const match = text.length <= maxLength ? form.exec(text) : null
  const [, sign = '', whole = '', part = '', power = '0'] = match ?? []
  const exponent = Number(power)
  if (whole + part === '' || Math.abs(exponent) > maxExponent) {
    const shown = typeof given === 'number' ? text : JSON.stringify(text.slice(0, maxLength))
    throw new Fault(
      'bad_request',
      `${field}: is ${shown}; must be a decimal number such as 12.5 or "12.5", at most ${maxLength} characters, exponent within ±${maxExponent}.`,
      { field },
    )
  }
  const digits = BigInt(`${sign === '-' ? '-' : ''}${whole}${part}`)
  const places = part.length - exponent
  return places >= 0
    ? { num: digits, den: 10n ** BigInt(places) }
    : { num: digits * 10n ** BigInt(-places), den: 1n }
}

/** A number that stands in our own tables. */
export function exactly(value: string | number): Decimal {
  return decimal(value, 'table')
}

export const zero = exactly(0)

/** Below 0, 0 or above 0, as a sort function answers. */
export function compare(a: Decimal, b: Decimal): number {
  const left = a.num * b.den
  const right = b.num * a.den
  return left < right ? -1 : left > right ? 1 : 0
}

export function largest(values: readonly Decimal[]): Decimal | undefined {
  let best: Decimal | undefined
  for (const value of values) if (best === undefined || compare(value, best) > 0) best = value
  return best
}

export function smallest(values: readonly Decimal[]): Decimal | undefined {
  let best: Decimal | undefined
  for (const value of values) if (best === undefined || compare(value, best) < 0) best = value
  return best
}

export function plus(a: Decimal, b: Decimal): Decimal {
  return { num: a.num * b.den + b.num * a.den, den: a.den * b.den }
}

export function minus(a: Decimal, b: Decimal): Decimal {
  return plus(a, { num: -b.num, den: b.den })
}

export function times(a: Decimal, b: Decimal): Decimal {
  return { num: a.num * b.num, den: a.den * b.den }
}

/** The divisor must not be 0. */
export function over(a: Decimal, b: Decimal): Decimal {
  const sign = b.num < 0n ? -1n : 1n
  return { num: a.num * b.den * sign, den: a.den * b.num * sign }
}

/** Largest whole number that is not above the value. */
function floor({ num, den }: Decimal): bigint {
  const quotient = num / den
  return num < 0n && num % den !== 0n ? quotient - 1n : quotient
}

/** 向上进位取整: the smallest whole number that is not below the value. */
export function ceiling({ num, den }: Decimal): number {
  return Number(-floor({ num: -num, den }))
}

/** The nearest whole number, a half away upwards. */
export function nearest({ num, den }: Decimal): number {
  return Number(floor({ num: 2n * num + den, den: 2n * den }))
}

/** Cut to `places` decimals, towards 0. */
export function truncate({ num, den }: Decimal, places: number): Decimal {
  const scale = 10n ** BigInt(places)
  return { num: (num * scale) / den, den: scale }
}

/** Rounded to `places` decimals as GB/T 8170 says: a half goes to the even digit. */
export function halfEven({ num, den }: Decimal, places: number): Decimal {
  const scale = 10n ** BigInt(places)
  const whole = floor({ num: num * scale, den })
  const twiceRest = 2n * (num * scale - whole * den)
  const up = twiceRest > den || (twiceRest === den && whole % 2n !== 0n)
  return { num: up ? whole + 1n : whole, den: scale }
}

/** A straight line through two points of a table; `x` may lie outside of them. */
export function interpolate(
  x: Decimal,
  from: readonly [x: Decimal, y: Decimal],
  to: readonly [x: Decimal, y: Decimal],
): Decimal {
  const slope = over(minus(to[1], from[1]), minus(to[0], from[0]))
  return plus(from[1], times(slope, minus(x, from[0])))
}

/** For answers and pictures; the double nearest to the value. */
export function toNumber(value: Decimal): number {
  return Number(toText(value, 20))
}

/** With exactly `places` decimals, cut towards 0, such as `17.4`. */
export function toText(value: Decimal, places: number): string {
  const { num } = truncate(value, places)
  const digits = (num < 0n ? -num : num).toString().padStart(places + 1, '0')
  const sign = num < 0n ? '-' : ''
  if (places === 0) return sign + digits
  return `${sign}${digits.slice(0, -places)}.${digits.slice(-places)}`
}
