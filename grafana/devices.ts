/** Devices: which are silent, whose batteries and signals are weak, and whose messages are refused. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { batteryBounds } from './parts/battery.ts'
import { counted } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { inner, inScope, newest, select } from './parts/influxql.ts'
import { above, below, levelColours, normalColour, unknownFrom } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { chart } from './parts/panels/chart.ts'
import { type Column, table } from './parts/panels/table.ts'
import { tiles } from './parts/panels/tiles.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { anySite, device, district, language } from './parts/variables.ts'

/** States are written every 5 minutes. */
const window = '11m'
const chosen = `${inScope} AND "device" =~ /^$device$/`

/** Below it an NB-IoT modem repeats itself many times and often fails: coverage enhancement level 2, usual figure. */
const weakDbm = -115

function devicesThat(label: string, field: string, is: string) {
  const states = inner({
    what: newest(field),
    from: 'device_state',
    where: [chosen],
    by: '"device"',
  })
  return counted(label, inner({ what: `count("${field}") AS "n"`, from: states, where: [is] }))
}

const online = both('在线', 'Online')
const silent = both('静默', 'Silent')
const low = both('电量低', 'Low battery')
const weak = both('信号弱', 'Weak signal')
const refused = both('隔离消息', 'Refused')
const good = { steps: [{ value: null, color: normalColour }] }

const counts = tiles({
  title: both('设备', 'Devices'),
  about: paragraphs(
    `静默：超过应报时间未上报。电量低：低于 ${batteryBounds.blue}%。信号弱：低于 ${weakDbm} dBm。隔离消息：这些设备被拒消息的累计数。`,
    `Silent: overdue by its own interval. Low battery: below ${batteryBounds.blue} %. Weak signal: below ${weakDbm} dBm. Refused: messages of these devices that were refused, in all.`,
  ),
  at: [0, 0, 24, 4],
  window,
  calc: 'sum',
  tiles: [
    { label: online, ask: devicesThat(online, 'online', '"online" = 1'), scale: good },
    {
      label: silent,
      ask: devicesThat(silent, 'online', '"online" = 0'),
      scale: { steps: unknownFrom(1) },
    },
    {
      label: low,
      ask: devicesThat(low, 'battery', `"battery" < ${batteryBounds.blue}`),
      scale: { steps: above(1, 'yellow') },
    },
    {
      label: weak,
      ask: devicesThat(weak, 'rsrp', `"rsrp" < ${weakDbm}`),
      scale: { steps: above(1, 'blue') },
    },
    {
      label: refused,
      ask: counted(
        refused,
        inner({
          what: 'sum("quarantined") AS "n"',
          from: inner({
            what: newest('quarantined'),
            from: 'device_state',
            where: [chosen],
            by: '"device"',
          }),
        }),
      ),
      scale: { steps: above(1, 'blue') },
    },
  ],
})

const name = { field: 'device', title: both('设备', 'Device') }
const place: Column = {
  field: 'site',
  title: both('站点', 'Site'),
  width: 120,
  link: { title: both('该站设备', 'Devices of this site'), url: siteUrl('bw-devices') },
}

interface Ranking {
  title: string
  about: string
  at: readonly [number, number, number, number]
  field: string
  others: readonly string[]
  is: string
  columns: readonly Column[]
  by: string
  desc: boolean
}

function ranking({ field, others, is, columns, by, desc, ...plan }: Ranking): Builder<Panel> {
  return table({
    ...plan,
    window,
    ask: [
      {
        table: true,
        text: select({
          what: [field, ...others].map((one) => `"${one}"`).join(', '),
          from: inner({
            what: newest(field, others),
            from: 'device_state',
            where: [chosen],
            by: '"device", "site"',
          }),
          where: [is],
          by: '"device", "site"',
        }),
      },
    ],
    columns: [name, ...columns, place],
    hide: ['Time', 'online'],
    sort: [{ by, desc }],
  })
}

