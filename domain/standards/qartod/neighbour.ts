/**
 * Neighbour agreement: a value against the median of what others nearby measured at the same time. The median,
 * because one broken neighbour must not accuse a sound sensor. QARTOD asks for the test and leaves its form open.
 */

import { z } from 'zod'
import { batchForm, batchTest } from './batch-test.ts'
import { type Flags, median, valuesMax, valuesSchema } from './series.ts'

const neighboursMax = 50
/** Neighbours that must have a value, as in a quality plan. */
const sitesStandard = 3

export const neighbour = batchTest({
  name: 'neighbour',
  title: { en: 'Neighbour agreement', zh: '邻站一致性检验' },
  meaning: {
    en: 'Further from the median of the neighbours at the same place of the list than suspect and than ratio times that median, strictly: 3. Fewer than sites neighbours with a value 2, missing 9.',
    zh: '与各邻站同一位置数值中位数之差，既严格大于 suspect 又严格大于 ratio 倍中位数为 3；有值的邻站少于 sites 个为 2，缺测为 9。',
  },
  source: 'IOOS QARTOD test 11 (neighbor), which leaves the form open; this one is ours',
  form: batchForm({
    x: valuesSchema,
    neighbours: z.array(valuesSchema).min(1).max(neighboursMax).meta({
      description: 'One list for each neighbour, each as long as x',
    }),
    suspect: z.number().min(0).meta({ description: 'In the unit of x' }),
    ratio: z.number().min(0).default(1).meta({ description: 'Part of the median' }),
    sites: z.int().min(1).max(neighboursMax).default(sitesStandard).meta({
      description: 'Neighbours that must have a value',
    }),
  }).superRefine(({ x, neighbours }, context) => {
    const wrong = neighbours.findIndex((one) => one.length !== x.length)
    if (wrong !== -1) {
      const message = `must hold as many as x: ${x.length}, not ${neighbours[wrong]?.length}`
      context.addIssue({ code: 'custom', path: ['neighbours', wrong], message })
    }
    if (neighbours.length * x.length > 10 * valuesMax) {
      const message = `must not hold more than ${10 * valuesMax} values together`
      context.addIssue({ code: 'custom', path: ['neighbours'], message })
    }
  }),
  run: ({ x, neighbours, suspect, ratio, sites }): Flags =>
    x.map((value, at) => {
      if (value === null) return 9
      const others = neighbours.map((one) => one[at] ?? null).filter((other) => other !== null)
      const middle = median(others)
      if (middle === null || others.length < sites) return 2
      const apart = Math.abs(value - middle)
      return apart > suspect && apart > ratio * Math.abs(middle) ? 3 : 1
    }),
})
