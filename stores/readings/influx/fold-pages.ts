/** One series summed up here, reading by reading, where InfluxQL can not do it. */

import type { Aggregate } from '../../../domain/reading.ts'
import type { AggregateQuery, Interval } from '../readings.ts'
import { addDirection, addValue, emptyFold, resultOf } from '../sqlite/fold.ts'
import { createWindowGrid } from '../sqlite/window-grid.ts'
import type { Connection } from './connection.ts'
import type { Part } from './parts.ts'
import { readOn, type Wish } from './range.ts'

const pageWindowsMax = 4_096

export async function* foldPages(
  connection: Connection,
  part: Part,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  const { fn, vector } = query
  const { device, property } = part.key
  const directions = fn === 'mean' && vector?.(property) === true
  const add = directions ? addDirection : addValue
  const grid = createWindowGrid(query)
  let page: Aggregate[] = []
  let window: Interval | undefined
  let fold = emptyFold()

  function close(): void {
    if (window === undefined || fold.count === 0) return
    const value = resultOf(fold, fn, directions)
    page.push({ device, property, fn, value, count: fold.count, ...window })
    fold = emptyFold()
  }

  const wish: Wish = { flags: new Set(query.quality ?? [1, 2]), tests: false }
  for await (const readings of readOn(connection, part, wish)) {
    for (const { observedAt, value } of readings) {
      if (value === null) continue
      if (window === undefined || observedAt >= window.to) {
        close()
        window = grid.windowAt(observedAt)
      }
      add(fold, value)
    }
    if (page.length < pageWindowsMax) continue
    yield page
    page = []
  }
  close()
  if (page.length > 0) yield page
}
