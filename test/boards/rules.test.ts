/** Rules of boards: what Grafana takes without a word and shows wrong, and what we promised to those who look at them. */

import * as units from '@grafana/grafana-foundation-sdk/units'
import { describe, expect, test } from 'vitest'
import { cnLevels } from '../../domain/standards/air/cn-tables.ts'
import { boardFiles } from '../../grafana/files.ts'
import { levelColours, noColour, normalColour, unknownColour } from '../../grafana/parts/levels.ts'
import { boardTitles } from '../../grafana/parts/links.ts'
import { seriesColours } from '../../grafana/parts/series-colours.ts'
import {
  type BoardJson,
  boardFileNames,
  boardFileText,
  type PanelJson,
  readBoard,
} from './board-json.ts'

const boards = boardFileNames.map(readBoard)
const panels = boards.flatMap((board) =>
  board.panels.map((panel) => ({ board, panel, name: `${board.uid}: ${panel.title}` })),
)

function queriesOf({ panels: all }: BoardJson): string[] {
  return all.flatMap(({ targets = [] }) => targets.map(({ query }) => query))
}

/** Names of those for which the check does not hold. */
function broken(check: (panel: PanelJson, board: BoardJson) => boolean): string[] {
  return panels.filter(({ panel, board }) => !check(panel, board)).map(({ name }) => name)
}

test('the files are what the code makes: run "npm run boards" when this fails', () => {
  const made = boardFiles()
  expect([...made.keys()].sort()).toEqual(boardFileNames)
  for (const [name, text] of made) expect(boardFileText(name) === text, name).toBe(true)
})

