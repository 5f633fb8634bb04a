/** The six pollutants of the index: hours and days as heat maps of the index, and each pollutant against its limit. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { type Pollutant, pollutants } from '../domain/standards/air/pollutants.ts'
import { ofIndex } from './parts/asks.ts'
import { counted, inScope, select } from './parts/influxql.ts'
import { chart } from './parts/panels/chart.ts'
import { boxes } from './parts/panels/rows.ts'
import { aqiSteps, concentrationSteps, drawnEdition, limitOf } from './parts/scales.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'

const scale = { steps: aqiSteps }

/** A row of boxes for each station, hour by hour and day by day. */
export function boxedIndices(y: number): Builder<Panel>[] {
  return [
    boxes({
      title: both('AQI 逐时', 'AQI, hour by hour'),
      about: paragraphs(
        '每格为一站一小时的实时 AQI，空格为数据不足。',
        'A box is one hour of one station; an empty one had too little data.',
      ),
      at: [0, y, 24, 11],
      every: '1h',
      ask: [boxed('cn-aqi-hourly', 'time(1h), "site" fill(none)')],
      scale,
    }),
    boxes({
      title: both('AQI 逐日（近30天）', 'AQI, day by day (30 days)'),
      about: paragraphs(
        '日 AQI（cn-aqi-daily），每站每个自然日一格。',
        'The daily AQI, a box for each natural day of each station.',
      ),
      at: [0, y + 11, 24, 9],
      window: '30d',
      every: '1d',
      ask: [
        {
          text: select({
            what: '"value"',
            from: 'site_index',
            where: [ofIndex('cn-aqi-daily'), inScope],
            by: '"site"',
          }),
          alias: '$tag_site',
        },
      ],
      scale,
    }),
  ]
}

function boxed(index: 'cn-aqi-hourly', by: string) {
  return {
    text: select({
      what: 'last("value")',
      from: 'site_index',
      where: [ofIndex(index), inScope],
      by,
    }),
    alias: '$tag_site',
  }
}

const highest = both('最高', 'Highest')
const mean = both('平均', 'Mean')

/** Hourly means, because the limits of one hour are for them. */
export function pollutantCharts(y: number): Builder<Panel>[] {
  return pollutants.map((pollutant, i) =>
    pollutantChart(pollutant, [(i % 3) * 8, y + Math.floor(i / 3) * 7]),
  )
}

function pollutantChart(pollutant: Pollutant, [x, y]: readonly [number, number]): Builder<Panel> {
  const indicator = `${pollutant}_1h`
  const limit = limitOf(indicator)
  return chart({
    title: propertyTitle(pollutant),
    about: paragraphs(
      `小时均值，所选站点的最高与平均。虚线：${drawnEdition.id} 1小时浓度各级界限，IAQI 100 对应 ${limit}。`,
      `Hourly means: the highest and the mean of the stations chosen. Dashed: the levels of ${drawnEdition.id} for one hour; IAQI 100 is at ${limit}.`,
    ),
    at: [x, y, 8, 7],
    every: '1h',
    unit: units.unitOf(pollutant),
    decimals: pollutant === 'co' ? 1 : 0,
    bounds: concentrationSteps(indicator),
    reach: [0, limit * 1.1],
    ask: [
      {
        text: select({
          what: `max("${pollutant}_mean") AS "${highest}", mean("${pollutant}_mean") AS "${mean}"`,
          from: 'air_1h',
          where: [inScope, counted(pollutant)],
          by: 'time(1h) fill(null)',
        }),
        alias: '$col',
      },
    ],
    colours: { [highest]: seriesColours.second, [mean]: seriesColours.main },
  })
}
