/** An endpoint of duty staff, and each attempt to reach it. */

import { z } from 'zod'
import { alertLevelSchema, whereSchema } from './rule.ts'
import { idSchema } from './text.ts'

export const webhookSchema = z
  .strictObject({
    id: idSchema,
    url: z
      .url({ protocol: /^https?$/, error: 'must be an http or https URL' })
      .max(2_000)
      .meta({
        description:
          'http or https; private addresses only where BELLWETHER_WEBHOOK_ALLOW names them.',
      }),
    /** Which levels to send; empty means all. Who heard of an alert is also told that it left those levels, and that it ended. */
    levels: z.array(alertLevelSchema).max(4).default([]),
    where: whereSchema.default({ kind: [], district: [], site: [], device: [] }),
    enabled: z.boolean().default(true),
    catchUp: z.boolean().default(false).meta({
      description:
        'Tells it once what is open when it is made, or switched on again; otherwise it hears of an open alert with its next change of level',
    }),
  })
  .meta({ id: 'Webhook' })

export type Webhook = z.infer<typeof webhookSchema>

export const deliveryStates = ['pending', 'delivered', 'failed'] as const
export type DeliveryState = (typeof deliveryStates)[number]

export interface DeliveryAttempt {
  /** Milliseconds since 1970 UTC. */
  at: number
  /** HTTP status, or null when there was no answer. */
  status: number | null
  /** First bytes of the answer, or what went wrong. */
  answer: string
  durationMs: number
}

export interface Delivery {
  id: string
  webhook: string
  /** Null for `webhook.test`. */
  alert: string | null
  /** Value of the `webhook-id` header: the id of the alert change, the same on every attempt. */
  messageId: string
  type: string
  state: DeliveryState
  attempts: readonly DeliveryAttempt[]
  /** Milliseconds since 1970 UTC of the next attempt; null when none is due. */
  nextAttemptAt: number | null
  createdAt: number
}
