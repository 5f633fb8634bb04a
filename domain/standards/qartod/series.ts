/**
 * What every batch test takes: values in order, their times, and flags back, one per value. The forms check that
 * lists are bounded and belong together, so that the tests themselves only compute.
 *
 * Source: IOOS QARTOD as ioos_qc implements it (commit 9c1853a).
 */

import { z } from 'zod'
import type { Quality } from '../../reading.ts'

export const valuesMax = 100_000

export type Values = readonly (number | null)[]
export type Flags = Quality[]

/** Values in the order of their times; null is missing and always gets flag 9. */
export const valuesSchema = z
  .array(z.number().nullable())
  .max(valuesMax)
  .meta({
    description: `Values in the order of their times, null where missing; at most ${valuesMax}`,
  })

const civilTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/

/** Seconds since 1970 UTC from a text of ISO 8601; without a zone it is UTC. Null when there is no such time. */
function secondsOf(text: string): number | null {
  if (!civilTime.test(text)) return null
  const hasZone = text.length === 10 || /(Z|[+-]\d\d:\d\d)$/.test(text)
  const ms = Date.parse(hasZone ? text : `${text}Z`)
  if (Number.isNaN(ms)) return null
  // Some days that do not exist, such as 31 April, are read as the day after.
  const day = Date.parse(text.slice(0, 10))
  return new Date(day).toISOString().startsWith(text.slice(0, 10)) ? ms / 1_000 : null
}

/** A time as it is sent becomes seconds since 1970 UTC. */
export const timeSchema = z
  .union([z.number(), z.string().max(40)], 'must be seconds since 1970 UTC or an ISO 8601 time')
  .transform((time, context) => {
    const seconds = typeof time === 'number' ? time : secondsOf(time)
    if (seconds !== null) return seconds
    context.addIssue(
      `"${time}" is no time; write seconds or ISO 8601, such as "2026-11-21T08:00:00Z"`,
    )
    return z.NEVER
  })
  .meta({ type: ['number', 'string'] })

export const timesSchema = z.array(timeSchema).max(valuesMax).meta({
  description:
    'Time of each value: seconds since 1970 UTC, or ISO 8601 (UTC unless it names its zone)',
})

export const spanSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, 'must rise')
export type Span = z.infer<typeof spanSchema>

/** Ends belong to the span. */
export function isOutside(value: number, [low, high]: Span): boolean {
  return value < low || value > high
}

type Issues = Pick<z.core.$RefinementCtx, 'addIssue'>

/** Adds an issue unless there are as many `other` (of this field) as values. */
export function checkLength(
  context: Issues,
  field: string,
  [values, other]: readonly [readonly unknown[], readonly unknown[]],
): void {
  if (other.length === values.length) return
  const message = `must hold as many as x: ${values.length}, not ${other.length}`
  context.addIssue({ code: 'custom', path: [field], message })
}

/** Adds an issue at the first time that is not later than the one before it. */
export function checkRising(context: Issues, times: readonly number[]): void {
  const at = times.findIndex((time, i) => i > 0 && time <= (times[i - 1] ?? 0))
  if (at === -1) return
  const message = `must be later than t.${at - 1}`
  context.addIssue({ code: 'custom', path: ['t', at], message })
}

/** Adds an issue when none of these fields is given: a test without a threshold tests nothing. */
export function checkAnyGiven(
  context: Issues,
  given: Readonly<Record<string, unknown>>,
  fields: readonly [string, ...string[]],
): void {
  if (fields.some((field) => given[field] !== undefined)) return
  const message = `is required${fields.length === 1 ? '' : `, or ${fields.slice(1).join(' or ')}`}`
  context.addIssue({ code: 'custom', path: [fields[0]], message })
}

/** Middle of the list, or the mean of the two in the middle; null of an empty one. */
export function median(numbers: readonly number[]): number | null {
  const sorted = Float64Array.from(numbers).sort()
  const middle = sorted.length >> 1
  const upper = sorted[middle]
  if (upper === undefined) return null
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2
}

/** Median distance of the times in seconds; null of fewer than two. */
export function medianInterval(times: readonly number[]): number | null {
  return median(times.slice(1).map((time, i) => time - (times[i] ?? time)))
}
