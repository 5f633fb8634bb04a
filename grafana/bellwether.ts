/** Bellwether itself: is everything that was acknowledged stored, how far behind is each stage, and who waits for what. */

import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard'
import { nowWindow } from './parts/asks.ts'
import { boardOf } from './parts/board.ts'
import { type Ask, select } from './parts/influxql.ts'
import { levelColours, normalColour, stepsFrom } from './parts/levels.ts'
import { chart } from './parts/panels/chart.ts'
import type { PanelPlan } from './parts/panels/frame.ts'
import { type Tile, tiles } from './parts/panels/tiles.ts'
import { seriesColours } from './parts/series-colours.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'
import { district, language } from './parts/variables.ts'

const from = 'bellwether'

function newestOf(what: string, label: string): Ask {
  return { table: true, text: select({ what: `${what} AS "${label}"`, from }) }
}

interface Figure extends Pick<Tile, 'scale' | 'unit' | 'decimals'> {
  label: string
  field: string
}

const lagScale = { steps: stepsFrom({ yellow: 30, orange: 120, red: 600 }) }

const figures: readonly Figure[] = [
  {
    label: both('入库延迟', 'Ingest lag'),
    field: 'ingest_lag_s',
    scale: lagScale,
    unit: units.seconds,
    decimals: 1,
  },
  {
    label: both('告警延迟', 'Alerts lag'),
    field: 'alerts_lag_s',
    scale: lagScale,
    unit: units.seconds,
    decimals: 1,
  },
  {
    label: both('确认 p99', 'Ack p99'),
    field: 'ack_p99_ms',
    scale: { steps: stepsFrom({ yellow: 100, orange: 1_000 }) },
    unit: units.milliseconds,
    decimals: 1,
  },
  {
    label: both('最久未送达', 'Oldest unsent'),
    field: 'outbox_oldest_s',
    scale: lagScale,
    unit: units.age,
    decimals: 0,
  },
  {
    label: both('连接数', 'Connections'),
    field: 'connections',
    scale: { steps: stepsFrom({}) },
    decimals: 0,
  },
]

const now = tiles({
  title: both('现在', 'Now'),
  about: paragraphs(
    '各环节的延迟、设备得到确认的时间（99%）、最久未送达的通知、连接数。无数据：Bellwether 已停止写入。',
    'The lag of each stage, how long a device waits for its acknowledgement (99 %), the oldest notice not yet delivered, connections. No data: Bellwether has stopped writing.',
  ),
  at: [0, 0, 18, 4],
  window: nowWindow,
  tiles: figures.map(({ label, field, ...rest }) => ({
    label,
    ask: newestOf(`last("${field}")`, label),
    ...rest,
  })),
})

const missing = both('收支差', 'Unaccounted')

const balance = tiles({
  title: both('收支差', 'Unaccounted readings'),
  about: paragraphs(
    '收到 − 已存 − 重复 − 隔离 − 在途，必须为 0：收到的每个读数都有着落。',
    'Received less stored, duplicate, quarantined and in flight. It must be 0: every reading received is somewhere.',
  ),
  at: [18, 0, 6, 4],
  window: nowWindow,
  tiles: [
    {
      label: missing,
      ask: newestOf(
        'last("received") - last("stored") - last("duplicate") - last("quarantined") - last("in_flight")',
        missing,
      ),
      scale: {
        steps: [
          { value: null, color: levelColours.red },
          { value: 0, color: normalColour },
          { value: 1, color: levelColours.red },
        ],
      },
      decimals: 0,
    },
  ],
})

type Line = readonly [what: string, name: string, colour: string]

/** Figures over time, each under its own name. */
function lines(
  plan: Omit<PanelPlan, 'ask'> & { of: readonly Line[]; reach?: readonly [number, number] },
) {
  const { of, reach = [0, undefined], ...rest } = plan
  return chart({
    ...rest,
    every: '10s',
    gapMs: 120_000,
    reach,
    ask: [
      {
        text: select({
          what: of.map(([what, name]) => `${what} AS "${name}"`).join(', '),
          from,
          by: 'time($__interval) fill(null)',
        }),
        alias: '$col',
      },
    ],
    colours: Object.fromEntries(of.map(([, name, colour]) => [name, colour])),
  })
}

