/**
 * How the payloads of a device are read: what its keys mean, and what its times are. Everything that a profile names must
 * exist, so that a slip is found when it is made and not when readings are refused.
 */

import { z } from 'zod'
import { isTimeZone } from './calendar.ts'
import { properties, propertyOf } from './catalogue.ts'
import { durationMs, durationSchema } from './text.ts'

/** Forms of payloads that are built in: our own JSON, and the same with the factor codes of HJ 212 as keys. */
export const profileNames = ['native', 'hj212'] as const

/** What one key means: the catalogue property and, if it differs, the unit it is sent in. */
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
type KeyMapping = z.infer<typeof keyMappingSchema>

const timeSchema = z
  .strictObject({
    /** IANA zone of the device's clock, for times that name none. */
    zone: z
      .string()
      .refine(isTimeZone, 'is no time zone; names are those of IANA, such as "Asia/Shanghai"')
      .optional(),
    /** Whether the device stamps the value of an interval with its start or its end. */
    stamp: z.enum(['start', 'end']).optional(),
    /** The interval that a value is of. */
    interval: durationSchema
      .refine((text) => durationMs(text) > 0, 'must be longer than 0s')
      .optional(),
  })
  .refine(({ stamp, interval }) => stamp === undefined || interval !== undefined, {
    path: ['interval'],
    message: 'is required beside "stamp": the time that a value is of, such as "1h"',
  })

const mappingShape = z.strictObject({
  format: z.enum(profileNames).optional(),
  keys: z
    .record(z.string().min(1).max(128), keyMappingSchema)
    .refine((keys) => Object.keys(keys).length <= 256, 'must map at most 256 keys')
    .default({}),
  time: timeSchema.optional(),
})

/** Profiles of earlier versions may be labels of any kind, or name what does not exist. */
export const storedProfileSchema = z.union([z.string(), mappingShape])

const mappingProfileSchema = mappingShape.superRefine(({ keys }, context) => {
  for (const { path, message } of keyMistakes(keys)) {
    context.addIssue({ code: 'custom', path: ['keys', ...path], message })
  }
})

/** The name of a built-in one, or what is particular to the device. */
export const profileSchema = z.union([
  z.enum(profileNames, {
    error: ({ input }) =>
      `${shortly(input)} names no profile; there are ${profileNames.map((name) => `"${name}"`).join(', ')}, or a mapping {"keys": {"<key of the device>": "<property>"}}`,
  }),
  mappingProfileSchema,
])
export type Profile = z.infer<typeof profileSchema>

interface Mistake {
  path: string[]
  message: string
}

/** What cannot be meant: properties and units that do not exist, and two keys on one property. */
function keyMistakes(keys: Readonly<Record<string, KeyMapping>>): Mistake[] {
  const mistakes: Mistake[] = []
  const keyOf = new Map<string, string>()
  for (const [key, mapping] of Object.entries(keys)) {
    const { property: code, unit } =
      typeof mapping === 'string' ? { property: mapping, unit: undefined } : mapping
    const path = typeof mapping === 'string' ? [key] : [key, 'property']
    const property = propertyOf(code)
    if (property === undefined) {
      mistakes.push({ path, message: noProperty(code) })
      continue
    }
    const other = keyOf.get(code)
    if (other === undefined) keyOf.set(code, key)
    else mistakes.push({ path, message: twice(code, other) })
    const units = [property.unit, ...Object.keys(property.convertible)]
    if (unit !== undefined && !units.includes(unit)) {
      const message = `"${unit}" cannot be converted to the unit of ${code}; understood are ${units.join(', ')} (UCUM)`
      mistakes.push({ path: [key, 'unit'], message })
    }
  }
  return mistakes
}

function twice(code: string, other: string): string {
  return `is mapped to ${code} as "${other}" is; a device has one value of a property at a time, so map each key to its own, or leave one out`
}

function noProperty(code: string): string {
  const near = nearest(code)
  const hint = near === undefined ? '' : `; did you mean "${near}"?`
  return `${shortly(code)} is no property of the catalogue${hint} (all: GET /api/v1/properties)`
}

/** The property whose code is the most alike, if any is at all. */
function nearest(code: string): string | undefined {
  const plain = code.toLowerCase().replace(/[^a-z0-9]/g, '')
  let best: { code: string; distance: number } | undefined
  for (const candidate of properties.keys()) {
    const distance = editDistance(plain, candidate.replaceAll('_', ''))
    if (distance <= Math.max(1, plain.length / 4) && distance < (best?.distance ?? 9)) {
      best = { code: candidate, distance }
    }
  }
  return best?.code
}

/** Letters to be changed, added or left out (Levenshtein). */
function editDistance(one: string, other: string): number {
  let before = Array.from({ length: other.length + 1 }, (_, i) => i)
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const change = (before[j - 1] ?? 0) + (one[i - 1] === other[j - 1] ? 0 : 1)
      row.push(Math.min(change, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    before = row
  }
  return before[other.length] ?? 0
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing'
  return text.length > 64 ? `${text.slice(0, 64)}…` : text
}
