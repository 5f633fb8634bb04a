/** A thing that publishes: a sensor, a station's logger, or a gateway with devices behind it. */

import { z } from 'zod'
import { profileSchema } from './profile.ts'
import { durationSchema, idSchema } from './text.ts'

export const deviceSchema = z
  .strictObject({
    id: idSchema,
    site: idSchema.nullable().default(null),
    profile: profileSchema.nullable().default(null),
    /** The device that speaks for this one on `v1/gateway/*`. */
    gateway: idSchema.nullable().default(null),
    enabled: z.boolean().default(true),
    /** How often it is expected to report; decides when it is stale. */
    expectedInterval: durationSchema.nullable().default(null),
  })
  .meta({ id: 'Device' })

export type Device = z.infer<typeof deviceSchema>

/** What is known of a device from its own messages. */
export interface DeviceStatus {
  device: string
  /** Milliseconds since 1970 UTC of the newest message, or null. */
  lastSeenAt: number | null
  connected: boolean
  attributes: Readonly<Record<string, string | number | boolean | null>>
}
