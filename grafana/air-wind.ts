/** Where the wind comes from, and one pollutant station by station. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { counted } from './parts/asks.ts'
import { type Ask, inner, inScope, select, sound } from './parts/influxql.ts'
import { chart } from './parts/panels/chart.ts'
import { cloud } from './parts/panels/cloud.ts'
import { shares } from './parts/panels/shares.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'

const where = [inScope, sound('wind_speed'), sound('wind_direction')]
const radians = Math.PI / 180

const rose: Ask = {
  table: true,
  text: select({
    what: [
      `"wind_speed" * sin("wind_direction" * ${radians}) AS "${both('东', 'East')}"`,
      `"wind_speed" * cos("wind_direction" * ${radians}) AS "${both('北', 'North')}"`,
    ].join(', '),
    from: 'weather',
    where,
  }),
}

const points = [
  ['北', 'N'],
  ['东北', 'NE'],
  ['东', 'E'],
  ['东南', 'SE'],
  ['南', 'S'],
  ['西南', 'SW'],
  ['西', 'W'],
  ['西北', 'NW'],
] as const
const half = 360 / points.length / 2

/** Readings whose direction lies nearest to this point of the compass. */
function from(i: number): Ask {
  const [zh, en] = points[i] ?? ['', '']
  const [low, high] = [2 * half * i - half, 2 * half * i + half]
  const sector =
    low < 0
      ? `("wind_direction" >= ${360 + low} OR "wind_direction" < ${high})`
      : `"wind_direction" >= ${low} AND "wind_direction" < ${high}`
  return counted(
    both(zh, en),
    inner({
      what: 'count("wind_direction") AS "n"',
      from: 'weather',
      where: [...where, sector],
    }),
  )
}

const speed = both('平均风速', 'Mean speed')
const gust = both('最大风速', 'Highest speed')

export function windPanels(y: number): Builder<Panel>[] {
  return [
    cloud({
      title: both('风玫瑰', 'Wind rose'),
      about: paragraphs(
        '每点为一次观测：方位为风的来向，离中心越远风速越大（米/秒）。上北右东。',
        'A point for each reading: it lies in the direction that the wind came from, as far from the middle as it was strong (m/s). North is up.',
      ),
      at: [0, y, 8, 10],
      unit: units.unitOf('wind_speed'),
      decimals: 0,
      reach: 6,
      ask: [rose],
    }),
    shares({
      title: both('来风频次', 'Where the wind comes from'),
      about: paragraphs(
        '时间范围内各方位来风的观测次数（静风不分方位）。',
        'How many readings of the time range had the wind from each direction.',
      ),
      at: [8, y, 7, 10],
      unit: units.none,
      colour: seriesColours.main,
      ask: points.map((_, i) => from(i)),
    }),
    chart({
      title: both('风速', 'Wind speed'),
      about: paragraphs(
        '所选站点平均与最大风速。',
        'Mean and highest wind speed of the stations chosen.',
      ),
      at: [15, y, 9, 10],
      every: '10m',
      unit: units.unitOf('wind_speed'),
      decimals: 1,
      reach: [0, undefined],
      gapMs: 1_800_000,
      ask: [
        {
          text: select({
            what: `max("wind_speed") AS "${gust}", mean("wind_speed") AS "${speed}"`,
            from: 'weather',
            where: [inScope, sound('wind_speed')],
            by: 'time($__interval) fill(null)',
          }),
          alias: '$col',
        },
      ],
      colours: { [gust]: seriesColours.quiet, [speed]: seriesColours.main },
    }),
  ]
}
