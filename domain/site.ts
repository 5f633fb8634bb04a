/** A place where something is measured. */

import { z } from 'zod'
import { idSchema, nameSchema } from './text.ts'

export const siteKinds = [
  'air-station',
  'river-gauge',
  'reservoir',
  'rain-gauge',
  'street',
  'outfall',
  'surface-water',
  'water-plant',
  'pipe',
  'coast',
  'soil',
  'meter',
  'other',
] as const

export const siteKindSchema = z.enum(siteKinds)

/** Longitude −180…180 and latitude −90…90 in degrees (WGS 84), in GeoJSON order (RFC 7946 §3.1.1). */
export const locationSchema = z.tuple([z.number().min(-180).max(180), z.number().min(-90).max(90)])

const attributeName = z.string().min(1).max(64)
const attributeValue = z.union([z.number(), z.string().max(500)])

export const attributesSchema = z
  .record(attributeName, attributeValue)
  .refine((all) => Object.keys(all).length <= 64, 'must hold at most 64 attributes')

/** Of a change: what is not named stays, null takes an attribute away. */
export const attributesChangeSchema = z.record(attributeName, attributeValue.nullable())

export const siteSchema = z
  .strictObject({
    id: idSchema,
    name: nameSchema.default({}),
    kind: siteKindSchema.default('other'),
    location: locationSchema.nullable().default(null),
    /** GB/T 2260 code or a free name. */
    district: z.string().max(64).nullable().default(null),
    basin: z.string().max(64).nullable().default(null),
    /** Numbers and text that rules and boards refer to, such as `warningLevel` (m) or `datum`. */
    attributes: attributesSchema.default({}),
  })
  .meta({ id: 'Site' })

export type Site = z.infer<typeof siteSchema>
