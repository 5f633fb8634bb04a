/** One sent value → a number in the property's unit, or why not. */

import type { Channel } from './profile-keys.ts'
import { type Problem, shown } from './decoders/sample.ts'

/** Plain decimal: digits, one point, an exponent. Spaces around it come from fixed-width printing. */
const decimal = /^ *[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)? *$/

/** The number in the unit of the channel's property, within its plausible range; `null` is for "no value". */
export function readingValue(sent: unknown, channel: Channel): number | Problem {
  const number = typeof sent === 'string' && decimal.test(sent) ? Number(sent) : sent
  if (typeof number !== 'number' || !Number.isFinite(number)) return notANumber(sent)
  const { property } = channel
  const value = converted(number, channel)
  if (value >= property.min && value <= property.max) return value
  const { code, unit, min, max } = property
  const look = looksLike(value, channel)
  const origin = String(value) === String(sent) ? '' : ` (sent as ${shown(sent)})`
  return {
    code: 'out_of_range',
    reason: `${code} of ${value} ${unit}${origin} is outside the plausible ${min} to ${max} ${unit}${look}`,
  }
}

/** Millivolts of a battery, which many devices send. */
function looksLike(value: number, { property, isDeclared }: Channel): string {
  const isMillivolts =
    property.code === 'battery' && !isDeclared && value >= 1_500 && value <= 60_000
  return isMillivolts
    ? '; it looks like millivolts: map the key in the profile of the device to {"property": "voltage", "unit": "mV"}'
    : ''
}

/**
 * The product of two binary fractions shows digits that nobody measured (35.2 × 0.001 = 0.035200000000000002).
 * Twelve digits are more than any sensor has. Adding 0 turns −0 into 0.
 */
function converted(number: number, { scale, offset }: Channel): number {
  if (scale === 1 && offset === 0) return number + 0
  return Number((number * scale + offset).toPrecision(12)) + 0
}

function notANumber(sent: unknown): Problem {
  const what =
    typeof sent === 'number' ? 'a number beyond what can be stored' : `the value ${shown(sent)}`
  return {
    code: 'not_a_number',
    reason: `${what} cannot be taken; allowed are a number, a plain decimal number in quotes, or null`,
  }
}
