/** Rain over the district and the reservoirs it fills. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { hourWindow, namesOf, ofIndex } from './parts/asks.ts'
import { inDistrict, inScope, newest, over, select, sound } from './parts/influxql.ts'
import { levelSteps, levelWords, stepsFrom } from './parts/levels.ts'
import { bars } from './parts/panels/bars.ts'
import type { At, Scale } from './parts/panels/frame.ts'
import { chart } from './parts/panels/chart.ts'
import { joinedBy, table } from './parts/panels/table.ts'
import { lastRain, rainSums } from './parts/rain.ts'
import { rainHour } from './parts/rain-hour.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'
import { ofKind } from './parts/variables.ts'

const millimetres = units.unitOf('rainfall')
const names = namesOf(ofKind(['rain-gauge']), inDistrict)
const amount = both('雨量', 'Rain')
const most = both('最大站', 'Heaviest gauge')
const mean = both('面平均', 'Mean of gauges')
const noLevel = { steps: [{ value: null, color: seriesColours.main }] }

/** Rain of a reading fell before it: hours are (from, to]. */
const hours = rainSums({ time: '1h, 1ms', fill: 'none' }).join(', ')

interface Sums {
  at: At
  length: '1h' | '24h'
  /** Also the reading before. */
  window: string
  scale: Scale
}

function sumsOf(title: string, { at, length, window, scale }: Sums): Builder<Panel> {
  return bars({
    title,
    about: paragraphs(
      '各雨量站时段雨量之和（累计雨量按增量），最大的在前。',
      'The sum of each rain gauge, of counters their increase, the largest first.',
    ),
    at,
    window,
    hideWindow: true,
    unit: millimetres,
    decimals: 1,
    field: amount,
    most: 8,
    span: [0, undefined],
    hide: ['site', 'level_code', 'Time 1', 'Time 2'],
    transform: [joinedBy('site')],
    scale,
    ask: [
      {
        table: true,
        text: over({
          what: `max("mm") AS "${amount}"`,
          from: lastRain(length),
          by: '"site"',
        }),
      },
      names,
    ],
  })
}

export function rainPanels(y: number): Builder<Panel>[] {
  return [
    chart({
      title: both('逐时雨量', 'Rain by the hour'),
      about: paragraphs(
        `每小时：最大站与各站平均。虚线：${rainHour.source}`,
        `Each hour: the heaviest gauge and the mean of all. Dashed: ${rainHour.source}`,
      ),
      at: [0, y, 12, 10],
      every: '1h',
      as: 'bars',
      unit: millimetres,
      decimals: 1,
      bounds: stepsFrom(rainHour.levels),
      reach: [0, 10],
      ask: [
        {
          text: select({
            what: `max("mm") AS "${most}", mean("mm") AS "${mean}"`,
            from: hours,
            by: 'time(1h) fill(none)',
          }),
          alias: '$col',
        },
      ],
      colours: { [most]: seriesColours.second, [mean]: seriesColours.main },
    }),
    sumsOf(both('近1小时雨量', 'Rain of the last hour'), {
      at: [12, y, 6, 10],
      length: '1h',
      window: '2h',
      scale: { steps: stepsFrom(rainHour.levels) },
    }),
    sumsOf(both('近24小时雨量', 'Rain of the last 24 hours'), {
      at: [18, y, 6, 10],
      length: '24h',
      window: '25h',
      scale: noLevel,
    }),
    table({
      title: both('暴雨预警信号（实况达标）', 'Rainstorm signals reached'),
      about: paragraphs(
        '各雨量站最近一个完整小时：实况雨量达到的暴雨预警信号。是否发布由气象部门决定。',
        'Of each rain gauge, the signal that its sums have reached in the last full hour. The weather service decides whether it is issued.',
      ),
      at: [0, y + 10, 8, 9],
      window: hourWindow,
      ask: [
        {
          table: true,
          text: select({
            what: newest('level'),
            from: 'site_index',
            where: [ofIndex('rainstorm-signal'), inDistrict],
            by: '"site"',
          }),
        },
        names,
      ],
      transform: [joinedBy('site')],
      columns: [
        {
          field: 'level',
          title: both('信号', 'Signal'),
          width: 100,
          scale: { steps: levelSteps, words: levelWords },
        },
        { field: 'name', title: both('名称', 'Name') },
        { field: 'site', title: both('站点', 'Site'), width: 110 },
      ],
      hide: ['Time', 'Time 1', 'Time 2', 'level_code'],
      sort: [{ by: both('信号', 'Signal'), desc: true }],
    }),
    ...reservoirs(y + 10),
  ]
}

function reservoirs(y: number): Builder<Panel>[] {
  return [
    table({
      title: both('水库', 'Reservoirs'),
      about: paragraphs(
        '水库的当前级别，按本库汛限等特征水位的规则。',
        'The level of each reservoir now, by the rules on its own flood-limit and other levels.',
      ),
      at: [8, y, 8, 9],
      window: hourWindow,
      ask: [
        {
          table: true,
          text: select({
            what: newest('level_code', ['name', 'silent_s']),
            from: 'site_state',
            where: [inDistrict, ofKind(['reservoir'])],
            by: '"site"',
          }),
        },
        {
          table: true,
          text: select({
            what: newest('water_level'),
            from: 'hydro',
            where: [inDistrict, sound('water_level')],
            by: '"site"',
          }),
        },
      ],
      transform: [joinedBy('site')],
      columns: [
        {
          field: 'level_code',
          title: both('级别', 'Level'),
          width: 96,
          scale: { steps: levelSteps, words: levelWords },
        },
        { field: 'name', title: both('名称', 'Name') },
        {
          field: 'water_level',
          title: both('水位', 'Stage'),
          width: 100,
          unit: units.unitOf('water_level'),
          decimals: 2,
        },
        { field: 'silent_s', title: both('距上次', 'Since'), width: 110, unit: units.age },
      ],
      hide: ['Time', 'Time 1', 'Time 2', 'site'],
      sort: [{ by: both('级别', 'Level'), desc: true }],
    }),
    chart({
      title: both('流量', 'Discharge'),
      about: paragraphs('所选水文站流量。', 'Discharge of the gauges chosen.'),
      at: [16, y, 8, 9],
      every: '10m',
      unit: units.unitOf('flow'),
      decimals: 0,
      reach: [0, undefined],
      legend: 'none',
      gapMs: 3_600_000,
      ask: [
        {
          text: select({
            what: 'mean("flow")',
            from: 'hydro',
            where: [inScope, sound('flow')],
            by: 'time($__interval), "site" fill(null)',
          }),
          alias: '$tag_site',
        },
      ],
    }),
  ]
}
