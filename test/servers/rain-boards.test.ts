/** What the board of rivers makes of rain that gauges tell as amounts, as a counter, or both. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readBoard } from '../boards/board-json.ts'
import { ask, filled, rangeOf, type Server } from '../boards/engine.ts'
import { seededServer } from '../boards/seed/server.ts'
import { findInfluxes } from './influx/find.ts'
import type { Influxd } from './influx/influxd.ts'

const minute = 60_000
const now = Date.UTC(2026, 6, 9, 10, 30, 0, 417)
const board = readBoard('rivers.json')

type Told = readonly (readonly [minutesAgo: number, values: Readonly<Record<string, number>>])[]

function gauge(site: string, told: Told, { device = site, flag = 1 } = {}): string[] {
  return told.map(([minutesAgo, values]) => {
    const fields = Object.entries(values).map(([p, value]) => `${p}=${value},${p}_q=${flag}`)
    return `hydro,device=${device},district=320106,site=${site} ${fields} ${now - minutesAgo * minute}`
  })
}

const lines = [
  ...gauge('amounts', [
    [1_440, { rainfall: 70 }],
    [1_439, { rainfall: 5 }],
    [61, { rainfall: 11 }],
    [60, { rainfall: 2.5 }],
    [59, { rainfall: 0.5 }],
    [0, { rainfall: 1.25 }],
  ]),
  ...gauge('amounts', [[20, { rainfall: 600 }]], { flag: 4 }),
  ...gauge('bucket', [
    [1_450, { rain_total: 300 }],
    [1_435, { rain_total: 303.5 }],
    [70, { rain_total: 310 }],
    [55, { rain_total: 311.5 }],
    [30, { rain_total: 0 }],
    [15, { rain_total: 0.75 }],
  ]),
  ...gauge('both', [
    [64, { rainfall: 0, rain_total: 40 }],
    [50, { rainfall: 3, rain_total: 43 }],
    // An amount that was lost on the way.
    [5, { rain_total: 47 }],
  ]),
  ...gauge('two', [[40, { rainfall: 6 }]], { device: 'two-a' }),
  ...gauge('two', [[40, { rainfall: 8 }]], { device: 'two-b' }),
  ...gauge('silent', [[90, { rainfall: 9 }]]),
  ...gauge('long-silent', [[600, { rainfall: 12, rain_total: 12 }]]),
]

describe.each(findInfluxes())('$name', ({ generation, start }) => {
  let influxd: Influxd
  let server: Server
  beforeAll(async () => {
    influxd = await start()
    server = await seededServer(influxd, generation, lines)
  }, 180_000)
  afterAll(async () => influxd?.stop())

  async function answer(title: RegExp, at = now) {
    const panel = board.panels.find((one) => title.test(one.title ?? ''))
    const query = panel?.targets?.[0]?.query
    if (panel === undefined || query === undefined) throw new Error(`There is no panel ${title}.`)
    const choices = { district: ['320106'], site: ['amounts'] }
    const range = rangeOf(board, panel, at)
    return ask(server, filled(query, { board, choices, range, interval: '1h' }))
  }

  async function sums(title: RegExp, at = now): Promise<Record<string, unknown>> {
    const series = await answer(title, at)
    return Object.fromEntries(series.map(({ tags, values }) => [tags?.site, values[0]?.[1]]))
  }

  test('the last hour is open at its start and closed at its end', async () => {
    expect(await sums(/last hour/)).toEqual({
      ...{ amounts: 1.75, bucket: 2.25, both: 7, two: 8, silent: 0 },
    })
    expect(await sums(/last hour/, now - 1)).toMatchObject({ amounts: 3, bucket: 2.25 })
  })

  test('the last 24 hours as well, and a counter grows from its reading before them', async () => {
    expect(await sums(/last 24 hours/)).toEqual({
      ...{ amounts: 20.25, bucket: 12.25, both: 7, two: 8, silent: 9, 'long-silent': 12 },
    })
  })

  test('hours of the chart have the rain of buckets too', async () => {
    const [series] = await answer(/Rain by the hour/)
    const most = series?.columns.findIndex((name) => name.includes('Heaviest')) ?? -1
    const hours = (series?.values ?? []).map((row) => [
      new Date(Number(row[0])).getUTCHours(),
      row[most],
    ])
    // Of 09:29, 09:30 and 09:31.
    expect(hours).toContainEqual([9, 14])
    // 10:00 to 10:30: of the one that sends both the counter says 4.
    expect(hours).toContainEqual([10, 4])
  })
})
