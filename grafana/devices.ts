/** Devices: which are silent, whose batteries and signals are weak, and whose messages are refused. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Dashboard, Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { deviceRankings } from './devices-rankings.ts'
import { batteryBounds } from './parts/battery.ts'
import { counted } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { chosenDevices, stateWindow, weakDbm } from './parts/device-states.ts'
import { inner, newest, select } from './parts/influxql.ts'
import { above, noticeFrom, unknownFrom, normalColour } from './parts/levels.ts'
import { chart } from './parts/panels/chart.ts'
import { tiles } from './parts/panels/tiles.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs, propertyTitle } from './parts/text.ts'
import * as units from './parts/units.ts'
import { anySite, device, district, language } from './parts/variables.ts'

function devicesThat(label: string, field: string, is: string) {
  const states = inner({
    what: newest(field),
    from: 'device_state',
    where: [chosenDevices],
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
  window: stateWindow,
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
      scale: { steps: noticeFrom(1) },
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
            where: [chosenDevices],
            by: '"device"',
          }),
        }),
      ),
      scale: { steps: noticeFrom(1) },
    },
  ],
})

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
        where: [chosenDevices],
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

/** Lowest of the devices chosen: with one chosen, its own. */
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
          where: [chosenDevices],
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
  panels: [
    counts,
    ...deviceRankings,
    onlineShare,
    quarantine,
    ...['battery', 'rsrp', 'snr'].map(lowest),
  ],
})
