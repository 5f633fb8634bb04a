/**
 * What quality control asks of a property: bounds and thresholds of its tests. Each property of the catalogue has
 * defaults; a plan of the registry replaces single tests of them for the places it covers.
 */

import { z } from 'zod'
import { whereSchema } from './rule.ts'
import { durationMs, durationSchema, idSchema, nameSchema } from './text.ts'

const spanSchema = z
  .tuple([z.number(), z.number()])
  .refine(([low, high]) => low <= high, 'must rise')

const positive = z.number().positive()

interface Both<T> {
  suspect?: T | undefined
  fail?: T | undefined
}

/** A test without a threshold tests nothing; who wants that writes null. */
const hasThreshold = ({ suspect, fail }: Both<unknown>) =>
  suspect !== undefined || fail !== undefined
const neither = 'must hold suspect, fail or both (null switches the test off)'

const failIsFurther = ({ suspect, fail }: Both<number>) =>
  suspect === undefined || fail === undefined || fail >= suspect
const failIsLess = ({ suspect, fail }: Both<number>) =>
  suspect === undefined || fail === undefined || fail <= suspect
const failIsLonger = ({ suspect, fail }: Both<string>) =>
  suspect === undefined || fail === undefined || durationMs(fail) >= durationMs(suspect)
const failIsWider = ({ suspect, fail }: Both<readonly [number, number]>) =>
  suspect === undefined || fail === undefined || (fail[0] <= suspect[0] && fail[1] >= suspect[1])

const further = { path: ['fail'], message: 'must not be less than suspect' }
const less = { path: ['fail'], message: 'must not be more than suspect' }
const longer = { path: ['fail'], message: 'must not be shorter than suspect' }
const wider = { path: ['fail'], message: 'must hold the whole suspect span' }

/** Thresholds are in the unit of the property. A test that is absent is as in the defaults; null switches it off. */
export const testSettingsSchema = z.strictObject({
  /** QARTOD test 4: outside `suspect` 3, outside `fail` 4; ends belong to the span. */
  gross_range: z
    .strictObject({ suspect: spanSchema.optional(), fail: spanSchema.optional() })
    .refine(hasThreshold, neither)
    .refine(failIsWider, wider)
    .nullable()
    .optional(),
  /**
   * With test 4, for amounts of an interval: suspect when more than `suspect` × hours^`exponent` in the reading's own
   * interval, which is the time since the value before it or how often the device is expected to report, if longer.
   */
  interval_amount: z
    .strictObject({ suspect: positive, exponent: z.number().min(0).max(1).default(0.475) })
    .nullable()
    .optional(),
  /** With test 4: a value between 0 and `below` that is no whole number looks like another unit; suspect. */
  other_unit: z.strictObject({ below: positive }).nullable().optional(),
  /** Test 6: distance from the mean of both neighbours in time, strictly beyond. */
  spike: z
    .strictObject({ suspect: positive.optional(), fail: positive.optional() })
    .refine(hasThreshold, neither)
    .refine(failIsFurther, further)
    .nullable()
    .optional(),
  /** Test 7: change per `per` against the reading before, strictly beyond. */
  rate_of_change: z
    .strictObject({
      suspect: positive.optional(),
      fail: positive.optional(),
      per: durationSchema
        .refine((text) => durationMs(text) > 0, 'must be longer than 0s')
        .default('1m'),
    })
    .refine(hasThreshold, neither)
    .refine(failIsFurther, further)
    .nullable()
    .optional(),
  /** Test 8: all readings for so long within less than `tolerance`. */
  flat_line: z
    .strictObject({
      suspect: durationSchema.optional(),
      fail: durationSchema.optional(),
      tolerance: z.number().min(0),
      /** Values that may stand for any time, such as 0 of a rain gauge: runs at or between them do not count. */
      except: spanSchema.optional(),
    })
    .refine(hasThreshold, neither)
    .refine(failIsLonger, longer)
    .nullable()
    .optional(),
  /** Test 10 (attenuated signal): largest − smallest over the period, strictly below. */
  attenuated_signal: z
    .strictObject({ over: durationSchema, suspect: positive.optional(), fail: positive.optional() })
    .refine(hasThreshold, neither)
    .refine(failIsLess, less)
    .nullable()
    .optional(),
  /** Test 5: spans by month; the last member that holds the month counts. */
  climatology: z
    .array(
      z
        .strictObject({
          months: z.array(z.int().min(1).max(12)).min(1).max(12),
          suspect: spanSchema,
          fail: spanSchema.optional(),
        })
        .refine(failIsWider, wider),
    )
    .max(24)
    .nullable()
    .optional(),
  /** Test 1: no reading for longer than this before this one. Tells, and does not lower the flag. */
  time_gap: z.strictObject({ suspect: durationSchema }).nullable().optional(),
  /** Test 11 (neighbour): distance from the median of the newest values of sites nearby. */
  neighbour: z
    .strictObject({
      withinKm: positive.max(500),
      /** Neighbours are needed at least, and none older than `age`. */
      sites: z.int().min(2).max(50).default(3),
      age: durationSchema,
      /** Suspect when further away than this and than `ratio` times the median. */
      suspect: positive,
      ratio: positive.default(1),
    })
    .nullable()
    .optional(),
})
export type TestSettings = z.infer<typeof testSettingsSchema>

export const qualityPlanSchema = z
  .strictObject({
    id: idSchema,
    name: nameSchema.default({}),
    property: z.string().min(1).max(64),
    where: whereSchema.default({ kind: [], district: [], site: [], device: [] }),
    tests: testSettingsSchema,
    enabled: z.boolean().default(true),
  })
  .meta({ id: 'QualityPlan' })

export type QualityPlan = z.infer<typeof qualityPlanSchema>
