/**
 * Readings summed up in windows, by InfluxDB wherever it can: one query for each property and up to 64 series, several
 * at once. What it can not do (mean directions, sums too large for its JSON) is summed up from raw readings here.
 */

import type { Aggregate, SeriesKey } from '../../../domain/reading.ts'
import type { AggregateQuery } from '../readings.ts'
import { createWindowGrid } from '../sqlite/window-grid.ts'
import { type Connection, type Rows, rowsOfSeriesMax } from './connection.ts'
import { foldPages } from './fold-pages.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from './influxql.ts'
import { codesWithValue, fieldSuffixes } from './layout.ts'
import { decodeTag } from './line-protocol.ts'
import { inParallel } from './parallel.ts'
import { type Part, partsOf, spanOf } from './parts.ts'
import { numberAt } from './rows.ts'
import type { Snapshot } from './snapshot.ts'
import { type WindowRun, windowRuns } from './window-runs.ts'

/** Series asked for together. */
const seriesMax = 64
const queriesMax = 4
/** Windows in one answer. */
const windowsMax = 40_000
const pageWindowsMax = 4_096

/** Throws `RangeError` when the windows have no sensible length. */
export async function* aggregatePages(
  snapshot: Snapshot,
  connection: Connection,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  createWindowGrid(query)
  if (query.quality?.length === 0) return
  const parts = partsOf(snapshot, query)
  let size = seriesMax
  for (let at = 0; at < parts.length; ) {
    const group = groupOf(parts.slice(at, at + size), query)
    const [first] = group
    if (first === undefined) return
    if (isVector(first.key, query)) {
      yield* foldPages(connection, first, query)
      at += 1
      continue
    }
    const answer = await askGroup(connection, group, query)
    if (answer === 'too much' || answer === 'unreadable') {
      if (group.length > 1) {
        size = group.length >>> 1
        continue
      }
      yield* answer === 'too much'
        ? windowByWindow(connection, first, query)
        : foldPages(connection, first, query)
    } else {
      for (const part of group) yield* pagesOf(answer.get(part) ?? [])
    }
    at += group.length
  }
}

/** The beginning that InfluxDB can sum up, or the first one alone. */
function groupOf(parts: readonly Part[], query: AggregateQuery): readonly Part[] {
  const end = parts.findIndex(({ key }) => isVector(key, query))
  return end < 0 ? parts : parts.slice(0, Math.max(end, 1))
}

function isVector({ property }: SeriesKey, { fn, vector }: AggregateQuery): boolean {
  return fn === 'mean' && vector?.(property) === true
}

async function askGroup(
  connection: Connection,
  group: readonly Part[],
  query: AggregateQuery,
): Promise<Map<Part, Aggregate[]> | 'too much' | 'unreadable'> {
  const found = new Map<Part, Aggregate[]>(group.map((part) => [part, []]))
  const rowsMax = Math.min(Math.floor(windowsMax / group.length), rowsOfSeriesMax)
  let trouble: 'too much' | 'unreadable' | undefined
  const statements = byProperty(group).flatMap((parts) =>
    windowRuns(query, spanOf(parts)).map((run) => ({ parts, run })),
  )
  const answers = new Map<WindowRun, Map<string, Rows>>()
  await inParallel(statements, queriesMax, async ({ parts, run }) => {
    if (trouble !== undefined) return
    const answer = await connection.ask(statementOf(parts, run, { query, rowsMax }))
    if (answer === undefined) trouble = 'unreadable'
    else if (answer.some(({ values }) => values.length >= rowsMax)) trouble = 'too much'
    else answers.set(run, byDevice(answer))
  })
  if (trouble !== undefined) return trouble
  for (const { parts, run } of statements) {
    for (const part of parts) {
      const rows = answers.get(run)?.get(part.key.device)
      for (const each of windowsOf(rows, part, run, query)) found.get(part)?.push(each)
    }
  }
  return found
}

/** One series with very many windows, answer by answer. */
async function* windowByWindow(
  connection: Connection,
  part: Part,
  query: AggregateQuery,
): AsyncGenerator<readonly Aggregate[]> {
  for (const run of windowRuns(query, part)) {
    for (let from = run.from; from < run.to; ) {
      const rest = { ...run, from }
      const statement = statementOf([part], rest, { query, rowsMax: pageWindowsMax })
      const answer = await connection.ask(statement)
      if (answer === undefined) {
        yield* foldPages(connection, { ...part, from, to: run.to }, query)
        break
      }
      const windows = windowsOf(answer[0], part, rest, query)
      yield windows
      if (windows.length < pageWindowsMax) break
      from = windows.at(-1)?.to ?? run.to
    }
  }
}

function byProperty(group: readonly Part[]): Part[][] {
  const properties = new Map<string, Part[]>()
  for (const part of group) {
    const parts = properties.get(part.key.property)
    if (parts === undefined) properties.set(part.key.property, [part])
    else parts.push(part)
  }
  return [...properties.values()]
}

function byDevice(answer: readonly Rows[]): Map<string, Rows> {
  return new Map(answer.map((rows) => [decodeTag(rows.tags.device ?? ''), rows]))
}

interface Asking {
  query: AggregateQuery
  rowsMax: number
}

/** All parts must be of one property. */
function statementOf(parts: readonly Part[], run: WindowRun, { query, rowsMax }: Asking): string {
  const { devices } = spanOf(parts)
  const { property = '' } = parts[0]?.key ?? {}
  const { everyMs, originMs } = run
  const value = nameText(property)
  const counted = `count(${value}) AS "n"`
  const summed = query.fn === 'count' ? counted : `${query.fn}(${value}) AS "v", ${counted}`
  const conditions = [
    deviceCondition(devices),
    timeCondition(run),
    codeCondition(`${property}${fieldSuffixes.flag}`, codesWithValue(query.quality ?? [1, 2])),
  ]
  const offset = ((originMs % everyMs) + everyMs) % everyMs
  return [
    `SELECT ${summed} FROM ${nameText(parts[0]?.measurement ?? '')}`,
    `WHERE ${conditions.join(' AND ')}`,
    `GROUP BY time(${everyMs}ms, ${offset}ms), "device" fill(none) LIMIT ${rowsMax}`,
  ].join(' ')
}

function windowsOf(
  rows: Rows | undefined,
  { key }: Part,
  { everyMs }: WindowRun,
  { fn }: AggregateQuery,
): Aggregate[] {
  if (rows === undefined) return []
  const place = (name: string) => rows.columns.indexOf(name)
  const [time, value, count] = [place('time'), place(fn === 'count' ? 'n' : 'v'), place('n')]
  const { device, property } = key
  return rows.values.flatMap((row) => {
    const from = numberAt(row, time)
    const counted = numberAt(row, count)
    if (from === undefined || counted === undefined || counted === 0) return []
    const summed = numberAt(row, value) ?? null
    return [{ device, property, fn, value: summed, count: counted, from, to: from + everyMs }]
  })
}

function* pagesOf(windows: readonly Aggregate[]): Generator<readonly Aggregate[]> {
  for (let at = 0; at < windows.length; at += pageWindowsMax) {
    yield windows.slice(at, at + pageWindowsMax)
  }
}
