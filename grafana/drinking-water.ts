/** Drinking water: works and pipes against GB 5749, the residual of disinfectant first. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel, Threshold } from '@grafana/grafana-foundation-sdk/dashboard'
import { disinfectants, drinkingItems } from '../domain/standards/water/drinking-limits.ts'
import { alertMarks } from './parts/annotations.ts'
import { hourWindow, namesOf, ofIndex } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inScope, newest, select, sound } from './parts/influxql.ts'
import { levelColours, noColour } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { boxes } from './parts/panels/rows.ts'
import { joinedBy, table } from './parts/panels/table.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, language, ofKind, site } from './parts/variables.ts'
import { verdictSteps, verdictWords } from './parts/verdict.ts'

const verdict = { steps: verdictSteps, words: verdictWords }

const siteTable = table({
  title: both('水厂与管网', 'Works and pipes'),
  about: paragraphs(
    'GB 5749-2022，最近一个完整小时的均值。仅评价在线监测的指标，“达标”不代表全部97项。',
    'GB 5749-2022 on means of the last full hour. Only what instruments measure is judged: "meets" does not speak for all 97 indicators.',
  ),
  at: [0, 0, 12, 9],
  window: hourWindow,
  ask: [
    {
      table: true,
      text: select({
        what: newest('level', ['primary', 'category_$lang']),
        from: 'site_index',
        where: [ofIndex('gb5749'), inScope],
        by: '"site"',
      }),
    },
    namesOf(ofKind(['water-plant', 'pipe']), inScope),
  ],
  transform: [joinedBy('site')],
  columns: [
    { field: 'level', title: both('评价', 'Verdict'), width: 130, scale: verdict },
    { field: 'name', title: both('名称', 'Name') },
    { field: 'primary', title: both('超标指标', 'Beyond limits'), width: 180, blank: '—' },
    {
      field: 'site',
      title: both('站点', 'Site'),
      width: 120,
      link: { title: both('只看该站', 'This site only'), url: siteUrl('bw-drinking') },
    },
  ],
  hide: ['Time', 'Time 1', 'Time 2', 'level_code', 'category'],
  sort: [{ by: both('评价', 'Verdict'), desc: true }],
})

const hours = boxes({
  title: both('逐时评价', 'Verdicts hour by hour'),
  about: paragraphs('每站每小时一格。', 'A box for each hour of each site.'),
  at: [12, 0, 12, 9],
  every: '1h',
  ask: [
    {
      text: select({
        what: 'last("level")',
        from: 'site_index',
        where: [ofIndex('gb5749'), inScope],
        by: 'time(1h), "site" fill(none)',
      }),
      alias: '$tag_site',
    },
  ],
  scale: verdict,
})

/** Red outside of the limits, nothing inside. */
function within(min: number | undefined, max: number | undefined): Threshold[] {
  const inside: Threshold = { value: min ?? null, color: noColour }
  return [
    ...(min === undefined ? [] : [{ value: null, color: levelColours.red }]),
    inside,
    ...(max === undefined ? [] : [{ value: max, color: levelColours.red }]),
  ]
}

interface Item {
  code: string
  about: readonly [zh: string, en: string]
  decimals: number
  min?: number
  max?: number
}

function limitsOf(code: string): { min?: number; max?: number } {
  const item = drinkingItems.find((one) => one.property === code)
  if (item === undefined) throw new Error(`GB 5749 has no item ${code}.`)
  return { ...(item.min === null ? {} : { min: Number(item.min) }), max: Number(item.max) }
}

const chlorine = disinfectants.find(({ property }) => property === 'residual_chlorine')
const atPlant = Number(chlorine?.residual.plant)
const atEnd = Number(chlorine?.residual.network)

const items: readonly Item[] = [
  {
    code: 'residual_chlorine',
    about: [
      `虚线：出厂水余量下限 ${atPlant}、上限 ${chlorine?.max} mg/L（GB 5749-2022 表2）；管网末梢下限为 ${atEnd}。`,
      `Dashed: at least ${atPlant} leaving the works, at most ${chlorine?.max} mg/L (GB 5749-2022 table 2); ${atEnd} must be left at the end of the network.`,
    ],
    decimals: 2,
    min: atPlant,
    max: Number(chlorine?.max),
  },
  {
    code: 'turbidity',
    about: ['虚线：GB 5749-2022 表1限值。', 'Dashed: the limit of GB 5749-2022 table 1.'],
    decimals: 2,
    ...limitsOf('turbidity'),
  },
  {
    code: 'ph',
    about: ['虚线：GB 5749-2022 表1上下限。', 'Dashed: the limits of GB 5749-2022 table 1.'],
    decimals: 2,
    ...limitsOf('ph'),
  },
  { code: 'meter_flow', about: ['出厂流量。', 'Flow that leaves the works.'], decimals: 0 },
  {
    code: 'pressure_head',
    about: ['出厂压力，以水头计。', 'Pressure at the outlet, as head.'],
    decimals: 1,
  },
  { code: 'tank_level', about: ['清水池水位。', 'Level of the clear-water tank.'], decimals: 2 },
]

function itemChart({ code, about, decimals, min, max }: Item, i: number): Builder<Panel> {
  return chart({
    title: propertyTitle(code),
    about: paragraphs(...about),
    at: [(i % 3) * 8, 9 + Math.floor(i / 3) * 8, 8, 8],
    every: '5m',
    unit: units.unitOf(code),
    decimals,
    bounds: min === undefined && max === undefined ? [] : within(min, max),
    shaded: true,
    reach: [min === undefined ? 0 : min * 0.95, max === undefined ? undefined : max * 1.05],
    gapMs: 3_600_000,
    ask: [
      {
        text: select({
          what: `mean("${code}")`,
          from: units.measurementOf(code),
          where: [inScope, sound(code)],
          by: 'time($__interval), "site" fill(null)',
        }),
        alias: '$tag_site',
      },
    ],
  })
}

export const drinkingBoard: Dashboard = boardOf({
  uid: 'bw-drinking',
  about: {
    zh: '供水安全：水厂与管网水质对照 GB 5749，消毒剂余量、浊度、pH 与供水状态。',
    en: 'For the safety of supply: works and pipes against GB 5749, residual disinfectant, turbidity, pH, and how supply runs.',
  },
  from: 'now-24h',
  refresh: '1m',
  variables: [district, site(['water-plant', 'pipe'], 'listed'), language],
  marks: alertMarks(),
  panels: [siteTable, hours, ...items.map(itemChart)],
})
