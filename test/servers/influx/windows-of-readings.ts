/** Windows as they follow from the readings that the same store tells, reading by reading. */

import { expect } from 'vitest'
import { quantityOf } from '../../../domain/catalogue.ts'
import { closesWindow } from '../../../domain/property.ts'
import type { Aggregate } from '../../../domain/reading.ts'
import type { AggregateQuery, ReadingsReader } from '../../../stores/readings/readings.ts'
import { add, emptyFold, resultOf, summedFor } from '../../../stores/readings/windows/fold.ts'
import { createWindowGrid } from '../../../stores/readings/windows/window-grid.ts'
import { allOf, always } from '../../conformance/readings.ts'

/** All but the values must be equal, and these but for what rounding makes of sums in another order. */
export async function expectWindowsOfReadings(
  reader: ReadingsReader,
  query: AggregateQuery,
): Promise<void> {
  const windows = await allOf(reader.aggregate(query))
  const expected = await windowsOfReadings(reader, query)
  const apart = ({ value: _, ...rest }: Aggregate) => rest
  expect(windows.map(apart)).toEqual(expected.map(apart))
  for (const [i, { value }] of windows.entries()) {
    const right = expected[i]?.value ?? null
    if (value === null || right === null) expect(value).toBe(right)
    else expect(Math.abs(value - right)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(right)))
  }
}

async function windowsOfReadings(
  reader: ReadingsReader,
  { series, from, to, quality = [1, 2], ...query }: AggregateQuery,
): Promise<Aggregate[]> {
  const { fn, vector } = query
  const { windowAt } = createWindowGrid({ ...query, series, from, to })
  const windows: Aggregate[] = []
  for (const key of series) {
    const quantity = quantityOf(key.property)
    const summed = summedFor(fn, quantity, vector?.(key.property) === true)
    const closedMs = closesWindow(quantity) ? 1 : 0
    const [first, end] = [from + closedMs, to + closedMs]
    const all = await allOf(reader.range({ series: [key], ...always, quality }))
    const before = all.findLast(({ observedAt, value }) => observedAt < first && value !== null)
    let fold = emptyFold(before?.value ?? Number.NaN)
    for (const { observedAt, value } of all) {
      if (value === null || observedAt < first || observedAt >= end) continue
      const window = windowAt(observedAt - closedMs)
      if (windows.at(-1)?.from !== window.from || fold.count === 0) {
        fold = emptyFold(fold.previous)
        windows.push({ ...key, fn, value: null, count: 0, ...window })
      }
      add(fold, value, summed)
      const last = windows.at(-1)
      if (last === undefined) continue
      last.value = resultOf(fold, fn, summed)
      last.count = fold.count
    }
  }
  return windows
}
