/** The six pollutants of every air index here, their names, and the span that one of their values may have. */

import { propertyOf } from '../../catalogue.ts'
import { Fault } from '../../errors.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly, zero } from '../decimal.ts'
import type { Given } from '../given.ts'

/** In the order of HJ 633: answers list pollutants in it. */
export const pollutants = ['so2', 'no2', 'pm10', 'co', 'o3', 'pm25'] as const
export type Pollutant = (typeof pollutants)[number]

export function isPollutant(name: unknown): name is Pollutant {
  return pollutants.some((pollutant) => pollutant === name)
}

export function nameOf(pollutant: Pollutant): BothLanguages {
  return propertyOf(pollutant)?.name ?? { en: pollutant, zh: pollutant }
}

/** Values that are possible, both ends included, with the unit they are in. */
export interface Span {
  unit: string
  least: Decimal
  most: Decimal
}

/** As the catalogue has it: ug/m3, CO in mg/m3. */
export function massSpan(pollutant: Pollutant): Span {
  const { unit, min, max } = propertyOf(pollutant) ?? { unit: 'ug/m3', min: -10, max: 50_000 }
  return { unit, least: exactly(min), most: exactly(max) }
}

/**
 * The concentration that counts. Instruments scatter around zero in clean air, so a value a little below it is 0;
 * one far below is a mark of missing data (-999) and one far above is in another unit: both are refused.
 */
export function concentration({ key, value }: Given, span: Span): Decimal | null {
  if (value === null) return null
  checkSpan(value, span, `values.${key}`)
  return compare(value, zero) < 0 ? zero : value
}

export function checkSpan(value: Decimal, { unit, least, most }: Span, field: string): void {
  if (compare(value, least) >= 0 && compare(value, most) <= 0) return
  const [low, high] = [least, most].map((end) => Number(end.num) / Number(end.den))
  throw new Fault(
    'bad_request',
    `${field}: must be from ${low} to ${high} ${unit}; a missing value is null.`,
    { field },
  )
}

export const belowZeroNote =
  'A value a little below zero counts as 0 (instruments scatter around zero in clean air); one outside of the plausible span of the catalogue is refused.'
