/**
 * How readings stand in InfluxDB, the same in all its versions.
 *
 * One measurement for each domain of properties, with the tags `device`, `site` and `district`; the time is
 * `observedAt`. A property `p` has the fields `p` (its value, absent when it never had one), `p_q` (flag), `p_t` (packed
 * outcomes of the quality tests), `p_r` (`receivedAt`, in milliseconds). The row field `received` stands for the `p_r`
 * that are absent. All numbers are floats, so that 1 and 1.5 never conflict.
 */

import { propertyOf, quantityOf } from '../../../domain/catalogue.ts'
import { closesWindow, propertyDomains } from '../../../domain/property.ts'
import { type Quality, qualityFlags } from '../../../domain/reading.ts'

export const tagNames = ['device', 'district', 'site'] as const
export const receivedField = 'received'
export const fieldSuffixes = { flag: '_q', tests: '_t', received: '_r' } as const

/** Where properties stand that the catalogue does not have. */
const otherMeasurement = 'other'
export const measurements: readonly string[] = [...propertyDomains, otherMeasurement]
/** What hours and days summed up add to the name of a measurement. */
export const spans = ['1h', '1d'] as const
export type Span = (typeof spans)[number]

export function rollUpName(measurement: string, span: Span): string {
  return `${measurement}_${span}`
}

/** Directions have no sums. */
export function isSummedUp(property: string): boolean {
  return quantityOf(property) !== 'direction'
}

/**
 * Milliseconds from the window of a reading to its time: amounts and counters close their window, (from, to], and times
 * are whole milliseconds. Sums of an hour stand at its beginning all the same.
 */
export function closedMsOf(property: string): number {
  return closesWindow(quantityOf(property)) ? 1 : 0
}

/** Sums of these were made in another form before there were kinds of quantities. */
export function isOfNewForm(property: string): boolean {
  const quantity = quantityOf(property)
  return quantity === 'level' || closesWindow(quantity)
}

/** What the sum of an hour is of: levels add up as energy. */
export function sumNameOf(property: string): 'sum' | 'energy' {
  return quantityOf(property) === 'level' ? 'energy' : 'sum'
}

export function measurementOf(property: string): string {
  return propertyOf(property)?.domain ?? otherMeasurement
}

/** The property that a field belongs to. */
export function propertyOfField(field: string): string {
  return field.replace(/_[qtr]$/, '')
}

/**
 * The number in `p_q`. InfluxDB cannot take a value away again, so the flag says whether the value beside it counts.
 * Nearly always it is the flag itself: 9 (missing) goes without a value, and the others with one; 10 more means that it
 * is the other way round.
 */
export function flagCode(quality: Quality, hasValue: boolean): number {
  return hasValue === (quality !== 9) ? quality : quality + 10
}

export function flagOfCode(code: number): CodeMeaning | undefined {
  return meanings[code]
}

/** In place of such a code: nothing of the property counts in this point any more; it stands in another one. */
export const voidCode = 99

export interface CodeMeaning {
  quality: Quality
  hasValue: boolean
}

/** By code: asked for every reading. */
const meanings: (CodeMeaning | undefined)[] = []
for (const quality of qualityFlags) {
  for (const hasValue of [true, false])
    meanings[flagCode(quality, hasValue)] = { quality, hasValue }
}

/** What `p_q` holds for readings that have one of these flags and a value. */
export function codesWithValue(flags: readonly Quality[]): number[] {
  return flags.map((flag) => flagCode(flag, true))
}

/** What `p_q` holds for readings that have one of these flags. */
export function codesOf(flags: readonly Quality[]): number[] {
  return flags.flatMap((flag) => [flag, flag + 10])
}

/** Times that InfluxDB can hold, in milliseconds: 64-bit nanoseconds, 1677-09-21 to 2262-04-11. */
export const influxTimes = { from: -9_223_372_036_854, to: 9_223_372_036_854 } as const
