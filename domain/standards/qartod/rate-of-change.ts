/**
 * QARTOD test 7, rate of change: the step from the value before, per second.
 *
 * Thresholds are numbers per second, or quotients as people think of them: "5/15/60" is 5 in 15 minutes.
 */

import { z } from 'zod'
import { batchForm, batchTest } from './batch-test.ts'
import {
  checkAnyGiven,
  checkLength,
  checkRising,
  type Flags,
  timesSchema,
  valuesSchema,
} from './series.ts'

const quotientPattern = /^\d{1,15}(\.\d{1,15})?(\/\d{1,15}(\.\d{1,15})?){0,3}$/

/** A number, or a text such as "5/15/60", divided from left to right. */
const rateSchema = z
  .union([z.number(), z.string().max(64)], 'must be a number or a quotient such as "5/15/60"')
  .transform((rate, context) => {
    const value = typeof rate === 'number' ? rate : quotientOf(rate)
    if (Number.isFinite(value) && value >= 0) return value
    context.addIssue('must be a number from 0 on, or a quotient of such as in "5/15/60"')
    return z.NEVER
  })
  .meta({ type: ['number', 'string'] })

function quotientOf(text: string): number {
  if (!quotientPattern.test(text)) return Number.NaN
  return text
    .split('/')
    .map(Number)
    .reduce((quotient, divisor) => quotient / divisor)
}

/** The two spellings of one threshold may stand side by side, but must not contradict each other. */
function thresholdOf(number: number | undefined, quotient: number | undefined): number | undefined {
  return number ?? quotient
}

const relativeTolerance = 1e-9

function checkAgree(
  context: Pick<z.core.$RefinementCtx, 'addIssue'>,
  given: Readonly<Record<string, unknown>>,
  [field, other]: readonly [string, string],
): void {
  const [a, b] = [given[field], given[other]]
  if (typeof a !== 'number' || typeof b !== 'number') return
  if (Math.abs(a - b) <= relativeTolerance * b) return
  context.addIssue({ code: 'custom', path: [field], message: `says ${a}, but ${other} says ${b}` })
}

export const rateOfChange = batchTest({
  name: 'rate_of_change',
  title: { en: 'Rate of change', zh: '变化率检验' },
  meaning: {
    en: 'The change since the value before, per second, is more than threshold (3) or fail_threshold (4), strictly. The first value and the first after a missing one 1, missing 9.',
    zh: '相对前一值的每秒变化量严格大于 threshold 为 3，严格大于 fail_threshold 为 4。首个值及缺测之后的首个值为 1，缺测为 9。',
  },
  source: 'IOOS QARTOD test 7; ioos_qc rate_of_change_test',
  form: batchForm({
    x: valuesSchema,
    t: timesSchema,
    threshold: rateSchema.optional().meta({ description: 'Suspect: in units of x per second' }),
    threshold_per_s: rateSchema.optional().meta({ description: 'The same as threshold' }),
    fail_threshold: rateSchema.optional().meta({ description: 'Fail: in units of x per second' }),
    fail_per_s: rateSchema.optional().meta({ description: 'The same as fail_threshold' }),
  }).superRefine((given, context) => {
    checkLength(context, 't', [given.x, given.t])
    checkRising(context, given.t)
    checkAgree(context, given, ['threshold', 'threshold_per_s'])
    checkAgree(context, given, ['fail_threshold', 'fail_per_s'])
    checkAnyGiven(context, given, ['threshold', 'threshold_per_s', 'fail_threshold', 'fail_per_s'])
  }),
  run({ x, t, ...given }): Flags {
    const suspect = thresholdOf(given.threshold, given.threshold_per_s)
    const fail = thresholdOf(given.fail_threshold, given.fail_per_s)
    return x.map((value, at) => {
      if (value === null) return 9
      const before = x[at - 1] ?? null
      const seconds = (t[at] ?? 0) - (t[at - 1] ?? 0)
      if (before === null) return 1
      const rate = Math.abs((value - before) / seconds)
      if (fail !== undefined && rate > fail) return 4
      return suspect !== undefined && rate > suspect ? 3 : 1
    })
  },
})
