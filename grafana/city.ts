/** The board on the wall: what is wrong, where, and what is not known because something has gone silent. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertLevels } from '../domain/rule.ts'
import type { Site } from '../domain/site.ts'
import { cityCounts } from './city-counts.ts'
import { cityHeadlines } from './city-headlines.ts'
import { alertMarks, becameWorse } from './parts/annotations.ts'
import { nowWindow, openAlertRows, worsened } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inner, inScope, newest, select } from './parts/influxql.ts'
import { levelColours, levelName, levelSteps, levelWords } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { map } from './parts/panels/map.ts'
import { timeline } from './parts/panels/rows.ts'
import { table } from './parts/panels/table.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'
import { anySite, district, language, ofKind } from './parts/variables.ts'

const level = { steps: levelSteps, words: levelWords }

interface Group {
  name: string
  symbol: 'circle' | 'square' | 'triangle' | 'star'
  kinds: readonly Site['kind'][]
}

const groups: readonly Group[] = [
  {
    name: both('水情雨情', 'Rivers and rain'),
    symbol: 'circle',
    kinds: ['river-gauge', 'reservoir', 'rain-gauge', 'coast', 'soil'],
  },
  { name: both('空气', 'Air'), symbol: 'triangle', kinds: ['air-station'] },
  {
    name: both('道路与排口', 'Streets and outfalls'),
    symbol: 'square',
    kinds: ['street', 'outfall'],
  },
  {
    name: both('水质与供水', 'Water quality and supply'),
    symbol: 'star',
    kinds: ['surface-water', 'water-plant', 'pipe', 'meter', 'other'],
  },
]

const cityMap = map({
  title: `${both('全市站点', 'All sites')} · ● 水雨情 ▲ 空气 ■ 道路排口 ★ 水质供水`,
  about: paragraphs(
    '颜色：站点最高未解除告警级别，灰色为静默。形状：● 水情雨情 ▲ 空气 ■ 道路与排口 ★ 水质与供水。',
    'Colour: the highest open level of the site, grey is silent. Shape: ● rivers and rain ▲ air ■ streets and outfalls ★ water quality and supply.',
  ),
  at: [0, 4, 14, 14],
  window: nowWindow,
  layers: groups.map(({ name, symbol, kinds }) => ({
    name,
    symbol,
    ask: {
      table: true,
      text: select({
        what: newest('level_code', ['name', 'lat', 'lon', 'alerts_open', 'silent_s']),
        from: 'site_state',
        where: [inScope, ofKind(kinds)],
        by: '"site"',
      }),
    },
  })),
  field: 'level_code',
  scale: level,
  titles: {
    name: both('名称', 'Name'),
    site: both('站点', 'Site'),
    level_code: both('级别', 'Level'),
    alerts_open: both('未解除告警', 'Open alerts'),
    silent_s: both('距上次数据', 'Since last data'),
  },
  overrides: [{ field: 'silent_s', set: { unit: units.age } }],
  link: { title: both('该站告警', 'Alerts of this site'), url: siteUrl('bw-alerts') },
})

const openTable = table({
  title: both('未解除告警', 'Open alerts'),
  about: paragraphs(
    '最重的在前。点击站点查看该站全部告警。',
    'The worst first. A click on the site leads to all of its alerts.',
  ),
  at: [14, 4, 10, 8],
  window: nowWindow,
  ask: [openAlertRows(['text_$lang', 'raised_ms'], inScope)],
  columns: [
    { field: 'level_code', title: both('级别', 'Level'), width: 96, scale: level },
    { field: 'text', title: both('内容', 'What'), wrap: true },
    { field: 'raised_ms', title: both('触发', 'Raised'), width: 110, unit: units.sinceThen },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 120,
      link: { title: both('该站告警', 'Alerts of this site'), url: siteUrl('bw-alerts') },
    },
  ],
  hide: ['Time', 'rule', 'district', 'device', 'property'],
  sort: [{ by: both('级别', 'Level'), desc: true }],
})

const silentTable = table({
  title: both('静默站点', 'Silent sites'),
  about: paragraphs(
    '没有一台设备按时上报的站点，最久的在前。',
    'Sites none of whose devices report in time, the longest silence first.',
  ),
  at: [14, 12, 10, 6],
  window: nowWindow,
  ask: [
    {
      table: true,
      text: select({
        what: '"name", "silent_s"',
        from: inner({
          what: newest('silent', ['name', 'silent_s']),
          from: 'site_state',
          where: [inScope],
          by: '"site"',
        }),
        where: ['"silent" = 1'],
        by: '"site"',
      }),
    },
  ],
  columns: [
    { field: 'name', title: both('名称', 'Name') },
    { field: 'silent_s', title: both('静默', 'Silent for'), width: 120, unit: units.age },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 130,
      link: { title: both('设备', 'Devices'), url: siteUrl('bw-devices') },
    },
  ],
  hide: ['Time'],
  sort: [{ by: both('静默', 'Silent for'), desc: true }],
})

const kinds = {
  'river-gauge': both('水文站', 'River gauges'),
  reservoir: both('水库', 'Reservoirs'),
  'rain-gauge': both('雨量站', 'Rain gauges'),
  street: both('道路', 'Streets'),
  outfall: both('排口', 'Outfalls'),
  'air-station': both('空气站', 'Air stations'),
  'surface-water': both('断面', 'Water sections'),
  'water-plant': both('水厂', 'Waterworks'),
  pipe: both('管网', 'Pipes'),
  meter: both('小区', 'Quarters'),
  soil: both('墒情站', 'Soil stations'),
  coast: both('海岸', 'Coast'),
  other: both('其他', 'Other'),
} as const satisfies Record<Site['kind'], string>

const levelRows = timeline({
  title: both('各类站点的最高级别', 'Highest level of each kind of site'),
  about: paragraphs(
    '每类站点中最高的告警级别随时间的变化；全部静默时为灰色。',
    'The highest level among the sites of each kind over time; grey when all of them are silent.',
  ),
  at: [0, 22, 24, 9],
  every: '1m',
  ask: [
    {
      text: select({
        what: 'max("level_code")',
        from: 'site_state',
        where: [inScope],
        by: 'time($__interval), "kind" fill(none)',
      }),
      alias: '$tag_kind',
    },
  ],
  scale: level,
  overrides: Object.entries(kinds).map(([field, displayName]) => ({ field, set: { displayName } })),
})

const raised = chart({
  title: both('新增与升级告警', 'Alerts raised or escalated'),
  about: paragraphs(
    '每小时新触发或升级的告警数，按级别。',
    'How many alerts were raised or escalated in each hour, by level.',
  ),
  at: [0, 31, 24, 7],
  every: '1h',
  as: 'stacked bars',
  unit: units.none,
  decimals: 0,
  ask: alertLevels.map((one) => worsened(one, levelName(one), becameWorse)),
  colours: Object.fromEntries(alertLevels.map((one) => [levelName(one), levelColours[one]])),
})

export const cityBoard: Dashboard = boardOf({
  uid: 'bw-city',
  about: {
    zh: '值班长与指挥大屏：哪里有告警、多严重，哪里失去了数据。',
    en: 'For the duty officer and the wall: where alerts are open, how bad, and where data has stopped.',
  },
  from: 'now-24h',
  refresh: '30s',
  variables: [district, anySite, language],
  marks: alertMarks(),
  panels: [...cityCounts, cityMap, openTable, silentTable, ...cityHeadlines, levelRows, raised],
})
