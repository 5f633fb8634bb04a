/** Answers for windows, in pages: from roll-ups where they say what the points would, else from the points. */

import type { Aggregate } from '../../../domain/reading.ts'
import type { AggregateQuery } from '../readings.ts'
import { flagsOf } from './points.ts'
import { pageWorkMax, type ReadFile, scanSeries, seriesWork } from './series-scan.ts'
import { scanSummed } from './summed-scan.ts'
import { createWindowGrid } from './window-grid.ts'
import { createWindows } from './windows.ts'

const pageWindowsMax = 1_024

export function* aggregatePages(
  file: ReadFile,
  query: AggregateQuery,
): Generator<readonly Aggregate[]> {
  const { fn } = query
  const grid = createWindowGrid(query)
  const flags = flagsOf(query.quality ?? [1, 2])
  let page: Aggregate[] = []
  let work = 0
  for (const { device, property } of query.series) {
    const key = { device, property }
    const directions = fn === 'mean' && (query.vector?.(property) ?? false)
    const windows = createWindows({
      ...{ key, fn, grid, directions, flags },
      emit: (window) => page.push(window),
    })
    const level = directions || !areUsual(flags) ? undefined : grid.level
    const pieces =
      level === undefined
        ? scanSeries(file, key, query)
        : scanSummed(file, key, { interval: query, grid, level })
    work += seriesWork
    for (const piece of pieces) {
      if ('observedAt' in piece) windows.fold(piece)
      else windows.foldSummed(piece)
      work += piece.count
      if (page.length < pageWindowsMax && work < pageWorkMax) continue
      yield page
      page = []
      work = 0
    }
    windows.finish()
  }
  if (page.length > 0) yield page
}

/** Roll-ups count flags 1 and 2. */
function areUsual(flags: Uint8Array): boolean {
  return flags.every((asked, flag) => asked === (flag === 1 || flag === 2 ? 1 : 0))
}
