/**
 * Reads the values and options of an index request: names that mean the same, exact decimals, choices. Everything
 * that is not understood is refused with a `Fault('bad_request')` that names the field and what is allowed, so
 * that a typing error never passes as "not measured".
 */

import { Fault } from '../errors.ts'
import { compare, type Decimal, decimal, exactly, over, toText, zero } from './decimal.ts'
import type { IndexRequest } from './definition.ts'

/** One value of the request. */
export interface Given {
  /** As the request names it; answers use the same name. */
  key: string
  /** As our tables name it. */
  code: string
  /** Null says "missing". */
  value: Decimal | null
}

/** A value that a laboratory did not find: reported as its detection limit, `"0.025L"` (HJ 91.2-2022) or `"<0.025"`. */
export interface BelowDetection {
  /** As the request names it. */
  key: string
  detectionLimit: string
  /** Half of it, which takes part. */
  used: string
}

const belowForm = /^\s*(?:[<＜]\s*([\d.]+)|([\d.]+)\s*[LlＬ])\s*$/

/** Values with half of each detection limit in its place, and which those are; for `names` only. */
export function halvedLimits(
  values: Readonly<Record<string, unknown>>,
  names: { has(key: string): boolean },
): { values: Readonly<Record<string, unknown>>; below: readonly BelowDetection[] } {
  const below: BelowDetection[] = []
  const all = Object.entries(values).map(([key, value]) => {
    const match = typeof value === 'string' && value.length <= 64 ? belowForm.exec(value) : null
    const detectionLimit = match?.[1] ?? match?.[2]
    if (detectionLimit === undefined) return [key, value] as const
    if (!names.has(key)) {
      throw refused(`values.${key}`, 'has no detection limit that half of could take part for.')
    }
    const limit = decimal(detectionLimit, `values.${key}`)
    const used = toText(over(limit, exactly(2)), 12).replace(/\.?0+$/, '')
    below.push({ key, detectionLimit, used })
    return [key, used] as const
  })
  return { values: Object.fromEntries(all), below }
}

/** A value that is there. */
export interface Sample extends Given {
  value: Decimal
}

export function isMeasured(given: Given): given is Sample {
  return given.value !== null
}

function refused(field: string, problem: string): Fault {
  return new Fault('bad_request', `${field}: ${problem}`, { field })
}

function shortened(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 64)}…` : text)
}

/**
 * The values by the codes of our tables, in the order of the request.
 * @param codes every name that is accepted → its code
 * @param at where in the request they stand
 */
export function givenValues(
  values: Readonly<Record<string, unknown>>,
  codes: ReadonlyMap<string, string>,
  at = 'values',
): readonly Given[] {
  const keyOf = new Map<string, string>()
  return Object.entries(values).map(([key, value]) => {
    const code = codes.get(key)
    if (code === undefined) {
      throw refused(at, `${shortened(key)} is not known; allowed: ${[...codes.keys()].join(', ')}.`)
    }
    const other = keyOf.get(code)
    if (other !== undefined) throw refused(`${at}.${key}`, `is the same as ${other}; give one.`)
    keyOf.set(code, key)
    return { key, code, value: exactOrNull(value, `${at}.${key}`) }
  })
}

/** For sums and counts, which cannot be below 0. */
export function refuseNegative(all: readonly Given[], at = 'values'): readonly Given[] {
  const negative = all.find(({ value }) => value !== null && compare(value, zero) < 0)
  if (negative === undefined) return all
  throw refused(`${at}.${negative.key}`, 'must not be below 0.')
}

function exactOrNull(value: unknown, field: string): Decimal | null {
  if (value === null) return null
  if (typeof value === 'string' || typeof value === 'number') return decimal(value, field)
  throw refused(field, 'must be a decimal number, as a number or a text such as "12.5", or null.')
}

/** Refuses options that are not in the list. */
export function checkOptions(options: IndexRequest['options'], allowed: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !allowed.includes(name))
  if (unknown === undefined) return
  throw refused('options', `${shortened(unknown)} is not known; allowed: ${allowed.join(', ')}.`)
}

/** Undefined when the option is not given; null when it is given as "none". */
export function decimalOption(
  options: IndexRequest['options'],
  name: string,
): Decimal | null | undefined {
  const value = options[name]
  return value === undefined ? undefined : exactOrNull(value, `options.${name}`)
}

/** Undefined when the option is not given or null. */
export function choiceOption<T extends string>(
  options: IndexRequest['options'],
  name: string,
  allowed: readonly T[],
): T | undefined {
  const value = options[name]
  if (value === undefined || value === null) return undefined
  const choice = allowed.find((one) => one === value)
  if (choice === undefined)
    throw refused(`options.${name}`, `must be one of ${allowed.join(', ')}.`)
  return choice
}

/** Undefined when the option is not given or null. */
export function booleanOption(options: IndexRequest['options'], name: string): boolean | undefined {
  const value = options[name]
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'boolean') throw refused(`options.${name}`, 'must be true or false.')
  return value
}

/** The members of an object option; empty when the option is not given or null. */
export function recordOption(
  options: IndexRequest['options'],
  name: string,
): Readonly<Record<string, unknown>> {
  const value = options[name]
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw refused(`options.${name}`, 'must be an object such as {"3h": "50"}.')
  }
  return Object.fromEntries(Object.entries(value))
}

/** A text of a form; undefined when the option is not given or null. */
export function textOption(
  options: IndexRequest['options'],
  name: string,
  { form, example }: { form: RegExp; example: string },
): RegExpExecArray | undefined {
  const value = options[name]
  if (value === undefined || value === null) return undefined
  const match = typeof value === 'string' && value.length <= 64 ? form.exec(value) : null
  if (match === null) throw refused(`options.${name}`, `must be a text such as "${example}".`)
  return match
}
