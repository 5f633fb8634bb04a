/** Utilities: what the works give, what the quarters take, the pressure between, and where water may be leaking. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertMarks } from './parts/annotations.ts'
import { namesOf } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inScope, inner, select, sound } from './parts/influxql.ts'
import { bars } from './parts/panels/bars.ts'
import { chart } from './parts/panels/chart.ts'
import { joinedBy } from './parts/panels/table.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, hidden, language, ofKind, site } from './parts/variables.ts'

const atWorks = '"site" =~ /^$works$/'
const cubicMetres = units.unitOf('meter_volume')
const plain = { steps: [{ value: null, color: seriesColours.main }] }

const supply = both('供水', 'Supply')
const use = both('用水', 'Use')

const supplied = chart({
  title: both('出厂流量', 'Supply of the works'),
  about: paragraphs(
    '各水厂小时均值之和。',
    'The sum of the hourly means of all works of the district.',
  ),
  at: [0, 0, 12, 9],
  every: '1h',
  as: 'bars',
  unit: units.unitOf('meter_flow'),
  decimals: 0,
  reach: [0, undefined],
  ask: [
    {
      text: select({
        what: `sum("flow") AS "${supply}"`,
        from: inner({
          what: 'mean("meter_flow") AS "flow"',
          from: 'utility',
          where: [atWorks, sound('meter_flow')],
          by: 'time(1h), "device" fill(none)',
        }),
        by: 'time(1h) fill(none)',
      }),
      alias: '$col',
    },
  ],
  colours: { [supply]: seriesColours.main },
})

const used = chart({
  title: both('小区用水', 'Use of the quarters'),
  about: paragraphs(
    '所选小区水表读数之差，按小时合计。休眠水表数小时上报一次，最近几小时会随后补齐。',
    'From the differences of meter readings, summed by the hour. Meters that sleep report every few hours: the last hours fill up later.',
  ),
  at: [12, 0, 12, 9],
  every: '1h',
  as: 'bars',
  unit: units.unitOf('meter_flow'),
  decimals: 1,
  reach: [0, undefined],
  ask: [
    {
      text: select({
        what: `sum("flow") AS "${use}"`,
        from: inner({
          // A meter that was replaced begins anew: what falls is no use.
          what: 'non_negative_difference("meter_volume") AS "flow"',
          from: 'utility',
          where: [inScope, sound('meter_volume')],
          by: '"device"',
        }),
        // An increment belongs to the hour that ends with its reading.
        by: 'time(1h, 1ms) fill(none)',
      }),
      alias: '$col',
    },
  ],
  colours: { [use]: seriesColours.second },
})

const lowest = both('最低', 'Lowest')
const mean = both('平均', 'Mean')

const pressure = chart({
  title: both('管网压力（水头）', 'Pressure head in the quarters'),
  about: paragraphs(
    '所选小区中最低与平均水头。',
    'The lowest and the mean head of the quarters chosen.',
  ),
  at: [0, 9, 12, 9],
  every: '1h',
  unit: units.unitOf('pressure_head'),
  decimals: 1,
  gapMs: 3 * 3_600_000,
  ask: [
    {
      text: select({
        what: `min("pressure_head") AS "${lowest}", mean("pressure_head") AS "${mean}"`,
        from: 'utility',
        where: [inScope, sound('pressure_head')],
        by: 'time($__interval) fill(null)',
      }),
      alias: '$col',
    },
  ],
  colours: { [lowest]: seriesColours.second, [mean]: seriesColours.main },
})

const tanks = chart({
  title: propertyTitle('tank_level'),
  about: paragraphs('各水厂清水池水位。', 'The clear-water tank of each of the works.'),
  at: [12, 9, 12, 9],
  every: '5m',
  unit: units.unitOf('tank_level'),
  decimals: 2,
  reach: [0, undefined],
  gapMs: 3_600_000,
  ask: [
    {
      text: select({
        what: 'mean("tank_level")',
        from: 'utility',
        where: [atWorks, sound('tank_level')],
        by: 'time($__interval), "site" fill(null)',
      }),
      alias: '$tag_site',
    },
  ],
})

interface Ranking {
  title: string
  about: string
  x: number
  field: string
  unit: string
  decimals: number
  what: string
  from: string
}

/** Quarters with the largest figure, made of the figures of their meters. */
function ranking({ x, field, what, from, ...plan }: Ranking): Builder<Panel> {
  return bars({
    ...plan,
    at: [x, 18, 12, 9],
    window: '24h',
    field,
    most: 8,
    span: [0, undefined],
    hide: ['site', 'level_code', 'Time 1', 'Time 2'],
    transform: [joinedBy('site')],
    scale: plain,
    ask: [
      { table: true, text: select({ what: `${what} AS "${field}"`, from, by: '"site"' }) },
      namesOf(ofKind(['meter']), inScope),
    ],
  })
}

const rankings = [
  ranking({
    title: both('近24小时用水最多的小区', 'Quarters that used most in 24 h'),
    about: paragraphs(
      '水表读数逐次之差，按小区合计；换表重新计数。',
      'The increments of meter readings, summed over the quarter; a meter that was replaced begins anew.',
    ),
    x: 0,
    field: both('用水量', 'Used'),
    unit: cubicMetres,
    decimals: 1,
    what: 'sum("used")',
    from: inner({
      what: 'non_negative_difference("meter_volume") AS "used"',
      from: 'utility',
      where: [inScope, sound('meter_volume')],
      by: '"device", "site"',
    }),
  }),
  ranking({
    title: both('最小流量占平均的比例', 'Least flow as a share of the mean'),
    about: paragraphs(
      '近24小时各水表最小与平均流量之比的均值，不含停走的水表。夜间应接近零：比例高提示漏损。',
      'Of the last 24 hours, least flow over mean flow, a mean of the meters that run. At night it should be small: a large share suggests a leak.',
    ),
    x: 12,
    field: both('比例', 'Share'),
    unit: units.percent,
    decimals: 0,
    what: 'mean("share")',
    from: inner({
      what: '100 * "least" / "mean" AS "share"',
      // InfluxDB answers 0 for what is divided by 0: a meter that stands still would hide the leaks of others.
      from: inner({
        what: 'min("meter_flow") AS "least", mean("meter_flow") AS "mean"',
        from: 'utility',
        where: [inScope, sound('meter_flow')],
        by: '"device", "site"',
      }),
      where: ['"mean" > 0'],
      by: '"device", "site"',
    }),
  }),
]

export const utilitiesBoard: Dashboard = boardOf({
  uid: 'bw-utilities',
  about: {
    zh: '供水调度：出厂与用水、压力、清水池、用水大户与可能的漏损。',
    en: 'For those who run the supply: what goes in and out, pressure, tanks, large users and possible leaks.',
  },
  from: 'now-48h',
  refresh: '5m',
  variables: [district, site(['meter'], 'listed'), hidden('works', ['water-plant']), language],
  marks: alertMarks(),
  panels: [supplied, used, pressure, tanks, ...rankings],
})
