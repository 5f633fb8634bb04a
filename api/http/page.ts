/**
 * Lists come in pages: `limit` items and an opaque `next` that continues after the last one. A cursor holds
 * the place of an item and no offset, so that what is added or removed meanwhile shifts nothing.
 */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { wholeNumber } from './query.ts'

export interface Page<T> {
  items: T[]
  /** Null on the last page. */
  next: string | null
}

export const cursorSchema = z
  .string()
  .min(1)
  .max(1_000)
  .meta({ description: '`next` of the page before; opaque.' })

/** The two parameters of every list. */
export function pageFields(
  limits: { standard: number; max: number } = { standard: 100, max: 1_000 },
) {
  return {
    limit: wholeNumber(1, limits.max)
      .default(limits.standard)
      .meta({ description: `Items of a page: 1–${limits.max}; ${limits.standard} unless given.` }),
    cursor: cursorSchema.optional(),
  }
}

/** Schema of the answer of a list. */
export function pageSchema<T extends z.ZodType>(item: T) {
  return z.strictObject({ items: z.array(item), next: z.string().nullable() })
}

export function encodeCursor(place: unknown): string {
  return Buffer.from(JSON.stringify(place), 'utf8').toString('base64url')
}

/** The place, or a fault when the text was not made by `encodeCursor` for such a list. */
export function decodeCursor<T>(form: z.ZodType<T>, cursor: string): T {
  try {
    const place: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'))
    return form.parse(place)
  } catch {
    // Whatever is wrong with it, only one thing helps: take the one that a list gave.
    throw new Fault('bad_request', 'cursor: is not one that this list gave as "next".', {
      field: 'cursor',
    })
  }
}

/** Makes a page of `limit` items out of up to one more, which shows that the list goes on. */
export function pageOf<T>(
  found: readonly T[],
  limit: number,
  placeOf: (item: T) => unknown,
): Page<T> {
  const items = found.slice(0, limit)
  const last = items.at(-1)
  const more = found.length > limit && last !== undefined
  return { items, next: more ? encodeCursor(placeOf(last)) : null }
}
