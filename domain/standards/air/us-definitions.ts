/** EPA's index as the outside sees it, and the tables that it shares with the NowCast. */

import type { IndexDefinition, Indicator, StandardTable } from '../definition.ts'
import { levelsTable } from './levels.ts'
import { nameOf } from './pollutants.ts'
import { unknownEdition } from './unknown-edition.ts'
import { usAqi } from './us-aqi.ts'
import { type UsColumn, usColumns, usEdition, usLevels } from './us-tables.ts'
import { whoTable } from './who-guidelines.ts'

const averaging = {
  1: { en: 'largest mean of 1 h of the day', zh: '日最大1小时平均' },
  8: { en: 'largest moving mean of 8 h of the day', zh: '日最大8小时滑动平均' },
  24: { en: 'mean of 24 h', zh: '24小时平均' },
} as const

/** Our readings of gases are masses per volume; EPA's columns are mole fractions, so gases have no property. */
function indicatorOf({ code, pollutant, span, hours }: UsColumn): Indicator {
  return {
    code,
    name: nameOf(pollutant),
    unit: span.unit,
    property: span.unit === 'ug/m3' ? pollutant : null,
    averaging: averaging[hours],
  }
}

export const usTables: readonly StandardTable[] = [
  {
    title: { en: 'Breakpoints', zh: '分级浓度限值' },
    clause: 'EPA-454/B-24-002 table 6; 40 CFR 58 appendix G',
    confidence: 'A',
    columns: ['value', 'unit', 'from', 'to', 'index from', 'index to'],
    rows: usColumns.flatMap(({ code, span, bands }) =>
      bands.map((band) => [code, span.unit, ...band]),
    ),
    notes: [
      'Means are cut first, not rounded: O3 to 0.001 ppm, PM2.5 to 0.1 ug/m3, CO to 0.1 ppm, the others to whole numbers; the index is rounded to the nearest whole number, halves up.',
      'Above 500 the last band goes on, so the index may be larger than 500.',
      'Ozone: the larger of 8 h and 1 h. 1 h below 0.125 ppm and 8 h above 0.200 ppm have no index.',
      'SO2: 24 h from 305 ppb on uses its own column; 1 h from 305 on with 24 h below it gives exactly 200. With 1 h alone from 305 on no index is given.',
      'The document prints 148 for 1 h ozone of 0.162 ppm; its own equation gives 147, and so do we.',
      'A mean a little below zero counts as 0; one outside of any plausible span is refused, since it is a mark of missing data or in another unit.',
    ],
  },
  levelsTable(usLevels, {
    title: { en: 'Levels', zh: '级别' },
    clause: 'EPA-454/B-24-002',
    confidence: 'A',
    notes: ['Chinese names are ours.'],
  }),
]

export const usAqiDefinition: IndexDefinition = {
  name: 'us-aqi',
  title: { en: 'US EPA air quality index', zh: '美国环保局空气质量指数' },
  editions: [usEdition],
  indicators: () => usColumns.map(indicatorOf),
  options: {},
  compute(request) {
    if (request.edition !== usEdition.id) throw unknownEdition(request.edition, [usEdition])
    return usAqi(request)
  },
  tables: () => [...usTables, whoTable],
}
