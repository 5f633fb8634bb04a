/** Devices that need someone, worst first: the longest silence, the lowest battery, the weakest signal. */

import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import type { Panel } from '@grafana/grafana-foundation-sdk/dashboard'
import { batteryBounds } from './parts/battery.ts'
import { chosenDevices, stateWindow, weakDbm } from './parts/device-states.ts'
import { inner, newest, select } from './parts/influxql.ts'
import { levelColours, normalColour, noticeBelow } from './parts/levels.ts'
import { siteUrl } from './parts/links.ts'
import { type Column, table } from './parts/panels/table.ts'
import { both, paragraphs } from './parts/text.ts'
import * as units from './parts/units.ts'

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
    window: stateWindow,
    ask: [
      {
        table: true,
        text: select({
          what: [field, ...others].map((one) => `"${one}"`).join(', '),
          from: inner({
            what: newest(field, others),
            from: 'device_state',
            where: [chosenDevices],
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

export const deviceRankings: readonly Builder<Panel>[] = [
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
        scale: { steps: noticeBelow(weakDbm) },
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
