/** Surface water: the class of each section, the item that decides it, and every item against the limits of the classes. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { phRange } from '../domain/standards/water/surface-limits.ts'
import { alertMarks } from './parts/annotations.ts'
import { namesOf, ofIndex } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { type Ask, inScope, newest, select, sound } from './parts/influxql.ts'
import { levelColours, noColour } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { map } from './parts/panels/map.ts'
import { boxes } from './parts/panels/rows.ts'
import { joinedBy, table } from './parts/panels/table.ts'
import { classIII, classSteps, classWords, itemSteps } from './parts/scales.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, language, ofKind, site } from './parts/variables.ts'

const classes = { steps: classSteps, words: classWords }
const names = namesOf(ofKind(['surface-water']), inScope, ['lat', 'lon'])

const daily: Ask = {
  table: true,
  text: select({
    what: newest('level', ['primary', 'category_$lang']),
    from: 'site_index',
    where: [ofIndex('gb3838'), inScope],
    by: '"site"',
  }),
}

const classTable = table({
  title: both('断面水质类别', 'Class of each section'),
  about: paragraphs(
    'GB 3838-2002：以日均值评价，最差的指标决定断面类别。“决定指标”为超过Ⅲ类的主要指标，“日期”为所评价的一天。',
    'GB 3838-2002 on means of the day: the worst item decides. "Decided by" names the main items beyond class III, "Day" is the day that was judged.',
  ),
  at: [0, 0, 14, 10],
  window: '3d',
  ask: [daily, names],
  transform: [joinedBy('site')],
  columns: [
    { field: 'level', title: both('类别', 'Class'), width: 90, scale: classes },
    { field: 'name', title: both('断面', 'Section') },
    { field: 'primary', title: both('决定指标', 'Decided by'), width: 150, blank: '—' },
    { field: 'category', title: both('状况', 'State'), width: 130 },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 100,
      link: { title: both('只看该断面', 'This section only'), url: siteUrl('bw-water') },
    },
  ],
  hide: ['Time', 'Time 1', 'Time 2', 'level_code', 'lat', 'lon'],
  sort: [{ by: both('类别', 'Class'), desc: true }],
})

const classMap = map({
  title: both('水质分布', 'Classes on the map'),
  about: paragraphs('各断面最近一日的类别。', 'The class of each section on the last day.'),
  at: [14, 0, 10, 10],
  window: '3d',
  ask: [daily, names],
  transform: [joinedBy('site')],
  layers: [{ name: both('断面', 'Sections'), symbol: 'circle' }],
  field: 'level',
  scale: classes,
  titles: {
    name: both('断面', 'Section'),
    site: both('站点', 'Site'),
    level: both('类别', 'Class'),
    primary: both('决定指标', 'Decided by'),
    category: both('状况', 'State'),
  },
  link: { title: both('只看该断面', 'This section only'), url: siteUrl('bw-water') },
})

const days = boxes({
  title: both('类别逐日（近30天）', 'Classes day by day (30 days)'),
  about: paragraphs('每断面每日一格。', 'A box for each day of each section.'),
  at: [0, 10, 24, 8],
  window: '30d',
  every: '1d',
  ask: [
    {
      text: select({
        what: '"level"',
        from: 'site_index',
        where: [ofIndex('gb3838'), inScope],
        by: '"site"',
      }),
      alias: '$tag_site',
    },
  ],
  scale: classes,
})

interface Item {
  code: string
  /** Of the table of classes; null where it has no limits by class. */
  item: string | null
  decimals: number
}

const items: readonly Item[] = [
  { code: 'dissolved_oxygen', item: 'do', decimals: 1 },
  { code: 'nh3n', item: 'nh3n', decimals: 2 },
  { code: 'tp', item: 'tp_river', decimals: 2 },
  { code: 'codmn', item: 'codmn', decimals: 1 },
  { code: 'ph', item: null, decimals: 1 },
  { code: 'turbidity', item: null, decimals: 0 },
]

const phSteps = [
  { value: null, color: levelColours.red },
  { value: Number(phRange.min), color: noColour },
  { value: Number(phRange.max), color: levelColours.red },
]

function itemChart({ code, item, decimals }: Item, i: number): Builder<Panel> {
  const bounds = item === null ? (code === 'ph' ? phSteps : []) : itemSteps(item)
  const reach: readonly [number | undefined, number | undefined] =
    code === 'ph'
      ? [Number(phRange.min) - 0.2, Number(phRange.max) + 0.2]
      : [0, item === null ? undefined : classIII(item) * 1.1]
  return chart({
    title: propertyTitle(code),
    about: paragraphs(
      '所选断面的小时均值。虚线：GB 3838-2002 各类别限值，浊度无限值。标准评价日均值，逐时仅供参考。',
      'Means of the hour of the sections chosen. Dashed: the limits of the classes of GB 3838-2002; turbidity has none. The standard judges means of a day.',
    ),
    at: [(i % 3) * 8, 18 + Math.floor(i / 3) * 8, 8, 8],
    every: '1h',
    unit: units.unitOf(code),
    decimals,
    bounds,
    shaded: code === 'ph',
    legend: 'none',
    reach,
    gapMs: 6 * 3_600_000,
    ask: [
      {
        text: select({
          what: `mean("${code}")`,
          from: 'water',
          where: [inScope, sound(code)],
          by: 'time($__interval), "site" fill(null)',
        }),
        alias: '$tag_site',
      },
    ],
  })
}

export const waterBoard: Dashboard = boardOf({
  uid: 'bw-water',
  about: {
    zh: '水环境监管：各断面水质类别、决定类别的指标、各项指标与类别限值。',
    en: 'For water quality staff: the class of each section, what decides it, and each item against the limits.',
  },
  from: 'now-3d',
  refresh: '5m',
  variables: [district, site(['surface-water'], 'listed'), language],
  marks: alertMarks(),
  panels: [classTable, classMap, days, ...items.map(itemChart)],
})
