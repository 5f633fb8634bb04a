/** QARTOD test 10, attenuated signal: the values vary too little, as of a fouled sensor. */

import { z } from 'zod'
import { batchForm, batchTest } from './batch-test.ts'
import {
  checkAnyGiven,
  checkLength,
  checkRising,
  type Flags,
  medianInterval,
  timesSchema,
  type Values,
  valuesMax,
  valuesSchema,
} from './series.ts'
import { createSlidingWindow, type Summary, summaryOf } from './sliding-window.ts'

const checkTypes = ['std', 'range'] as const
type CheckType = (typeof checkTypes)[number]

/** Range, or standard deviation of the population (n), as ioos_qc takes it with and without a test period. */
function variation({ count, squares, min, max }: Summary, type: CheckType): number | null {
  if (count === 0) return null
  return type === 'range' ? max - min : Math.sqrt(squares / count)
}

/** For each value: the variation of those not older than `period` seconds, once there are `observations`. */
function inPeriods(
  { x, t }: { x: Values; t: readonly number[] },
  { period, observations, type }: { period: number; observations: number; type: CheckType },
): readonly (number | null)[] {
  const window = createSlidingWindow()
  let oldest = 0
  return x.map((value, at) => {
    window.push(value)
    // The older end does not belong to the period (pandas: closed on the right).
    for (; (t[oldest] ?? Infinity) <= (t[at] ?? 0) - period; oldest++) window.shift()
    const summary = window.summary()
    return summary.count < observations ? null : variation(summary, type)
  })
}

/** 0 never flags, as nothing varies less. */
const threshold = z.number().min(0).optional()

export const attenuatedSignal = batchTest({
  name: 'attenuated_signal',
  title: { en: 'Attenuated signal', zh: '信号衰减检验' },
  meaning: {
    en: 'Standard deviation of the population or range (largest − smallest) of the test period that ends with the value, or of all values, is below suspect (3) or fail (4), strictly. 2 where too few values are in the period, missing 9.',
    zh: '以该值为末端的检验时段（或全部数据）的总体标准差或极差严格小于 suspect 为 3，严格小于 fail 为 4；时段内数据不足为 2，缺测为 9。',
  },
  source:
    'IOOS QARTOD test 10; ioos_qc attenuated_signal_test (missing values in a period are left out)',
  form: batchForm({
    x: valuesSchema,
    t: timesSchema.optional().meta({ description: 'Time of each value; needed with test_period' }),
    suspect: threshold.meta({ description: 'In the unit of x' }),
    fail: threshold.meta({ description: 'In the unit of x' }),
    check_type: z.enum(checkTypes).optional().meta({
      description: 'std (default): standard deviation; range: largest − smallest',
    }),
    method: z.enum(checkTypes).optional().meta({ description: 'The same as check_type' }),
    test_period: z.number().positive().optional().meta({
      description: 'Seconds, needs t; without it all values are judged together',
    }),
    min_obs: z.int().min(0).max(valuesMax).optional().meta({
      description: 'Values that must be in the period at least (default 1; 0 asks for no more)',
    }),
    min_period: z.number().min(0).optional().meta({
      description: 'The same in seconds, in steps of the median interval',
    }),
  }).superRefine((given, context) => {
    const refuse = (path: string, message: string) =>
      context.addIssue({ code: 'custom', path: [path], message })
    if (given.t !== undefined) {
      checkLength(context, 't', [given.x, given.t])
      checkRising(context, given.t)
    }
    if (given.t === undefined && given.test_period !== undefined) {
      refuse('t', 'is required with test_period')
    }
    if (given.min_obs !== undefined && given.min_period !== undefined) {
      refuse('min_period', 'cannot be given together with min_obs')
    }
    if (given.method !== undefined && given.check_type !== undefined) {
      refuse('method', 'cannot be given together with check_type')
    }
    checkAnyGiven(context, given, ['suspect', 'fail'])
  }),
  run({ x, t, suspect, fail, ...given }): Flags {
    const type = given.check_type ?? given.method ?? 'std'
    const variations = variationsOf({ x, t: t ?? [] }, given, type)
    return x.map((value, at) => {
      if (value === null) return 9
      const found = variations[at] ?? null
      if (found === null) return 2
      if (fail !== undefined && found < fail) return 4
      return suspect !== undefined && found < suspect ? 3 : 1
    })
  },
})

function variationsOf(
  series: { x: Values; t: readonly number[] },
  given: {
    test_period?: number | undefined
    min_obs?: number | undefined
    min_period?: number | undefined
  },
  type: CheckType,
): readonly (number | null)[] {
  if (given.test_period === undefined) {
    const all = variation(summaryOf(series.x), type)
    return series.x.map(() => all)
  }
  const steps = (given.min_period ?? 0) / (medianInterval(series.t) ?? 1)
  const observations = given.min_obs ?? Math.floor(steps)
  return inPeriods(series, { period: given.test_period, observations, type })
}
