/** QARTOD test 1, time gap: data that came late or not at all before a reading. */

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

const seconds = z.number().min(0).optional()

export const timeGap = batchTest({
  name: 'time_gap',
  title: { en: 'Time gap', zh: '时间间隔检验' },
  meaning: {
    en: 'More than suspect_s (3) or fail_s (4) seconds have passed since the time before, strictly. The first 2, because nothing is known of the time before it (ioos_qc passes it with 1), missing 9.',
    zh: '距上一时刻严格超过 suspect_s 秒为 3，严格超过 fail_s 秒为 4；首个为 2，因其之前的时刻未知（ioos_qc 给 1），缺测为 9。',
  },
  source: 'IOOS QARTOD test 1; the two thresholds are ours',
  form: batchForm({
    t: timesSchema,
    x: valuesSchema.optional().meta({ description: 'Only looked at for what is missing' }),
    suspect_s: seconds.meta({ description: 'Seconds without a reading that are suspect' }),
    fail_s: seconds.meta({ description: 'Seconds without a reading that fail' }),
  }).superRefine((given, context) => {
    if (given.x !== undefined) checkLength(context, 't', [given.x, given.t])
    checkRising(context, given.t)
    checkAnyGiven(context, given, ['suspect_s', 'fail_s'])
  }),
  run: ({ t, x, suspect_s: suspect, fail_s: fail }): Flags =>
    t.map((time, at) => {
      if (x !== undefined && (x[at] ?? null) === null) return 9
      const before = t[at - 1]
      if (before === undefined) return 2
      if (fail !== undefined && time - before > fail) return 4
      return suspect !== undefined && time - before > suspect ? 3 : 1
    }),
})
