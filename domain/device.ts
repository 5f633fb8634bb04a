/** A thing that publishes: a sensor, a station's logger, or a gateway with devices behind it. */

import { z } from 'zod'
import { durationSchema, idSchema } from './text.ts'

/** What one key of a device's messages means: the catalogue property and, if it differs, the unit it is sent in. */
const keyMappingSchema = z.union([
  z.string().min(1).max(64),
  z.strictObject({
    property: z.string().min(1).max(64),
    /** UCUM unit the device sends; converted to the catalogue's unit. */
    unit: z.string().min(1).max(16).optional(),
    /** `value = sent × scale + offset`, applied before the unit is converted. */
    scale: z.number().optional(),
    offset: z.number().optional(),
  }),
])

/** A name (`hj212` is built in; any other name is a free label), or a mapping of the keys that the device sends. */
export const profileSchema = z.union([
  z.string().min(1).max(64),
  z.strictObject({
    keys: z
      .record(z.string().min(1).max(128), keyMappingSchema)
      .refine((keys) => Object.keys(keys).length <= 256, 'must map at most 256 keys'),
  }),
])
export type Profile = z.infer<typeof profileSchema>

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
