/**
 * Size of a flood by its return period, GB/T 22482-2008 8.2. A rival scale (10, 20, 50 years) circulates; it is not
 * of the standard.
 */

import type { AlertLevel } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import { compare, type Decimal, exactly } from '../decimal.ts'
import type { IndexAnswer, IndexDefinition, IndexRequest } from '../definition.ts'
import { checkOptions, givenValues, refuseNegative } from '../given.ts'

interface FloodSize {
  name: BothLanguages
  /** Return period in years from which it begins, inclusive. */
  from: string
  /** Signal that stands for this size (SL 758-2018). */
  colour: AlertLevel
}

/** The level is the place in this list, from 1. */
export const floodSizes: readonly FloodSize[] = [
  { name: { en: 'Small flood', zh: '小洪水' }, from: '0', colour: 'blue' },
  { name: { en: 'Medium flood', zh: '中洪水' }, from: '5', colour: 'yellow' },
  { name: { en: 'Large flood', zh: '大洪水' }, from: '20', colour: 'orange' },
  { name: { en: 'Extraordinary flood', zh: '特大洪水' }, from: '50', colour: 'red' },
]

/** 1 small … 4 extraordinary. */
export function sizeOf(years: Decimal): number {
  return floodSizes.filter(({ from }) => compare(years, exactly(from)) >= 0).length
}

/** Names of the return period in years, for this index and for the flood signal. */
export const returnPeriodNames = ['return_period_years', 'return_period', 'years'] as const

const codes: ReadonlyMap<string, string> = new Map(
  returnPeriodNames.map((name) => [name, 'return_period_years'] as const),
)

function compute({ edition, values, options }: IndexRequest): IndexAnswer {
  checkOptions(options, [])
  const [years] = refuseNegative(givenValues(values, codes))
  const level = years === undefined || years.value === null ? null : sizeOf(years.value)
  const size = level === null ? undefined : floodSizes[level - 1]
  return {
    index: 'flood-size',
    edition,
    value: size?.name.zh ?? null,
    sub: years === undefined ? {} : { [years.key]: size?.name.zh ?? null },
    primary: [],
    category: size?.name ?? null,
    colour: size?.colour ?? null,
    rgb: null,
    level,
    details: {},
    notes:
      size === undefined ? [{ en: 'No return period was given.', zh: '没有给出重现期。' }] : [],
  }
}

export const floodSize: IndexDefinition = {
  name: 'flood-size',
  title: { en: 'Size of a flood', zh: '洪水量级' },
  editions: [
    {
      id: 'GB/T 22482-2008',
      title: {
        en: 'Standard for hydrological information and forecasting',
        zh: '水文情报预报规范',
      },
      inForceFrom: '2009-01-01',
      inForceTo: null,
      source: 'Two pages that quote 8.2',
      confidence: 'B',
    },
  ],
  indicators: () => [
    {
      code: 'return_period_years',
      name: { en: 'Return period', zh: '重现期' },
      unit: 'a',
      property: null,
      averaging: { en: 'of the peak of the flood', zh: '洪峰' },
    },
  ],
  options: {},
  compute,
  tables: () => [
    {
      title: { en: 'Size by return period', zh: '洪水量级（重现期，年）' },
      clause: 'GB/T 22482-2008 8.2; colours: SL 758-2018',
      confidence: 'B',
      columns: ['level', 'size', '量级', 'years from', 'colour'],
      rows: floodSizes.map(({ name, from, colour }, i) => [
        i + 1,
        name.en,
        name.zh,
        Number(from),
        colour,
      ]),
      notes: [
        'Exactly 50 years: pages write "more than 50" for 特大洪水 and leave 50 open; here 50 belongs to it, as the red signal begins at 50.',
      ],
    },
  ],
}