const rankings = [
  ranking({
    title: both('静默设备', 'Silent devices'),
    about: paragraphs(
      '静默最久的在前；“应报间隔”为设备的预期间隔。',
      'The longest silence first, beside the interval that is expected.',
    ),
    at: [0, 4, 8, 11],
    field: 'silent_s',
    others: ['interval_s', 'online'],
    is: '"online" = 0',
    columns: [
      { field: 'silent_s', title: both('静默', 'Silent for'), width: 110, unit: units.age },
      { field: 'interval_s', title: both('应报', 'Expected'), width: 120, unit: units.age },
    ],
    by: both('静默', 'Silent for'),
    desc: true,
  }),
  ranking({
    title: both('电池电量', 'Battery'),
    about: paragraphs('电量最低的在前。', 'The lowest charge first.'),
    at: [8, 4, 8, 11],
    field: 'battery',
    others: [],
    is: '"battery" >= 0',
    columns: [
      {
        field: 'battery',
        title: both('电量', 'Charge'),
        width: 100,
        unit: units.percent,
        decimals: 0,
        scale: {
          steps: [
            { value: null, color: levelColours.yellow },
            { value: batteryBounds.yellow, color: levelColours.blue },
            { value: batteryBounds.blue, color: normalColour },
          ],
        },
      },
    ],
    by: both('电量', 'Charge'),
    desc: false,
  }),
  ranking({
    title: both('信号', 'Signal'),
    about: paragraphs('信号最弱的在前。', 'The weakest signal first.'),
    at: [16, 4, 8, 11],
    field: 'rsrp',
    others: ['snr'],
    is: '"rsrp" < 0',
    columns: [
      {
        field: 'rsrp',
        title: both('功率', 'Power'),
        width: 110,
        unit: units.unitOf('rsrp'),
        decimals: 0,
        scale: { steps: below(weakDbm, 'blue') },
      },
      {
        field: 'snr',
        title: both('信噪比', 'SNR'),
        width: 90,
        unit: units.unitOf('snr'),
        decimals: 0,
      },
    ],
    by: both('功率', 'Power'),
    desc: false,
  }),
]

const share = both('在线率', 'Share online')

const onlineShare = chart({
  title: both('在线率', 'Share of devices online'),
  about: paragraphs('所选设备中在线的比例。', 'How many of the devices chosen are online.'),
  at: [0, 15, 12, 8],
  every: '5m',
  unit: units.percent,
  decimals: 1,
  reach: [80, 100],
  gapMs: 1_800_000,
  legend: 'none',
  ask: [
    {
      text: select({
        what: `100 * mean("online") AS "${share}"`,
        from: 'device_state',
        where: [chosen],
        by: 'time($__interval) fill(null)',
      }),
      alias: '$col',
    },
  ],
  colours: { [share]: seriesColours.main },
})

const quarantine = chart({
  title: both('隔离消息（按原因）', 'Refused messages by reason'),
  about: paragraphs(
    '全部设备每小时新增的隔离消息。',
    'Newly refused messages of all devices in each hour.',
  ),
  at: [12, 15, 12, 8],
  every: '1h',
  as: 'stacked bars',
  unit: units.none,
  decimals: 0,
  ask: [
    {
      text: select({
        what: 'sum("n")',
        from: 'quarantine',
        where: ['"n" > 0'],
        by: 'time($__interval), "code" fill(none)',
      }),
      alias: '$tag_code',
    },
  ],
})

/** Lowest of the devices chosen: with one device chosen, its own. */
function lowest(field: string, i: number): Builder<Panel> {
  const label = both('最低', 'Lowest')
  const mean = both('平均', 'Mean')
  return chart({
    title: propertyTitle(field),
    about: paragraphs(
      '所选设备中最低与平均；选一台设备即看该设备。',
      'The lowest and the mean of the devices chosen; choose one to see it alone.',
    ),
    at: [i * 8, 23, 8, 8],
    every: '5m',
    unit: units.unitOf(field),
    decimals: 0,
    gapMs: 3_600_000,
    ask: [
      {
        text: select({
          what: `min("${field}") AS "${label}", mean("${field}") AS "${mean}"`,
          from: 'device_state',
          where: [chosen],
          by: 'time($__interval) fill(null)',
        }),
        alias: '$col',
      },
    ],
    colours: { [label]: seriesColours.second, [mean]: seriesColours.main },
  })
}

export const devicesBoard: Dashboard = boardOf({
  uid: 'bw-devices',
  about: {
    zh: '设备运维：静默、电量、信号、被拒消息；可按站点、设备筛选。',
    en: 'For those who keep the devices alive: silence, batteries, signals, refused messages; by site or device.',
  },
  from: 'now-24h',
  refresh: '1m',
  variables: [district, anySite, device, language],
  panels: [counts, ...rankings, onlineShare, quarantine, ...['battery', 'rsrp', 'snr'].map(lowest)],
})
