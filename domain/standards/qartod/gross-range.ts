/** QARTOD test 4, gross range: what the sensor can say, and what is usual for the place. */

import { batchForm, batchTest } from './batch-test.ts'
import { checkAnyGiven, type Flags, isOutside, spanSchema, valuesSchema } from './series.ts'

export const grossRange = batchTest({
  name: 'gross_range',
  title: { en: 'Gross range', zh: '范围检验' },
  meaning: {
    en: 'Outside fail_span 4, outside suspect_span 3; the ends belong to the spans. Missing 9.',
    zh: '超出 fail_span 为 4，超出 suspect_span 为 3，端点属于范围之内；缺测为 9。',
  },
  source: 'IOOS QARTOD test 4; ioos_qc gross_range_test',
  form: batchForm({
    x: valuesSchema,
    fail_span: spanSchema.optional().meta({ description: 'Least and greatest possible value' }),
    suspect_span: spanSchema.optional().meta({
      description: 'Least and greatest usual value; must lie inside fail_span',
    }),
  }).superRefine((given, context) => {
    checkAnyGiven(context, given, ['fail_span', 'suspect_span'])
    const { fail_span: fail, suspect_span: suspect } = given
    if (fail === undefined || suspect === undefined) return
    if (suspect[0] >= fail[0] && suspect[1] <= fail[1]) return
    const message = `must lie inside fail_span [${fail.join(', ')}]`
    context.addIssue({ code: 'custom', path: ['suspect_span'], message })
  }),
  run: ({ x, fail_span: fail, suspect_span: suspect }): Flags =>
    x.map((value) => {
      if (value === null) return 9
      if (fail !== undefined && isOutside(value, fail)) return 4
      return suspect !== undefined && isOutside(value, suspect) ? 3 : 1
    }),
})
