/** One figure for each subject of the city, the worst there is, with the way to its board. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { streetDepth } from '../domain/standards/flood/street.ts'
import { hourWindow, ofIndex, sitesThatIndex, worstIndex } from './parts/asks.ts'
import { counted, inDistrict, inner, newest, select, sound } from './parts/influxql.ts'
import { above, levelSteps, levelWords, stepsFrom } from './parts/levels.ts'
import { boardUrl } from './parts/links.ts'
import { type Tile, tiles } from './parts/panels/tiles.ts'
import { rainHour } from './parts/rain-hour.ts'
import { aqiSteps, classSteps, classWords } from './parts/scales.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'

const deepest = inner({
  what: newest('water_depth'),
  from: 'hydro',
  where: [inDistrict, sound('water_depth')],
  by: '"site"',
})
const newestHour = inner({
  what: 'last("rainfall_sum") AS "mm"',
  from: 'hydro_1h',
  where: [inDistrict, counted('rainfall')],
  by: '"device"',
})

const aqi = both('最高 AQI', 'Worst AQI')
const flood = both('洪水', 'Flood')
const depth = both('积水', 'Street')
const rain = both('小时雨量', 'Rain')
const worst = both('最差水质', 'Worst class')
const drinking = both('供水超标', 'Supply')

/** By the colours of alert levels. */
const worstByLevel: readonly Tile[] = [
  {
    label: flood,
    ask: worstIndex(flood, 'flood-signal', 'level'),
    scale: { steps: levelSteps, words: levelWords },
    url: boardUrl('bw-rivers'),
  },
  {
    label: depth,
    ask: { table: true, text: select({ what: `max("water_depth") AS "${depth}"`, from: deepest }) },
    scale: { steps: stepsFrom(streetDepth.levels) },
    unit: units.unitOf('water_depth'),
    decimals: 2,
    url: boardUrl('bw-streets'),
  },
  {
    label: rain,
    ask: { table: true, text: select({ what: `max("mm") AS "${rain}"`, from: newestHour }) },
    scale: { steps: stepsFrom(rainHour.levels) },
    unit: units.unitOf('rainfall'),
    decimals: 1,
    url: boardUrl('bw-rivers'),
  },
  {
    label: drinking,
    ask: sitesThatIndex(drinking, [ofIndex('gb5749'), inDistrict]),
    scale: { steps: above(1, 'orange') },
    url: boardUrl('bw-drinking'),
  },
]

export const cityHeadlines: readonly Builder<Panel>[] = [
  tiles({
    title: aqi,
    about: paragraphs(
      '最近一个完整小时，各空气站中最高，颜色按 HJ 633。',
      'Of the last full hour, the highest of all air stations, in the colours of HJ 633.',
    ),
    at: [0, 18, 4, 4],
    window: hourWindow,
    hideWindow: true,
    tiles: [
      {
        label: aqi,
        ask: worstIndex(aqi, 'cn-aqi-hourly', 'value'),
        scale: { steps: aqiSteps },
        decimals: 0,
        url: boardUrl('bw-air'),
      },
    ],
  }),
  tiles({
    title: both('全市最重', 'The worst in the city'),
    about: paragraphs(
      `洪水信号：各站按本站特征水位，最近完整小时。积水：各路段最新深度（${streetDepth.clause}）。雨量：各站最新一小时（${rainHour.source}）。超标站：最近完整小时有指标超出 GB 5749 的水厂与管网点。`,
      `Flood signal: of each gauge by its own levels, the last full hour. Water: the newest depth of each street (${streetDepth.clause}). Rain: the newest hour of each gauge (${rainHour.source}). Over limits: works and pipes with an item beyond GB 5749 in the last full hour.`,
    ),
    at: [4, 18, 16, 4],
    window: hourWindow,
    hideWindow: true,
    calc: 'sum',
    tiles: worstByLevel,
  }),
  tiles({
    title: worst,
    about: paragraphs(
      '各断面最近一日的水质类别（GB 3838）中最差。',
      'The worst class (GB 3838) of the last day of all sections.',
    ),
    at: [20, 18, 4, 4],
    window: '3d',
    hideWindow: true,
    tiles: [
      {
        label: worst,
        ask: worstIndex(worst, 'gb3838', 'level'),
        scale: { steps: classSteps, words: classWords },
        url: boardUrl('bw-water'),
      },
    ],
  }),
]
