/** What a row says, laid over what is known: what it does not mention stays, null takes the default again. */

import type { z } from 'zod'
import { notTakenAnyMore } from '../registry/earlier-fields.ts'

/** Names and attributes are merged key by key. */
const mergedFields = new Set(['name', 'attributes'])

type Fields = Readonly<Record<string, unknown>>

export type Schema<T> = z.ZodType<T> & { shape: Readonly<Record<string, z.ZodType>> }

export function merged(known: Fields, given: Fields): Record<string, unknown> {
  const result: Record<string, unknown> = { ...known }
  for (const [field, value] of Object.entries(given)) {
    if (value === null) delete result[field]
    else if (mergedFields.has(field) && isFields(value)) {
      result[field] = merged((known[field] ?? {}) as Fields, value)
    } else result[field] = value
  }
  return result
}

/** The same, judged. What an earlier version took and the row does not mention stays, also where it is refused now. */
export function laidOver<T extends Fields>(
  schema: Schema<T>,
  known: T,
  given: Fields,
): z.ZodSafeParseResult<T> {
  const stays = notTakenAnyMore(schema.shape, known, given)
  const judged = Object.entries(merged(known, given)).filter(
    ([field]) => !Object.hasOwn(stays, field),
  )
  const result = schema.safeParse(Object.fromEntries(judged))
  return result.success ? { success: true, data: { ...result.data, ...stays } } : result
}

/** Each thing that is said, by its path: `kind`, `attributes.warningLevel`. */
export function saidPaths(given: Fields): [path: string, json: string][] {
  return Object.entries(given).flatMap(([field, value]): [string, string][] =>
    mergedFields.has(field) && isFields(value)
      ? Object.entries(value).map(([key, inner]) => [`${field}.${key}`, JSON.stringify(inner)])
      : [[field, JSON.stringify(value)]],
  )
}

export interface FieldChange {
  from: unknown
  to: unknown
}

/** By path; empty when nothing is other. */
export function changesOf(before: Fields | undefined, after: Fields): Record<string, FieldChange> {
  const old = new Map(saidPaths(before ?? {}))
  const now = new Map(saidPaths(after))
  const paths = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => old.get(path) !== now.get(path),
  )
  return Object.fromEntries(
    paths.map((path) => [path, { from: valueIn(old.get(path)), to: valueIn(now.get(path)) }]),
  )
}

function valueIn(json: string | undefined): unknown {
  return json === undefined ? null : JSON.parse(json)
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
