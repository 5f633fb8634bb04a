/** One series summed up here, reading by reading, where InfluxQL cannot do it. */

import { quantityOf } from '../../../../domain/catalogue.ts'
import type { Aggregate, Quality } from '../../../../domain/reading.ts'
import type { AggregateQuery, Interval } from '../../readings.ts'
import { add, emptyFold, resultOf, summedFor } from '../../windows/fold.ts'
import { createWindowGrid } from '../../windows/window-grid.ts'
import type { Connection } from '../http/connection.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from '../http/influxql.ts'
import { closedMsOf, codesWithValue, fieldSuffixes, influxTimes } from '../layout.ts'
import type { Part } from './parts.ts'
import { readOn, type Wish } from './range.ts'
import { numberAt } from './rows.ts'

const pageWindowsMax = 4_096

export async function* foldPages(
  connection: Connection,
  part: Part,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  const { fn, vector } = query
  const { device, property } = part.key
  const summed = summedFor(fn, quantityOf(property), vector?.(property) === true)
  const closedMs = closedMsOf(property)
  const span = { ...part, from: part.from + closedMs, to: part.to + closedMs }
  const grid = createWindowGrid(query)
  let page: Aggregate[] = []
  let window: Interval | undefined
  const flags = query.quality ?? [1, 2]
  let fold = emptyFold(
    summed === 'increments' ? await lastBefore(connection, span, flags) : Number.NaN,
  )

  function close(): void {
    if (window === undefined || fold.count === 0) return
    const value = resultOf(fold, fn, summed)
    page.push({ device, property, fn, value, count: fold.count, ...window })
    fold = emptyFold(fold.previous)
  }

  const wish: Wish = { flags: new Set(flags), tests: false }
  for await (const readings of readOn(connection, span, wish)) {
    for (const { observedAt, value } of readings) {
      if (value === null) continue
      const at = observedAt - closedMs
      if (window === undefined || at >= window.to) {
        close()
        window = grid.windowAt(at)
      }
      add(fold, value, summed)
    }
    if (page.length < pageWindowsMax) continue
    yield page
    page = []
  }
  close()
  if (page.length > 0) yield page
}

/** What a counter showed before the part begins; NaN when there is nothing. */
async function lastBefore(
  connection: Connection,
  { key: { device, property }, measurement, from }: Part,
  flags: readonly Quality[],
): Promise<number> {
  const where = [
    deviceCondition([device]),
    timeCondition({ from: influxTimes.from, to: from }),
    codeCondition(`${property}${fieldSuffixes.flag}`, codesWithValue(flags)),
  ].join(' AND ')
  const answer = await connection.ask(
    `SELECT last(${nameText(property)}) AS "v" FROM ${nameText(measurement)} WHERE ${where}`,
  )
  const [rows] = answer ?? []
  const [row] = rows?.values ?? []
  return row === undefined
    ? Number.NaN
    : (numberAt(row, rows?.columns.indexOf('v') ?? -1) ?? Number.NaN)
}
