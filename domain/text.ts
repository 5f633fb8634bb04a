/** The small shapes that several nouns share: identifiers, names in two languages, durations. */

import { z } from 'zod'

/**
 * Identifier of a site, device, rule …: 1–128 characters, no control or white-space characters, none of
 * `/ + #` (MQTT) and no leading `$`. Chinese names are welcome; NFC so that one name is one identity.
 */
export const idSchema = z
  .string()
  .min(1)
  .max(128)
  .regex(
    /^(?!\$)[^\p{C}\p{Z}/+#]+$/u,
    'must not hold spaces, control characters, "/", "+", "#" or a leading "$"',
  )
  .refine((id) => id === id.normalize('NFC'), 'must be in Unicode form NFC')
  .refine((id) => id !== '__proto__', 'is not allowed')

/** Of what is made from now on: a comma separates the ids of a list in a query. */
export const newIdSchema = idSchema.refine(
  (id) => !id.includes(','),
  'must not hold a comma, which separates ids in lists',
)

export const nameSchema = z.strictObject({
  en: z.string().min(1).max(200).optional(),
  zh: z.string().min(1).max(200).optional(),
})
export type Name = z.infer<typeof nameSchema>

/** A name or sentence of our own, which is always there in both languages. */
export interface BothLanguages {
  en: string
  zh: string
}

const unitMs = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const

/** `30s`, `2m`, `1h`, `1d`, or `0s`; at most 366 days. */
export const durationSchema = z
  .string()
  .regex(/^\d{1,8}(s|m|h|d)$/, {
    error: 'must be a whole number and s, m, h or d, such as "90s" or "2m"',
    abort: true,
  })
  .refine((text) => durationMs(text) <= 366 * unitMs.d, 'must be at most 366d')

/** Milliseconds of a duration that `durationSchema` accepts. */
export function durationMs(text: string): number {
  const unit = text.slice(-1) as keyof typeof unitMs
  return Number(text.slice(0, -1)) * unitMs[unit]
}
