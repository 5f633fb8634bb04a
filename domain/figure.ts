/**
 * Numbers that were computed, without the digits that binary fractions add: 0.7 + 0.1 is 0.8 and not
 * 0.7999999999999999, for whoever reads it and for the rule that compares it with a bound.
 *
 * One rule for all: 15 significant digits, as many as a double holds of any decimal number, counted from the largest
 * number that took part. Where a sum was not carried exactly, one digit less for each tenfold of what was added up.
 */

const digitsMost = 15
const powersOfTen = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`))

/**
 * @param magnitude of the largest number that took part: 0.1 + 0.2 − 0.3 is 0, whatever is left over
 * @param digits significant digits of it
 */
export function figure(value: number, magnitude = 0, digits = digitsMost): number {
  if (!Number.isFinite(value) || Number.isInteger(value)) return value
  const decimals = digits - 1 - exponentOf(Math.max(Math.abs(magnitude), Math.abs(value)))
  const scale = powersOfTen[Math.max(decimals, 0)]
  if (scale !== undefined) return Math.round(value * scale) / scale + 0
  return decimals > 100 ? Number(value.toPrecision(digits)) : Number(value.toFixed(decimals)) + 0
}

/** The logarithm of 99.9…9 is rounded up to 2. */
function exponentOf(positive: number): number {
  const exponent = Math.floor(Math.log10(positive))
  const power = powersOfTen[exponent] ?? 10 ** exponent
  return power > positive ? exponent - 1 : exponent
}

export interface Summed {
  count: number
  /** Least and greatest of what was added up. */
  min: number
  max: number
}

/** Of a sum that was carried exactly; the same wherever it is made, so a reader and an alert decide alike. */
export function sumFigure(sum: number, { count, min, max }: Summed): number {
  return figure(sum, count * Math.max(Math.abs(min), Math.abs(max)))
}

export function meanFigure(sum: number, { count, min, max }: Summed): number {
  return figure(sum / count, Math.max(Math.abs(min), Math.abs(max)))
}

/** Exactly what was lost when `a + b` became `sum` (D. Knuth, TwoSum): no branch, so it is quick for any numbers. */
export function roundedOff(a: number, b: number, sum: number): number {
  const ofB = sum - a
  return a - (sum - ofB) + (b - ofB)
}

const digitsLeast = 9

/** What is left of 15 digits when so many numbers were added up one after the other, each sum rounded. */
export function digitsOfPlainSum(count: number): number {
  return Math.max(digitsLeast, Math.min(digitsMost, 16 - Math.ceil(Math.log10(Math.max(count, 1)))))
}
