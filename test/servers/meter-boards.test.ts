/** What the board of utilities makes of meters that stand still, are replaced, or report on the full hour. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readBoard } from '../boards/board-json.ts'
import { ask, filled, rangeOf, type Server } from '../boards/engine.ts'
import { seededServer } from '../boards/seed/server.ts'
import { findInfluxes } from './influx/find.ts'
import type { Influxd } from './influx/influxd.ts'

const hour = 3_600_000
const now = Date.UTC(2026, 10, 21, 12, 30)
const board = readBoard('utilities.json')

function meter(device: string, fields: (i: number) => string): string[] {
  return [0, 1, 2, 3, 4, 5].map((i) => {
    const at = now - 5.5 * hour + i * hour
    return `utility,device=${device},district=320106,site=quarter ${fields(i)} ${at}`
  })
}
const flow = (value: number) => `meter_flow=${value},meter_flow_q=1`
const volume = (value: number) => `meter_volume=${value},meter_volume_q=1`

const lines = [
  ...meter('leaks', (i) => `${flow(i === 2 ? 3 : 6.6)},${volume(100 + i)}`),
  ...meter('stands', () => `${flow(0)},${volume(50)}`),
  // Replaced after the third reading.
  ...meter('replaced', (i) => `${flow(i === 2 ? 3 : 6.6)},${volume(i < 3 ? 800 + 2 * i : i - 3)}`),
]

describe.each(findInfluxes())('$name', ({ generation, start }) => {
  let influxd: Influxd
  let server: Server
  beforeAll(async () => {
    influxd = await start()
    server = await seededServer(influxd, generation, lines)
  }, 180_000)
  afterAll(async () => influxd?.stop())

  async function answer(title: RegExp): Promise<readonly (readonly unknown[])[]> {
    const panel = board.panels.find((one) => title.test(one.title ?? ''))
    const query = panel?.targets?.[0]?.query
    if (panel === undefined || query === undefined) throw new Error(`There is no panel ${title}.`)
    const choices = { district: ['320106'], site: ['quarter'], works: ['none'] }
    const range = rangeOf(board, panel, now)
    const series = await ask(server, filled(query, { board, choices, range, interval: '1h' }))
    return series.flatMap(({ values }) => values)
  }

  test('a meter that stands still does not hide the leaks of the others', async () => {
    const [[, share] = []] = await answer(/Least flow/)
    expect(share).toBeCloseTo(50, 9)
  })

  test('what a quarter used is what its meters grew by', async () => {
    // 5 of the first, 4 before and 2 after the replacement of the third.
    const [[, used] = []] = await answer(/used most/)
    expect(used).toBeCloseTo(11, 9)
  })

  test('an increment belongs to the hour that ends with its reading', async () => {
    const rows = await answer(/Use of the quarters/)
    const hours = rows.map(([at, value]) => [Math.floor(Number(at) / hour) * hour, value])
    expect(hours).toEqual([3, 3, 1, 2, 2].map((value, i) => [now - 5.5 * hour + i * hour, value]))
  })
})