describe.each(boards)('$uid', (board) => {
  test('is one of ours, read-only, by the server’s clock, and leaves the database time to breathe', () => {
    expect(Object.keys(boardTitles)).toContain(board.uid)
    expect(board.uid).toMatch(/^bw-[a-z-]{1,36}$/)
    expect(board).toMatchObject({ editable: false, timezone: '', schemaVersion: 42 })
    expect(['30s', '1m', '5m']).toContain(board.refresh)
    expect(board.panels.length).toBeLessThanOrEqual(20)
  })

  test('asks InfluxQL that 1.x, 2.x and 3.x understand, bounded in time', () => {
    for (const query of queriesOf(board)) {
      expect(query).toContain('$timeFilter')
      expect(query).not.toMatch(
        /SELECT \*|\b(INTO|SLIMIT|SOFFSET|SAMPLE|HOLT_WINTERS|INTEGRAL|now\(\)|tz\()\b/i,
      )
      expect(query).not.toMatch(/FROM "[^"]+"\./)
      if (query.includes('time($__interval)'))
        expect(query).toMatch(/fill\((null|none|0|previous)\)/)
    }
  })

  test('has variables that follow the time range and a query for each name it uses', () => {
    const names = board.templating.list.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const variable of board.templating.list) {
      if (variable.type === 'query') expect(variable.refresh).toBe(2)
    }
    const texts = [
      ...queriesOf(board),
      ...board.annotations.list.map(({ target }) => target?.query ?? ''),
    ]
    const used = texts.flatMap((text) =>
      [...text.matchAll(/\$([a-z]+)\b/g)].map((found) => found[1]),
    )
    const unknown = used.filter(
      (name) => name !== undefined && name !== 'timeFilter' && !names.includes(name),
    )
    expect(unknown.filter((name) => name !== 'time')).toEqual([])
  })

  test('links to all other boards, and to nothing beyond this server', () => {
    const text = boardFileText(`${board.uid.replace('bw-', '')}.json`)
    const linked = board.links.map(({ url }) => /^\/d\/([a-z-]+)\?/.exec(url)?.[1])
    expect(linked.sort()).toEqual(
      Object.keys(boardTitles)
        .filter((uid) => uid !== board.uid)
        .sort(),
    )
    expect(text).not.toMatch(/https?:\/\//)
    for (const found of text.matchAll(/\/d\/([a-z-]+)/g))
      expect(Object.keys(boardTitles)).toContain(found[1])
  })
})

describe('every panel', () => {
  test('has an id, title and description of its own, in both languages', () => {
    for (const board of boards) {
      const ids = board.panels.map(({ id }) => id)
      expect(new Set(ids).size).toBe(ids.length)
    }
    const both = /[\u4e00-\u9fff].*[a-z]/is
    const plain = ['pH', 'AQI', 'PM2.5', 'PM10', '$site']
    expect(broken(({ title }) => both.test(title) || plain.includes(title))).toEqual([])
    expect(broken(({ description = '' }) => both.test(description))).toEqual([])
  })

  test('stands within 24 columns and on no other', () => {
    expect(
      broken(({ gridPos: { x, y, w, h } }) => x >= 0 && y >= 0 && h > 0 && w > 0 && x + w <= 24),
    ).toEqual([])
    for (const board of boards) {
      const taken = new Set<string>()
      for (const { gridPos: at, title } of board.panels) {
        for (let x = at.x; x < at.x + at.w; x++) {
          for (let y = at.y; y < at.y + at.h; y++) {
            expect(taken.has(`${x} ${y}`), `${board.uid}: ${title}`).toBe(false)
            taken.add(`${x} ${y}`)
          }
        }
      }
    }
  })

  test('asks our data source, each query under a letter of its own', () => {
    expect(
      broken(
        ({ datasource, targets = [] }) => datasource?.uid === 'bellwether' && targets.length > 0,
      ),
    ).toEqual([])
    expect(
      broken(({ targets = [] }) =>
        targets.every((one) => one.datasource?.uid === 'bellwether' && one.rawQuery),
      ),
    ).toEqual([])
    expect(
      broken(
        ({ targets = [] }) => new Set(targets.map(({ refId }) => refId)).size === targets.length,
      ),
    ).toEqual([])
  })

  test('says when there is nothing to show', () => {
    expect(broken(({ fieldConfig }) => fieldConfig.defaults.noValue === '无数据 No data')).toEqual(
      [],
    )
  })

  test('has a unit that Grafana knows, or words for its values', () => {
    const known = new Set<unknown>(Object.values(units))
    const unitsOf = ({ fieldConfig: { defaults, overrides } }: PanelJson) => [
      ...(defaults.unit === undefined ? [] : [defaults.unit]),
      ...overrides.flatMap(({ properties }) =>
        properties.flatMap(({ id, value }) => (id === 'unit' ? [String(value)] : [])),
      ),
    ]
    expect(
      broken((panel) => unitsOf(panel).every((unit) => known.has(unit) || /^suffix:\S/.test(unit))),
    ).toEqual([])
    const charts = new Set(['timeseries', 'bargauge', 'xychart'])
    expect(
      broken((panel) => !charts.has(panel.type) || panel.fieldConfig.defaults.unit !== undefined),
    ).toEqual([])
  })

  test('writes "μ" as the Greek letter: with the micro sign Grafana shows the name of the unit', () => {
    for (const name of boardFileNames) expect(boardFileText(name)).not.toContain('\u00b5')
  })
})

describe('colours', () => {
  const levels = [...Object.values(levelColours), normalColour, unknownColour, noColour]
  const air = cnLevels.map(
    ({ rgb }) =>
      `#${rgb
        .map((part) => part.toString(16).padStart(2, '0'))
        .join('')
        .toUpperCase()}`,
  )
  const ours = new Set<string>([...levels, ...air, ...Object.values(seriesColours)])

  function coloursOf(value: unknown): string[] {
    return [...JSON.stringify(value).matchAll(/"(?:color|fixedColor)":"([^"]+)"/g)].map(
      (found) => found[1] ?? '',
    )
  }

  test('are only those of our palettes', () => {
    expect(
      broken(({ fieldConfig }) => coloursOf(fieldConfig).every((colour) => ours.has(colour))),
    ).toEqual([])
  })

  test('of levels and of the air quality index never meet in one panel', () => {
    const mixed = broken(({ fieldConfig }) => {
      const used = coloursOf(fieldConfig.overrides).concat(
        coloursOf(fieldConfig.defaults.thresholds ?? {}),
      )
      return !(
        used.some((colour) => air.includes(colour)) &&
        used.some((colour) => levels.includes(colour))
      )
    })
    expect(mixed).toEqual([])
  })

  test('begin with an open step, so that no value is without one', () => {
    expect(
      broken(
        ({ fieldConfig: { defaults } }) =>
          defaults.thresholds === undefined || defaults.thresholds.steps[0]?.value === null,
      ),
    ).toEqual([])
  })
})
