/** The forms that parameters of a query take. Each may be given once, lists also again and again. */

import { z } from 'zod'
import { idSchema } from '../../domain/text.ts'

/** An integer in decimal digits. */
export function wholeNumber(min: number, max: number) {
  const message = `must be a whole number from ${min} to ${max}`
  return z
    .string()
    .regex(/^\d{1,12}$/, message)
    .transform(Number)
    .refine((value) => value >= min && value <= max, message)
    .meta({ type: 'integer', minimum: min, maximum: max, pattern: undefined })
}

const listMax = 1_000

/** `a=1,2` or `a=1&a=2`; at least one, and at most 1,000 after splitting. A value cannot hold a comma. */
export function listOf<T>(item: z.ZodType<T, string>) {
  return z
    .union([z.string(), z.array(z.string())])
    .transform((given) =>
      (Array.isArray(given) ? given : [given]).flatMap((part) => part.split(',')),
    )
    .pipe(z.array(item).max(listMax))
    .meta({ type: 'array', items: described(item), anyOf: undefined })
}

function described(item: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...form } = z.toJSONSchema(item, { io: 'input' })
  return form
}

export const idList = listOf(idSchema)

/**
 * A moment with its zone (RFC 3339), in milliseconds since 1970 UTC. A `+` that was not percent-encoded
 * arrives as a space; before an offset it can mean nothing else, so it is understood.
 */
export const moment = z
  .string()
  .transform((text) => text.replace(/ (\d{2}:\d{2})$/, '+$1'))
  .pipe(
    z.iso.datetime({
      offset: true,
      error: 'must be an RFC 3339 time with its zone, such as 2026-11-21T08:00:00Z',
    }),
  )
  .transform((text) => Date.parse(text))
  .refine((ms) => Number.isFinite(ms), 'must be a time that exists')
  .meta({ type: 'string', format: 'date-time' })

export const flagParameter = z
  .enum(['true', 'false'], 'must be true or false')
  .transform((text) => text === 'true')

/** West, south, east, north in degrees (GeoJSON order, RFC 7946 §5); west > east crosses the antimeridian. */
export type Box = readonly [number, number, number, number]

export const boxParameter = z
  .string()
  .regex(
    /^-?\d{1,3}(\.\d{1,12})?(,-?\d{1,3}(\.\d{1,12})?){3}$/,
    'must be west,south,east,north in degrees',
  )
  .transform((text): Box => {
    const [west = 0, south = 0, east = 0, north = 0] = text.split(',').map(Number)
    return [west, south, east, north]
  })
  .refine(
    ([west, south, east, north]) =>
      Math.abs(west) <= 180 &&
      Math.abs(east) <= 180 &&
      south >= -90 &&
      north <= 90 &&
      south <= north,
    'must be west,south,east,north with longitudes to ±180, latitudes to ±90 and south below north',
  )

export function boxHolds(box: Box, location: readonly [number, number] | null): boolean {
  if (location === null) return false
  const [west, south, east, north] = box
  const [lon, lat] = location
  if (lat < south || lat > north) return false
  return west <= east ? lon >= west && lon <= east : lon >= west || lon <= east
}

/** Without the parameters that were not given. */
export function given<T extends object>(
  parameters: T,
): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(
    Object.entries(parameters).filter(([, value]) => value !== undefined),
  ) as { [K in keyof T]?: Exclude<T[K], undefined> }
}
