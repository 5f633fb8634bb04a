/**
 * What an index is to everything outside of `domain/standards/`: a name, editions with dates, the values it takes,
 * one pure function, and its tables in a form that people can check. The API, the rules, the boards and
 * `docs/standards.md` are made from this; no number stands anywhere else.
 */

import type { BothLanguages } from '../text.ts'

export const indexNames = [
  'cn-aqi-daily',
  'cn-aqi-hourly',
  'us-aqi',
  'us-nowcast',
  'eu-aqi',
  'gb3838',
  'gb5749',
  'rain-grade',
  'rainstorm-signal',
  'flood-size',
  'flood-signal',
  'low-water-signal',
  'drought-signal',
] as const
export type IndexName = (typeof indexNames)[number]

/**
 * How sure we are of a number. A: official text read and checked; B: two independent secondary sources agree;
 * C: one source or general knowledge; D: open or contradictory.
 */
export type Confidence = 'A' | 'B' | 'C' | 'D'

export interface Edition {
  /** Such as `HJ 633-2026`; what a request names. */
  id: string
  title: BothLanguages
  /** First and last day in force as `YYYY-MM-DD` in the place it is for; null when open or not known. */
  inForceFrom: string | null
  inForceTo: string | null
  /** Where the text or its copy can be found. */
  source: string
  confidence: Confidence
}

/** One value that an index takes. */
export interface Indicator {
  /** Key in requests and answers, such as `pm25_24h`. */
  code: string
  name: BothLanguages
  /** UCUM. */
  unit: string
  /** The property of our catalogue that it is made from, or null. */
  property: string | null
  /** How it is averaged from readings, in words, such as "mean of 24 h". */
  averaging: BothLanguages
}

/** A table of the standard as it is used, for people. */
export interface StandardTable {
  title: BothLanguages
  /** Such as `HJ 633-2026 table 3`. */
  clause: string
  confidence: Confidence
  columns: readonly string[]
  rows: readonly (readonly (string | number | null)[])[]
  /** Choices where the text is silent, and marks on uncertain numbers. */
  notes: readonly string[]
}

/** A value as a decimal string or a number; null says "missing". Lists are for indices over several hours. */
export type GivenValue = string | number | null | readonly (string | number | null)[]

export interface IndexRequest {
  /** Checked by the caller to be one of the definition's editions. */
  edition: string
  values: Readonly<Record<string, GivenValue>>
  options: Readonly<Record<string, unknown>>
}

export interface IndexAnswer {
  index: IndexName
  edition: string
  /** The index itself; a class such as `III`, a signal such as `red`; null when it cannot be given (NA). */
  value: number | string | null
  /** Per indicator as in the request. */
  sub: Readonly<Record<string, number | string | null>>
  /** What decides it: pollutants or indicators. */
  primary: readonly string[]
  category: BothLanguages | null
  /** As the standard names it. */
  colour: string | null
  /** The colour as the standard gives it, or null. */
  rgb: readonly [number, number, number] | null
  /** 1 is best; a whole number so that rules and boards can compare; null when `value` is. */
  level: number | null
  /** What else the standard asks to be reported, such as `exceedMultiple`; empty when nothing. */
  details: Readonly<Record<string, unknown>>
  /** Why a value is missing or was treated specially. */
  notes: readonly BothLanguages[]
}

export interface IndexDefinition {
  name: IndexName
  title: BothLanguages
  /** Oldest first. */
  editions: readonly Edition[]
  indicators(edition: string): readonly Indicator[]
  /** Names and meanings of the options that `compute` takes. */
  options: Readonly<Record<string, BothLanguages>>
  /** Pure. Throws `Fault('bad_request')` that names the value or option at fault. */
  compute(request: IndexRequest): IndexAnswer
  tables(edition: string): readonly StandardTable[]
}

/** The edition in force on a day (`YYYY-MM-DD`), or the oldest there is for days before all of them. */
export function editionOn(definition: IndexDefinition, day: string): Edition {
  const inForce = definition.editions.filter(
    ({ inForceFrom }) => inForceFrom === null || inForceFrom <= day,
  )
  const edition = inForce.at(-1) ?? definition.editions[0]
  if (edition === undefined) throw new Error(`The index ${definition.name} has no edition.`)
  return edition
}
