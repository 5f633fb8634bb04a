/** QARTOD test 6, spike: a value that stands out from both of its neighbours in time. */

import { z } from 'zod'
import { batchForm, batchTest } from './batch-test.ts'
import { checkAnyGiven, type Flags, type Values, valuesSchema } from './series.ts'

const methods = ['average', 'differential'] as const
type Method = (typeof methods)[number]

/** How far the value stands out; null when a neighbour is missing. */
function height(x: Values, at: number, method: Method): number | null {
  const [before, value, after] = [x[at - 1] ?? null, x[at] ?? null, x[at + 1] ?? null]
  if (before === null || value === null || after === null) return null
  if (method === 'average') return Math.abs(value - (before + after) / 2)
  const up = value - before
  const down = after - value
  // Only a value that both changes lead away from stands out: they have opposite signs there.
  return up * down < 0 ? Math.min(Math.abs(up), Math.abs(down)) : 0
}

export const spike = batchTest({
  name: 'spike',
  title: { en: 'Spike', zh: '尖峰检验' },
  meaning: {
    en: 'The value is further than suspect (3) or fail (4) from the mean of its two neighbours, strictly; with method differential the smaller of the two changes counts, if they have opposite signs. First, last and beside a missing value 2, missing 9.',
    zh: '与前后两值平均值之差严格大于 suspect 为 3，严格大于 fail 为 4；differential 法取前后两次变化（符号相反时）中较小者。首尾及与缺测相邻为 2，缺测为 9。',
  },
  source: 'IOOS QARTOD test 6; ioos_qc spike_test',
  form: batchForm({
    x: valuesSchema,
    suspect: z.number().min(0).optional().meta({ description: 'In the unit of x' }),
    fail: z.number().min(0).optional().meta({ description: 'In the unit of x' }),
    method: z.enum(methods).default('average').meta({
      description: 'average: against the mean of both neighbours; differential: the smaller change',
    }),
  }).superRefine((given, context) => checkAnyGiven(context, given, ['suspect', 'fail'])),
  run: ({ x, suspect, fail, method }): Flags =>
    x.map((value, at) => {
      if (value === null) return 9
      const stands = height(x, at, method)
      if (stands === null) return 2
      if (fail !== undefined && stands > fail) return 4
      return suspect !== undefined && stands > suspect ? 3 : 1
    }),
})
