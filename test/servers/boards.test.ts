/**
 * Every query of every board, run against real InfluxDB servers that hold a simulated city in our schema: none may fail
 * or come back empty, because an empty panel on the wall is a question that nobody answered.
 */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { boardFileNames, readBoard } from '../boards/board-json.ts'
import {
  ask,
  type Choices,
  chooseAll,
  filled,
  intervalOf,
  rangeOf,
  type Server,
} from '../boards/engine.ts'
import { boardCity, boardsEnd } from '../boards/seed/city.ts'
import { seedLines } from '../boards/seed/seed.ts'
import { seededServer } from '../boards/seed/server.ts'
import { findInfluxes } from './influx/find.ts'
import type { Influxd } from './influx/influxd.ts'

const boards = boardFileNames.map(readBoard)
const lines = seedLines(boardCity(150), { readingsHours: 50, days: 4 })

describe.each(findInfluxes())('$name', ({ generation, start }) => {
  let influxd: Influxd
  let server: Server

  beforeAll(async () => {
    influxd = await start()
    server = await seededServer(influxd, generation, lines)
  }, 180_000)
  afterAll(async () => influxd?.stop())

  describe.each(boards)('$uid', (board) => {
    let choices: Choices
    let options: Record<string, string[]>

    beforeAll(async () => {
      const found = await chooseAll(server, board)
      choices = found.choices
      options = found.options
    })

    test('each variable has something to choose', () => {
      const empty = Object.entries(options).filter(([, found]) => found.length === 0)
      expect(empty.map(([name]) => name)).toEqual([])
    })

    test('each query of each panel is answered with rows', async () => {
      const empty: string[] = []
      for (const panel of board.panels) {
        const range = rangeOf(board, panel, boardsEnd)
        const interval = intervalOf(panel, range, 600)
        for (const { refId, query } of panel.targets ?? []) {
          const series = await ask(server, filled(query, { board, choices, range, interval }))
          const rows = series.flatMap(({ values }) => values)
          const told = rows.some((row) => row.slice(1).some((value) => value !== null))
          if (!told) empty.push(`${panel.title} ${refId}: ${query}`)
        }
      }
      expect(empty).toEqual([])
    })

    test('each annotation is a query that the server takes', async () => {
      const range = { from: boardsEnd - 86_400_000, to: boardsEnd }
      for (const { target } of board.annotations.list) {
        if (target?.query === undefined) continue
        await ask(server, filled(target.query, { board, choices, range, interval: '1m' }))
      }
    })
  })
})
