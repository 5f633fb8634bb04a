/** The memory of quality control: rows that grow, come back and are told apart, and a limit on late tracks. */

import { expect, test } from 'vitest'
import { createLateTracks } from '../../quality/late-tracks.ts'
import { recall, remember, unknown } from '../../quality/recall.ts'
import { createSeriesTable, field } from '../../quality/series-table.ts'
import { createSiteGrid } from '../../quality/site-grid.ts'

test('rows keep what they hold while the table grows, and a row that comes back is empty', () => {
  const table = createSeriesTable()
  const rows = Array.from({ length: 1_000 }, () => table.add())
  expect(new Set(rows).size).toBe(1_000)
  for (const [i, row] of rows.entries()) table.view.setFloat64(row + field.value, i)
  expect(rows.map((row) => table.view.getFloat64(row + field.value))).toEqual(rows.map((_, i) => i))
  const [first = 0] = rows
  table.remove(first)
  expect(table.add()).toBe(first)
  expect(table.view.getFloat64(first + field.value)).toBeNaN()
})

test('the last 16 readings are remembered, by moment and value', () => {
  const { view, add } = createSeriesTable()
  const row = add()
  const at = (i: number) => 1_761_955_200_000 + i * 60_000
  for (let i = 0; i < 20; i++) remember(view, row, at(i), i / 10, 100 + i)
  const outcomes = Array.from({ length: 20 }, (_, i) => recall(view, row, at(i), i / 10))
  expect(outcomes).toEqual([
    ...Array.from({ length: 4 }, () => unknown),
    ...Array.from({ length: 16 }, (_, i) => 104 + i),
  ])
  expect(recall(view, row, at(19), 7)).toBe(unknown)
  expect(recall(view, row, 0, 0)).toBe(unknown)
})

test('late tracks have a limit: the oldest goes', () => {
  const table = createSeriesTable()
  const owners = Array.from({ length: 3 }, () => table.add())
  const late = createLateTracks(table, 2)
  const [a = 0, b = 0, c = 0] = owners
  const rowOfA = late.of(a)
  late.of(b)
  expect(late.of(a)).toBe(rowOfA)
  expect(late.of(c)).toBe(rowOfA)
  expect(table.view.getInt32(a + field.late)).toBe(-1)
  late.forget(b)
  expect(table.view.getInt32(b + field.late)).toBe(-1)
})

test('sites nearby are found across cells, the nearest first, and a few across the date line', () => {
  const site = (id: string, lon: number, lat: number) => ({
    site: id,
    location: [lon, lat] as [number, number],
  })
  const street = Array.from({ length: 2_000 }, (_, i) => site(`s-${i}`, 116 + i * 0.01, 39.9))
  const near = createSiteGrid(street).near(site('s-1000', 126, 39.9), 2, 10)
  expect(near.map(({ site: id }) => id).sort()).toEqual(['s-1001', 's-1002', 's-998', 's-999'])
  const line = createSiteGrid([site('east', 179.99, -17), site('west', -179.99, -17)])
  expect(line.near(site('east', 179.99, -17), 5, 3).map(({ site: id }) => id)).toEqual(['west'])
})
