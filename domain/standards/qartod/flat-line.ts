/** QARTOD test 8, flat line: the values have stood still for so long. */

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
  valuesSchema,
} from './series.ts'
import { createSlidingWindow } from './sliding-window.ts'

/** Fewer cannot be judged and pass (ioos_qc). */
const pointsMin = 3

const secondsSchema = z.number().min(0).optional()

/** For each value: whether all of the `steps` before it and itself lie within less than `tolerance`. */
function standsStill(x: Values, steps: number, tolerance: number): readonly boolean[] {
  const window = createSlidingWindow()
  return x.map((value, at) => {
    window.push(value)
    if (at > steps) window.shift()
    if (at < steps) return false
    const { count, min, max } = window.summary()
    return count > 0 && max - min < tolerance
  })
}

export const flatLine = batchTest({
  name: 'flat_line',
  title: { en: 'Flat line', zh: '恒值检验' },
  meaning: {
    en: 'All values of the last suspect_s (3) or fail_s (4) seconds lie within less than tolerance. Seconds are counted in steps of the median interval, rounded down. Values before the first full window 1, fewer than three values all 1, missing 9.',
    zh: '最近 suspect_s 秒（3）或 fail_s 秒（4）内所有值之差小于 tolerance；秒数按时间间隔中位数折算为步数并向下取整。首个完整窗口之前为 1，不足三个值均为 1，缺测为 9。',
  },
  source: 'IOOS QARTOD test 8; ioos_qc flat_line_test',
  form: batchForm({
    x: valuesSchema,
    t: timesSchema,
    suspect_s: secondsSchema.meta({ description: 'Seconds of no change that are suspect' }),
    fail_s: secondsSchema.meta({ description: 'Seconds of no change that fail' }),
    tolerance: z.number().min(0).default(0).meta({
      description: 'Largest − smallest must reach this; 0 never flags',
    }),
  }).superRefine((given, context) => {
    checkLength(context, 't', [given.x, given.t])
    checkRising(context, given.t)
    checkAnyGiven(context, given, ['suspect_s', 'fail_s'])
  }),
  run({ x, t, suspect_s: suspect, fail_s: fail, tolerance }): Flags {
    const interval = medianInterval(t)
    if (interval === null || x.length < pointsMin) return x.map((value) => (value === null ? 9 : 1))
    const stillFor = (seconds: number | undefined) =>
      seconds === undefined ? [] : standsStill(x, Math.floor(seconds / interval), tolerance)
    const suspects = stillFor(suspect)
    const fails = stillFor(fail)
    return x.map((value, at) => {
      if (value === null) return 9
      if (fails[at]) return 4
      return suspects[at] ? 3 : 1
    })
  },
})
