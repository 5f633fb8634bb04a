/** Alerts: what is open and since when, what has happened, and how fast people took care of it. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertLevels } from '../domain/rule.ts'
import { becameWorse } from './parts/annotations.ts'
import { counted, nowWindow, openAlert, openAlertRows, openAlerts, worsened } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inner, inScope, newest, select } from './parts/influxql.ts'
import {
  above,
  levelColours,
  levelName,
  levelSteps,
  levelWords,
  noticeFrom,
} from './parts/levels.ts'
import { deviceUrl, siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { timeline } from './parts/panels/rows.ts'
import { table } from './parts/panels/table.ts'
import { tiles } from './parts/panels/tiles.ts'
import { seriesColours } from './parts/series-colours.ts'
import { changeWords, stateWords } from './parts/words.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'
import { anySite, district, language } from './parts/variables.ts'

const level = { steps: levelSteps, words: levelWords }
const waiting = both('未确认', 'Not acknowledged')

const open = tiles({
  title: both('未解除告警', 'Open alerts'),
  about: paragraphs(
    '按级别，及其中无人确认的。Bellwether 停止写入时显示“无数据”。',
    'By level, and how many of them nobody has acknowledged. "No data" when Bellwether stops writing.',
  ),
  at: [0, 0, 24, 4],
  window: nowWindow,
  calc: 'sum',
  tiles: [
    ...[...alertLevels].reverse().map((one) => ({
      label: levelName(one),
      ask: openAlerts(one, levelName(one), inScope),
      scale: { steps: above(1, one) },
    })),
    {
      label: waiting,
      ask: counted(
        waiting,
        inner({
          what: 'count("acknowledged") AS "n"',
          from: inner({
            what: newest('acknowledged'),
            from: 'alert_open',
            where: [inScope],
            by: openAlert,
          }),
          where: ['"acknowledged" = 0'],
        }),
      ),
      scale: { steps: noticeFrom(1) },
    },
  ],
})

const toSite = { title: both('该站告警', 'Alerts of this site'), url: siteUrl('bw-alerts') }
const toDevice = { title: both('设备', 'Device'), url: deviceUrl() }

const openTable = table({
  title: both('未解除', 'Open'),
  about: paragraphs(
    '最重的在前，同级按触发时间。',
    'The worst first, then by when they were raised.',
  ),
  at: [0, 4, 24, 10],
  window: nowWindow,
  ask: [openAlertRows(['text_$lang', 'state', 'value', 'bound', 'raised_ms'], inScope)],
  columns: [
    { field: 'level_code', title: both('级别', 'Level'), width: 96, scale: level },
    { field: 'text', title: both('内容', 'What'), wrap: true },
    { field: 'raised_ms', title: both('触发', 'Raised'), width: 120, unit: units.sinceThen },
    { field: 'state', title: both('状态', 'State'), width: 170, words: stateWords },
    { field: 'value', title: both('数值', 'Value'), width: 90, unit: units.short, decimals: 2 },
    { field: 'bound', title: both('界限', 'Bound'), width: 90, unit: units.short, decimals: 2 },
    { field: 'rule', title: both('规则', 'Rule'), width: 150 },
    { field: 'site', title: both('站点', 'Site'), width: 120, link: toSite },
    { field: 'device', title: both('设备', 'Device'), width: 130, link: toDevice },
  ],
  hide: ['Time', 'district', 'property'],
  sort: [
    { by: both('级别', 'Level'), desc: true },
    { by: both('触发', 'Raised'), desc: true },
  ],
})

const raised = chart({
  title: both('新增与升级', 'Raised or escalated'),
  about: paragraphs(
    '每小时新触发或升级的告警数，按级别。',
    'How many alerts were raised or escalated in each hour, by level.',
  ),
  at: [0, 14, 12, 8],
  every: '1h',
  as: 'stacked bars',
  unit: units.none,
  decimals: 0,
  ask: alertLevels.map((one) => worsened(one, levelName(one), becameWorse)),
  colours: Object.fromEntries(alertLevels.map((one) => [levelName(one), levelColours[one]])),
})

const half = both('一半在此之内', 'Half within')
const most = both('九成在此之内', 'Nine in ten within')

/** Of the alerts acknowledged or resolved in each window. */
function durations(field: 'ack_s' | 'open_s', plan: { title: string; about: string; x: number }) {
  const { title, about, x } = plan
  return chart({
    title,
    about,
    at: [x, 14, 6, 8],
    every: '1h',
    unit: units.seconds,
    decimals: 1,
    reach: [0, undefined],
    ask: [
      {
        text: select({
          what: `percentile("${field}", 50) AS "${half}", percentile("${field}", 90) AS "${most}"`,
          from: 'alert_event',
          where: [inScope],
          by: 'time($__interval) fill(null)',
        }),
        alias: '$col',
      },
    ],
    colours: { [half]: seriesColours.main, [most]: seriesColours.second },
  })
}

const acknowledging = durations('ack_s', {
  title: both('确认用时', 'Time to acknowledge'),
  about: paragraphs('从触发到有人确认。', 'From being raised until someone acknowledged it.'),
  x: 12,
})

const lasting = durations('open_s', {
  title: both('持续时间', 'How long they lasted'),
  about: paragraphs('从触发到解除。', 'From being raised until resolved.'),
  x: 18,
})

const rows = timeline({
  title: both('各规则的最高级别', 'Highest level of each rule'),
  about: paragraphs('时间范围内有过告警的规则。', 'Rules that had an alert within the time range.'),
  at: [0, 22, 24, 8],
  every: '5m',
  ask: [
    {
      text: select({
        what: 'max("level_code")',
        from: 'alert_open',
        where: [inScope],
        by: 'time($__interval), "rule" fill(0)',
      }),
      alias: '$tag_rule',
    },
  ],
  scale: level,
})

const history = table({
  title: both('历史', 'History'),
  about: paragraphs(
    '时间范围内的每次变化，最新在前，最多500条。',
    'Every change within the time range, the newest first, 500 at most.',
  ),
  at: [0, 30, 24, 14],
  ask: [
    {
      table: true,
      text: `${select({
        what: '"level_code", "text_$lang" AS "text", "type", "rule", "site", "device"',
        from: 'alert_event',
        where: [inScope],
      })} ORDER BY time DESC LIMIT 500`,
    },
  ],
  columns: [
    { field: 'Time', title: both('时间', 'Time'), width: 160 },
    { field: 'type', title: both('变化', 'Change'), width: 170, words: changeWords },
    { field: 'level_code', title: both('级别', 'Level'), width: 96, scale: level },
    { field: 'text', title: both('内容', 'What'), wrap: true },
    { field: 'rule', title: both('规则', 'Rule'), width: 150 },
    { field: 'site', title: both('站点', 'Site'), width: 120, link: toSite },
    { field: 'device', title: both('设备', 'Device'), width: 130, link: toDevice },
  ],
  sort: [{ by: both('时间', 'Time'), desc: true }],
})

export const alertsBoard: Dashboard = boardOf({
  uid: 'bw-alerts',
  about: {
    zh: '值班与复盘：未解除告警、历史、确认用时与持续时间。',
    en: 'For duty and for looking back: open alerts, history, time to acknowledge and how long alerts lasted.',
  },
  from: 'now-24h',
  refresh: '30s',
  variables: [district, anySite, language],
  panels: [open, openTable, raised, acknowledging, lasting, rows, history],
})
