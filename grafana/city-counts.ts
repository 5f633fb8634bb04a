/** The top line of the city: how many alerts of each level are open, what is silent, and whether data arrives. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { alertLevels } from '../domain/rule.ts'
import { nowWindow, openAlerts, sitesThat } from './parts/asks.ts'
import { inner, inScope, newest, select } from './parts/influxql.ts'
import { above, levelName, normalColour, stepsFrom, unknownFrom } from './parts/levels.ts'
import { boardUrl, platformUrl } from './parts/links.ts'
import { tiles } from './parts/panels/tiles.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'

const openTiles = tiles({
  title: both('未解除告警', 'Open alerts'),
  about: paragraphs(
    '当前未解除的告警，按级别计数。Bellwether 停止写入时显示“无数据”，不会显示 0。',
    'Alerts that are open now, by level. When Bellwether stops writing this says "no data", never 0.',
  ),
  at: [0, 0, 10, 4],
  window: nowWindow,
  calc: 'sum',
  tiles: [...alertLevels].reverse().map((one) => ({
    label: levelName(one),
    ask: openAlerts(one, levelName(one), inScope),
    scale: { steps: above(1, one) },
    url: boardUrl('bw-alerts'),
  })),
})

const silent = both('静默站点', 'Sites')
const silentDevices = both('静默设备', 'Devices')
const devices = both('设备总数', 'All devices')
const plain = { steps: [{ value: null, color: normalColour }] }
const each = inner({
  what: newest('devices', ['devices_silent']),
  from: 'site_state',
  where: [inScope],
  by: '"site"',
})

const stationTiles = tiles({
  title: both('静默', 'Silent'),
  about: paragraphs(
    '站点静默：其设备均已超过应报时间未上报。静默站点的情况未知，不等于正常。',
    'A site is silent when all of its devices are overdue. Then it is not known how it stands: that is not "normal".',
  ),
  at: [10, 0, 9, 4],
  window: nowWindow,
  calc: 'sum',
  tiles: [
    {
      label: silent,
      ask: sitesThat(silent, { field: 'silent', is: '"silent" = 1', where: [inScope] }),
      scale: { steps: unknownFrom(1) },
      url: boardUrl('bw-devices'),
    },
    {
      label: silentDevices,
      ask: {
        table: true,
        text: select({
          what: `sum("devices_silent") AS "${silentDevices}", sum("devices") AS "${devices}"`,
          from: each,
        }),
      },
      scale: { steps: unknownFrom(1) },
      url: boardUrl('bw-devices'),
    },
    { label: devices, scale: plain },
  ],
})

const lag = both('入库延迟', 'Ingest lag')
const platformTile = tiles({
  title: both('数据延迟', 'Data lag'),
  about: paragraphs(
    '已确认的数据多久后可查询。无数据：Bellwether 或时序库停止工作。',
    'How long acknowledged data takes until it can be queried. No data: Bellwether or the database has stopped.',
  ),
  at: [19, 0, 5, 4],
  window: nowWindow,
  tiles: [
    {
      label: lag,
      ask: {
        table: true,
        text: select({ what: `last("ingest_lag_s") AS "${lag}"`, from: 'bellwether' }),
      },
      scale: { steps: stepsFrom({ yellow: 30, orange: 120, red: 600 }) },
      unit: units.seconds,
      decimals: 1,
      url: platformUrl,
    },
  ],
})

export const cityCounts: readonly Builder<Panel>[] = [openTiles, stationTiles, platformTile]