const { main, second, quiet, third } = seriesColours

function rateOf(field: string): string {
  return `non_negative_derivative(max("${field}"), 1s)`
}

const charts = [
  lines({
    title: both('读数去向', 'Where readings go'),
    about: paragraphs(
      '每秒收到、入库、重复、隔离的读数。',
      'Readings received, stored, duplicate and refused per second.',
    ),
    at: [0, 4, 12, 9],
    unit: units.perSecond,
    decimals: 1,
    of: [
      [rateOf('received'), both('收到', 'Received'), quiet],
      [rateOf('stored'), both('入库', 'Stored'), main],
      [rateOf('duplicate'), both('重复', 'Duplicate'), third],
      [rateOf('quarantined'), both('隔离', 'Refused'), second],
    ],
  }),
  lines({
    title: both('各环节延迟', 'Lag of each stage'),
    about: paragraphs(
      '最早一条尚未处理的消息已等待多久。',
      'How long the oldest message has waited that a stage has not finished.',
    ),
    at: [12, 4, 12, 9],
    unit: units.seconds,
    decimals: 1,
    of: [
      ['max("ingest_lag_s")', both('入库', 'Ingest'), main],
      ['max("alerts_lag_s")', both('告警', 'Alerts'), second],
    ],
  }),
  lines({
    title: both('积压', 'Backlog'),
    about: paragraphs(
      '日志中尚未处理的消息，与在途读数。',
      'Messages in the journal that wait, and readings in flight.',
    ),
    at: [0, 13, 12, 8],
    unit: units.short,
    decimals: 0,
    of: [
      ['max("journal_lag")', both('日志待处理消息', 'Messages waiting'), main],
      ['max("in_flight")', both('在途读数', 'Readings in flight'), quiet],
    ],
  }),
  lines({
    title: both('确认用时', 'Time to acknowledge a device'),
    about: paragraphs(
      '消息到达至确认（已落盘）。',
      'From the arrival of a message until it is on disk and acknowledged.',
    ),
    at: [12, 13, 12, 8],
    unit: units.milliseconds,
    decimals: 1,
    of: [
      ['max("ack_p50_ms")', both('中位', 'p50'), main],
      ['max("ack_p99_ms")', 'p99', second],
    ],
  }),
  lines({
    title: both('待送通知', 'Notices to deliver'),
    about: paragraphs(
      '尚未送达的 Webhook 通知数。',
      'Webhook notices that wait for their receiver.',
    ),
    at: [0, 21, 8, 8],
    unit: units.none,
    decimals: 0,
    of: [['max("outbox_pending")', both('待送', 'Waiting'), main]],
  }),
  lines({
    title: both('连接数', 'Connections'),
    about: paragraphs('MQTT 连接。', 'Connections of devices and gateways.'),
    at: [8, 21, 8, 8],
    unit: units.none,
    decimals: 0,
    of: [['max("connections")', both('连接', 'Connections'), main]],
  }),
  lines({
    title: both('内存', 'Memory'),
    about: paragraphs('进程常驻内存。', 'Resident memory of the process.'),
    at: [16, 21, 8, 8],
    unit: units.megabytes,
    decimals: 0,
    of: [['max("memory_mb")', both('内存', 'Memory'), main]],
  }),
]

export const bellwetherBoard: Dashboard = boardOf({
  uid: 'bw-bellwether',
  about: {
    zh: '平台运维：每个环节的延迟、收支平衡、确认时间、待送通知。',
    en: 'For those who run Bellwether: the lag of each stage, the balance of readings, acknowledgements, notices to deliver.',
  },
  from: 'now-6h',
  refresh: '30s',
  // Nothing here is of a district: the two travel on to the next board.
  variables: [district, language],
  panels: [now, balance, ...charts],
})
