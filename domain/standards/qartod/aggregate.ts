/** One flag of each value from the flags of several tests. */

import { z } from 'zod'
import { qualityFlags } from '../../reading.ts'
import { batchForm, batchTest } from './batch-test.ts'
import { type Flags, valuesMax } from './series.ts'

const testsMax = 50

/** Rising precedence. */
const precedence = [9, 2, 1, 3, 4] as const satisfies readonly (typeof qualityFlags)[number][]

export const aggregate = batchTest({
  name: 'aggregate',
  title: { en: 'Aggregate', zh: '综合标记' },
  meaning: {
    en: 'The gravest flag of each place of the lists: fail 4 before suspect 3, good 1, not evaluated 2 and missing 9.',
    zh: '各列表同一位置取最严重的标记：失败 4、可疑 3、良好 1、未检验 2、缺测 9，依次优先。',
  },
  source: 'IOOS QARTOD; ioos_qc qartod_compare',
  form: batchForm({
    flags: z
      .array(z.array(z.literal([...qualityFlags])).max(valuesMax))
      .min(1)
      .max(testsMax)
      .meta({ description: 'One list for each test, all of the same length' }),
  }).superRefine(({ flags: [first = [], ...others] }, context) => {
    const wrong = others.findIndex((list) => list.length !== first.length)
    if (wrong === -1) return
    const message = `must hold as many as flags.0: ${first.length}, not ${others[wrong]?.length}`
    context.addIssue({ code: 'custom', path: ['flags', wrong + 1], message })
  }),
  run: ({ flags: [first = [], ...others] }): Flags =>
    first.map((flag, at) =>
      others.reduce<Flags[number]>((worst, list) => graver(worst, list[at] ?? 9), flag),
    ),
})

function graver(a: Flags[number], b: Flags[number]): Flags[number] {
  return precedence.indexOf(a) >= precedence.indexOf(b) ? a : b
}
