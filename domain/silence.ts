/** A silence: alerts that match are recorded but not told to webhooks between `from` and `to`. */

import { z } from 'zod'
import { idSchema } from './text.ts'

const listed = z.array(z.string().min(1).max(128)).max(1_000).default([])

export const silenceSchema = z
  .strictObject({
    id: idSchema,
    /** Empty lists match everything; at least one list must not be empty. */
    site: listed,
    rule: listed,
    property: listed,
    district: listed,
    from: z.iso.datetime({ offset: true }),
    to: z.iso.datetime({ offset: true }),
    author: z.string().max(128).default('').meta({
      description:
        'Set by the API to the id of the token that made it: leave it out, or send it back as read.',
    }),
    reason: z.string().min(1).max(500),
  })
  .refine((silence) => Date.parse(silence.to) > Date.parse(silence.from), {
    path: ['to'],
    message: 'must be after "from"',
  })
  .refine((s) => s.site.length + s.rule.length + s.property.length + s.district.length > 0, {
    path: ['site'],
    message: 'at least one of site, rule, property, district must be given',
  })
  .meta({ id: 'Silence' })

export type Silence = z.infer<typeof silenceSchema>
