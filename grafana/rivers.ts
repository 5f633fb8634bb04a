/** Rivers and rain: each gauge against its own levels, how fast it rises, what has fallen, and the wave going down. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertMarks } from './parts/annotations.ts'
import { hourWindow, namesOf, nowWindow } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inDistrict, inner, inScope, select, sound } from './parts/influxql.ts'
import { levelColours, levelSteps, levelWords } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { map } from './parts/panels/map.ts'
import { difference, gatheredBy, table } from './parts/panels/table.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, language, ofKind, site } from './parts/variables.ts'
import { rainPanels } from './rivers-rain.ts'

const gauges = ofKind(['river-gauge'])
const level = { steps: levelSteps, words: levelWords }
const metres = units.unitOf('water_level')
const own = ['warning_level', 'guarantee_level', 'record_level'] as const

const stage = both('水位', 'Stage')

const gaugeTable = table({
  title: both('各站水情（自上游至下游）', 'Gauges, upstream first'),
  about: paragraphs(
    '水位与本站警戒、保证水位比较。“超警戒”为负表示尚未达到。按警戒水位从高到低排列：同一河流即自上游至下游。涨率为最近20分钟均值之差，换算为每小时。',
    'The stage against the warning and guarantee levels of each gauge. "Over" below zero: not reached. Sorted by warning level, which on one river means upstream first. The rise is between means of 20 minutes, per hour.',
  ),
  at: [0, 0, 17, 13],
  window: hourWindow,
  ask: [
    {
      table: true,
      text: select({
        what: 'last("water_level") AS "stage"',
        from: 'hydro',
        where: [inScope, sound('water_level')],
        by: '"site"',
      }),
    },
    {
      table: true,
      text: select({
        what: 'last("rate") AS "rate"',
        from: inner({
          what: 'derivative(mean("water_level"), 1h) AS "rate"',
          from: 'hydro',
          where: [inScope, sound('water_level')],
          by: 'time(20m), "site" fill(none)',
        }),
        by: '"site"',
      }),
    },
    namesOf(gauges, inScope, own),
  ],
  transform: [gatheredBy('site'), difference('stage', 'warning_level', 'over')],
  columns: [
    { field: 'level_code', title: both('级别', 'Level'), width: 90, scale: level },
    { field: 'name', title: both('名称', 'Name') },
    { field: 'stage', title: stage, width: 100, unit: metres, decimals: 2 },
    {
      field: 'rate',
      title: both('涨率', 'Rise'),
      width: 100,
      unit: units.metresPerHour,
      decimals: 2,
    },
    { field: 'over', title: both('超警戒', 'Over'), width: 110, unit: metres, decimals: 2 },
    {
      field: 'warning_level',
      title: both('警戒', 'Warning'),
      width: 115,
      unit: metres,
      decimals: 2,
    },
    {
      field: 'guarantee_level',
      title: both('保证', 'Guarantee'),
      width: 130,
      unit: metres,
      decimals: 2,
    },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 110,
      link: { title: both('只看该站', 'This gauge only'), url: siteUrl('bw-rivers') },
    },
  ],
  hide: ['Time', 'Time 1', 'Time 2', 'Time 3', 'record_level'],
  sort: [{ by: both('警戒', 'Warning'), desc: true }],
})

const gaugeMap = map({
  title: both('水雨情站点', 'Gauges on the map'),
  about: paragraphs(
    '● 水文站 ■ 水库 ▲ 雨量站；颜色为最高未解除告警级别，灰色为静默。',
    '● river gauges ■ reservoirs ▲ rain gauges; the colour is the highest open level, grey is silent.',
  ),
  at: [17, 0, 7, 13],
  window: nowWindow,
  layers: (
    [
      [both('水文站', 'River gauges'), 'circle', 'river-gauge'],
      [both('水库', 'Reservoirs'), 'square', 'reservoir'],
      [both('雨量站', 'Rain gauges'), 'triangle', 'rain-gauge'],
    ] as const
  ).map(([name, symbol, kind]) => ({
    name,
    symbol,
    ask: namesOf(ofKind([kind]), inDistrict, ['lat', 'lon', 'silent_s']),
  })),
  field: 'level_code',
  scale: level,
  titles: {
    name: both('名称', 'Name'),
    site: both('站点', 'Site'),
    level_code: both('级别', 'Level'),
    silent_s: both('距上次数据', 'Since last data'),
  },
  overrides: [{ field: 'silent_s', set: { unit: units.age } }],
  link: { title: both('只看该站', 'This gauge only'), url: siteUrl('bw-rivers') },
})

const rises = inner({
  what: 'difference(mean("water_level")) AS "d"',
  from: 'hydro',
  where: [inScope, sound('water_level')],
  by: 'time($__interval), "site" fill(none)',
})

const wave = chart({
  title: both('洪水波：相对起点涨幅', 'The wave: rise since the start'),
  about: paragraphs(
    '各站水位自时间范围起点以来的变化，便于看洪峰自上而下的推进。',
    'How far each gauge has risen since the start of the time range: a crest is seen to travel downstream.',
  ),
  at: [0, 13, 12, 9],
  every: '10m',
  unit: metres,
  decimals: 2,
  gapMs: 3_600_000,
  ask: [
    {
      text: select({ what: 'cumulative_sum("d")', from: rises, by: '"site"' }),
      alias: '$tag_site',
    },
  ],
})

const rate = chart({
  title: both('涨率', 'Rate of rise'),
  about: paragraphs(
    '每小时水位变化，上涨为正。',
    'Change of the stage per hour; rising is above zero.',
  ),
  at: [12, 13, 12, 9],
  every: '10m',
  unit: units.metresPerHour,
  decimals: 2,
  reach: [-0.2, 0.5],
  legend: 'none',
  gapMs: 3_600_000,
  ask: [
    {
      text: select({
        what: 'derivative(mean("water_level"), 1h)',
        from: 'hydro',
        where: [inScope, sound('water_level')],
        by: 'time($__interval), "site" fill(none)',
      }),
      alias: '$tag_site',
    },
  ],
})

const lines = {
  [both('警戒', 'Warning')]: { field: 'warning_level', colour: levelColours.yellow },
  [both('保证', 'Guarantee')]: { field: 'guarantee_level', colour: levelColours.orange },
  [both('历史最高', 'Record')]: { field: 'record_level', colour: levelColours.red },
}

/** A chart for each gauge, because each has levels of its own. */
const stages = chart({
  title: '$site',
  about: paragraphs(
    '水位（实线）与本站警戒、保证、历史最高水位（虚线）。本站没有的特征水位不画。',
    'The stage (solid) and the warning, guarantee and record levels of this gauge (dashed). A level that the gauge does not have is not drawn.',
  ),
  at: [0, 41, 24, 8],
  every: '5m',
  unit: metres,
  decimals: 2,
  gapMs: 3_600_000,
  repeat: { variable: 'site', perRow: 3 },
  ask: [
    {
      text: select({
        what: `mean("water_level") AS "${stage}"`,
        from: 'hydro',
        where: [inScope, sound('water_level')],
        by: 'time($__interval) fill(null)',
      }),
      alias: '$col',
    },
    {
      text: select({
        what: Object.entries(lines)
          .map(([name, { field }]) => `last("${field}") AS "${name}"`)
          .join(', '),
        from: 'site_state',
        where: [inScope],
        by: 'time($__interval) fill(previous)',
      }),
      alias: '$col',
    },
  ],
  colours: {
    [stage]: seriesColours.main,
    ...Object.fromEntries(Object.entries(lines).map(([name, { colour }]) => [name, colour])),
  },
  dashed: Object.keys(lines),
})

export const riversBoard: Dashboard = boardOf({
  uid: 'bw-rivers',
  about: {
    zh: '防汛值班：各站水位与本站特征水位、涨率、雨量、水库；自上游至下游。',
    en: 'For flood duty: each gauge against its own levels, the rate of rise, rain, reservoirs; from upstream to downstream.',
  },
  from: 'now-24h',
  refresh: '1m',
  variables: [district, site(['river-gauge'], 'listed'), language],
  marks: alertMarks(),
  panels: [gaugeTable, gaugeMap, wave, rate, ...rainPanels(22), stages],
})
