/** Answers for windows, in pages: from roll-ups where they say what the points would, else from the points. */

import { quantityOf } from '../../../domain/catalogue.ts'
import { closesWindow } from '../../../domain/property.ts'
import type { Aggregate } from '../../../domain/reading.ts'
import type { AggregateQuery, Interval } from '../readings.ts'
import { summedFor } from '../windows/fold.ts'
import { lastBefore } from './point-before.ts'
import { flagsOf } from '../log/points.ts'
import { canAnswer } from '../windows/roll-up.ts'
import { rollUpForms } from './roll-up-codec.ts'
import { pageWorkMax, type ReadFile, scanSeries, seriesWork } from './series-scan.ts'
import { scanSummed } from './summed-scan.ts'
import { createWindowGrid } from '../windows/window-grid.ts'
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
    const quantity = quantityOf(property)
    const summed = summedFor(fn, quantity, query.vector?.(property) ?? false)
    const interval = closesWindow(quantity) ? closedAtEnd(query) : query
    const previous =
      summed === 'increments' ? lastBefore(file, key, { time: interval.from, flags }) : Number.NaN
    const windows = createWindows({
      ...{ key, fn, grid, quantity, summed, previous, flags },
      emit: (window) => page.push(window),
    })
    const isSummedUp = areUsual(flags) && canAnswer(quantity, fn, summed)
    const level = isSummedUp ? grid.level : undefined
    const form = rollUpForms[quantity]
    const pieces =
      level === undefined
        ? scanSeries(file, key, interval)
        : scanSummed(file, key, { interval, grid, level, form })
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

/** Times are whole milliseconds: (from, to] is [from + 1, to + 1). */
function closedAtEnd({ from, to }: Interval): Interval {
  return { from: from + 1, to: to + 1 }
}

/** Roll-ups count flags 1 and 2. */
function areUsual(flags: Uint8Array): boolean {
  return flags.every((asked, flag) => asked === (flag === 1 || flag === 2 ? 1 : 0))
}
