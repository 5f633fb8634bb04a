import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { mergeIntoChunks } from '../../../../stores/readings/sqlite/chunk-merge.ts'
import { createChunkTable, decode } from '../../../../stores/readings/sqlite/chunk-table.ts'
import { createPoints, type Points } from '../../../../stores/readings/log/points.ts'
import { migrations } from '../../../../stores/readings/sqlite/schema.ts'
import { openSqlite } from '../../../../stores/sqlite.ts'

function pointsAt(times: readonly number[], value: number): Points {
  const points = createPoints(times.length)
  for (const time of times) {
    const at = points.count++
    points.observedAt[at] = time
    points.value[at] = value
  }
  return points
}

function freshTable() {
  const db = openSqlite(':memory:')
  for (const sql of migrations) db.exec(sql)
  return createChunkTable(db)
}

type Table = ReturnType<typeof freshTable>

function chunksOf(table: Table, series: number) {
  return table
    .between(series, {
      ...{ from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY },
      limit: 100_000,
    })
    .map((chunk) => ({ ...chunk, decoded: decode(chunk) }))
}

function contentOf(table: Table, series: number): Map<number, number> {
  const all = chunksOf(table, series).flatMap(({ decoded }) =>
    Array.from(
      { length: decoded.count },
      (_, i) => [decoded.observedAt[i]!, decoded.value[i]!] as const,
    ),
  )
  return new Map(all)
}

const rising = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

describe('merging into chunks', () => {
  test('any points in any order end up sorted, apart, and in chunks of bounded size', () => {
    const times = fc.uniqueArray(fc.integer({ min: 0, max: 200 }), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(
        fc.array(times, { maxLength: 12 }),
        fc.integer({ min: 1, max: 9 }),
        (runs, max) => {
          const table = freshTable()
          const model = new Map<number, number>()
          for (const [value, run] of runs.entries()) {
            const sorted = [...run].sort((a, b) => a - b)
            mergeIntoChunks(table, 7, pointsAt(sorted, value), max)
            for (const time of sorted) model.set(time, value)
          }
          expect(contentOf(table, 7)).toEqual(new Map([...model].sort(([a], [b]) => a - b)))
          let end = Number.NEGATIVE_INFINITY
          for (const { start, until, decoded } of chunksOf(table, 7)) {
            expect(decoded.count).toBeGreaterThan(0)
            expect(decoded.count).toBeLessThanOrEqual(max)
            expect(start).toBeGreaterThan(end)
            expect([start, until]).toEqual([
              decoded.observedAt[0],
              decoded.observedAt[decoded.count - 1],
            ])
            end = until
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('doing it twice changes nothing', () => {
    const table = freshTable()
    mergeIntoChunks(table, 1, pointsAt(rising(0, 50), 1), 8)
    const before = chunksOf(table, 1)
    mergeIntoChunks(table, 1, pointsAt(rising(0, 50), 1), 8)
    expect(chunksOf(table, 1)).toEqual(before)
  })

  test('data in order fills chunks to the brim', () => {
    const table = freshTable()
    for (let i = 0; i < 50; i++) mergeIntoChunks(table, 1, pointsAt(rising(i * 3, 3), 1), 16)
    const counts = chunksOf(table, 1).map(({ decoded }) => decoded.count)
    expect(counts.slice(0, -1)).toEqual(counts.slice(0, -1).map(() => 16))
    expect(counts.length).toBe(Math.ceil(150 / 16))
  })

  test('data that comes backwards does not leave a chunk per point', () => {
    const table = freshTable()
    for (let time = 200; time > 0; time--) mergeIntoChunks(table, 1, pointsAt([time], 1), 16)
    expect(chunksOf(table, 1).length).toBeLessThanOrEqual(Math.ceil(200 / 8))
  })

  test('other series are not touched', () => {
    const table = freshTable()
    mergeIntoChunks(table, 1, pointsAt(rising(0, 20), 1), 8)
    mergeIntoChunks(table, 3, pointsAt(rising(0, 20), 3), 8)
    mergeIntoChunks(table, 2, pointsAt(rising(5, 20), 2), 8)
    expect(contentOf(table, 1)).toEqual(new Map(rising(0, 20).map((time) => [time, 1])))
    expect(contentOf(table, 3)).toEqual(new Map(rising(0, 20).map((time) => [time, 3])))
  })
})
