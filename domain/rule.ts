/** An alert rule: which series it watches, which signal of them, and the bounds of its levels. */

import { z } from 'zod'
import { properties } from './catalogue.ts'
import { siteKindSchema } from './site.ts'
import { durationMs, durationSchema, idSchema, nameSchema } from './text.ts'

/** Rising severity. */
export const alertLevels = ['blue', 'yellow', 'orange', 'red'] as const
export type AlertLevel = (typeof alertLevels)[number]
export const alertLevelSchema = z.enum(alertLevels)

/** A number in the property's unit, or a site attribute plus a number. */
const boundSchema = z.union([
  z.number(),
  z.strictObject({ attribute: z.string().min(1).max(64), plus: z.number().default(0) }),
])
export type Bound = z.infer<typeof boundSchema>

/** Empty or absent lists match everything; a series must match every list that is not empty. */
export const whereSchema = z.strictObject({
  kind: z.array(siteKindSchema).max(64).default([]),
  district: z.array(z.string().max(64)).max(1_000).default([]),
  site: z.array(idSchema).max(10_000).default([]),
  device: z.array(idSchema).max(10_000).default([]),
})
export type Where = z.infer<typeof whereSchema>

const windowDaysMax = 31

/** At least a second: a window without length holds nothing. What is kept in memory bounds it above. */
const windowSchema = durationSchema
  .refine((text) => durationMs(text) > 0, 'must be longer than 0s')
  .refine(
    (text) => durationMs(text) <= windowDaysMax * 86_400_000,
    `must be at most ${windowDaysMax}d`,
  )
  .meta({ pattern: '^[1-9]\\d{0,7}(s|m|h|d)$', description: `At most ${windowDaysMax}d` })

/** Indices that a rule can watch, at a site as a whole; values as in `domain/standards/`. */
export const signalIndices = [
  'cn-aqi-hourly',
  'cn-aqi-daily',
  'us-aqi',
  'us-nowcast',
  'eu-aqi',
  'gb3838-class',
  'gb5749',
  'rain-grade',
  'rainstorm-signal',
  'flood-signal',
  'low-water-signal',
  'drought-signal',
] as const
export type SignalIndex = (typeof signalIndices)[number]

/**
 * Share of a window that its readings must reach over before it is judged. Unless given 0, as people know it from
 * averages of other systems; 0.25 for a rate, because a line through two readings of a moment says nothing.
 */
const coverageSchema = z.number().min(0).max(1)

/**
 * The signal that is compared with the bounds, from readings of quality 1 and 2.
 * - `value`: the reading itself.
 * - `mean` (of levels in dB that of their energy), `max`, `min`, `sum`, `range` (largest − smallest) over the `window`
 *   that ends with the reading, (t − window, t]; `increase`: what a counter grew by, through restarts. Of a counter `sum`
 *   and `range` mean the same, and `rate` is of the counter as if it had never begun again.
 * - `rate`: slope of the least-squares line through the readings of the `window`, per `per`.
 * - `index`: an index of the site. Compared is the index itself for air (of `eu-aqi` the band, 1…6); the class for
 *   `gb3838-class` (1 is I … 5 is V, 6 is worse than V); how many items are beyond their limits for `gb5749`; the grade
 *   for `rain-grade` (1…7); 0 (none), 1 (blue) … 4 (red) for signals. Air indices are observed when their clock hour or
 *   day is over, at its end: 5 minutes of observed time later, or as soon as all series of the site have moved on. The
 *   others are observed with each message, from the newest values of the site and the sums of rain up to then; so
 *   `gb3838-class` and `gb5749` are of a moment here.
 * - `silence`: seconds since the last reading, once they are more than `window`.
 */
const signalSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('value') }),
  z.strictObject({
    type: z.enum(['mean', 'max', 'min', 'sum', 'range', 'increase']),
    window: windowSchema,
    coverage: coverageSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('rate'),
    window: windowSchema,
    per: windowSchema.default('1h'),
    coverage: coverageSchema.optional(),
  }),
  z.strictObject({
    type: z.literal('index'),
    index: z.enum(signalIndices).meta({
      description:
        'Of the site as a whole. Compared is the air quality index (of `eu-aqi` the band, 1–6); for `gb3838-class` the class, 1 (I) to 6 (worse than V); for `gb5749` the number of items beyond their limits; for `rain-grade` the grade, 1–7; for signals 0 (none), 1 (blue) to 4 (red). Air indices are observed at the end of their clock hour or day, the others with each message.',
    }),
    edition: z.string().min(1).max(64).optional().meta({
      description: 'Of the table, such as `HJ 633-2012`; the one in force at the time unless given',
    }),
  }),
  z.strictObject({ type: z.literal('silence'), window: windowSchema }),
])
export type Signal = z.infer<typeof signalSchema>
export type IndexSignal = Extract<Signal, { type: 'index' }>

const levelsSchema = z
  .strictObject({
    blue: boundSchema.optional(),
    yellow: boundSchema.optional(),
    orange: boundSchema.optional(),
    red: boundSchema.optional(),
  })
  .refine(
    (levels) => Object.keys(levels).length > 0,
    'must hold at least one of blue, yellow, orange, red',
  )
  .meta({ minProperties: 1 })
export type Levels = z.infer<typeof levelsSchema>

/** Two plain-number bounds must rise (or fall, for `below`) with severity; attributes are only known per site. */
function boundsAreOrdered(rule: { direction: 'above' | 'below'; levels: Levels }): boolean {
  const numbers = alertLevels
    .map((level) => rule.levels[level])
    .filter((bound): bound is number => typeof bound === 'number')
  const sign = rule.direction === 'above' ? 1 : -1
  return numbers.every((bound, i) => i === 0 || sign * bound > sign * (numbers[i - 1] ?? bound))
}

export const ruleFields = {
  id: idSchema,
  name: nameSchema.default({}),
  /** Of the catalogue. An index is made of several: a rule on one may leave it out. */
  property: z
    .string()
    .min(1)
    .max(64)
    .meta({ enum: [...properties.keys()] })
    .optional(),
  where: whereSchema.default({ kind: [], district: [], site: [], device: [] }),
  signal: signalSchema.default({ type: 'value' }),
  direction: z.enum(['above', 'below']).default('above'),
  levels: levelsSchema,
  raiseAfter: durationSchema.default('0s'),
  clearAfter: durationSchema.default('0s'),
  /** In the property's unit: how far inside the bound the signal must be before it counts as clear. */
  clearMargin: z.number().min(0).default(0),
  enabled: z.boolean().default(true),
}

export const ruleSchema = z
  .strictObject(ruleFields)
  .refine(boundsAreOrdered, {
    path: ['levels'],
    message: 'bounds must become more severe from blue to red in the direction of the rule',
  })
  .refine(({ property, signal }) => property !== undefined || signal.type === 'index', {
    path: ['property'],
    message: 'is required, unless the signal is an index',
  })
  .meta({ id: 'Rule' })

export type Rule = z.infer<typeof ruleSchema>

/** What alerts of the rule say they are about: its property, or the name of its index. */
export function propertyWatched({ property, signal }: Pick<Rule, 'property' | 'signal'>): string {
  return property ?? (signal.type === 'index' ? signal.index : '')
}
