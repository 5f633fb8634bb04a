/** Fields that an earlier version took and that would be refused today. */

import type { z } from 'zod'

/**
 * Stored fields that nobody wants to change and that would be refused today: what an earlier version took stays as it is
 * until somebody edits it.
 */
export function notTakenAnyMore(
  shape: Readonly<Record<string, z.ZodType>>,
  old: Readonly<Record<string, unknown>>,
  given: object,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(old).filter(
      ([field, value]) =>
        !Object.hasOwn(given, field) && shape[field]?.safeParse(value).success === false,
    ),
  )
}
