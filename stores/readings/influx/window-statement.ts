/**
 * Questions about windows of one property of some devices, of raw readings or of roll-ups, and what comes back: for each
 * device rows of `time` (where the window begins), `v` and `n` (how many readings count).
 */

import type { AggregateFn, Quality } from '../../../domain/reading.ts'
import { hourMs } from './clean-hours.ts'
import type { Connection, Rows } from './connection.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from './influxql.ts'
import { codesWithValue, fieldSuffixes, rollUpName } from './layout.ts'
import { decodeTag } from './line-protocol.ts'
import { type Part, spanOf } from './parts.ts'
import { numberAt } from './rows.ts'
import type { WindowRun } from './window-runs.ts'

/** Series in one question, and questions at once. */
export const seriesMax = 64
export const questionsMax = 4

export interface WindowQuestion {
  /** All of one property. */
  parts: readonly Part[]
  run: WindowRun
  fn: AggregateFn
  /** Windows of a device at most. */
  rowsMax: number
}

/** Rows of each device; undefined when InfluxDB can not write down its numbers. */
export type WindowAnswer = ReadonlyMap<string, Rows> | undefined

/** There may be more rows than an answer was to hold. */
export function isCut(answer: NonNullable<WindowAnswer>, rowsMax: number): boolean {
  return [...answer.values()].some(({ values }) => values.length >= rowsMax)
}

export function askReadings(
  connection: Connection,
  question: WindowQuestion,
  quality: readonly Quality[] = [1, 2],
): Promise<WindowAnswer> {
  const { measurement, property } = subjectOf(question)
  const value = nameText(property)
  const flag = `${property}${fieldSuffixes.flag}`
  return ask(connection, question, {
    value: `${question.fn}(${value})`,
    count: `count(${value})`,
    source: measurement,
    condition: codeCondition(flag, codesWithValue(quality)),
    grouping: windowGrouping(question.run),
  })
}

/**
 * From roll-ups of hours, which count readings of flags 1 and 2. `fn` is one of sum, count, min and max. A device that
 * moved may have two rows for one window.
 */
export function askHours(connection: Connection, question: WindowQuestion): Promise<WindowAnswer> {
  const { measurement, property } = subjectOf(question)
  const { fn, run } = question
  const [value, count] = [nameText(`${property}_${fn}`), nameText(`${property}_count`)]
  const source = rollUpName(measurement, '1h')
  // Points as they stand come in a third of the time that windows take.
  if (run.everyMs === hourMs) {
    return ask(connection, question, { value, count, source, grouping: '"device"' })
  }
  const isExtreme = fn === 'min' || fn === 'max'
  return ask(connection, question, {
    value: `${fn}(${value})`,
    count: `sum(${count})`,
    source,
    // Where nothing counts any more count and sum are 0, but not the others. A condition costs a third more.
    ...(isExtreme ? { condition: `${count} > 0` } : {}),
    grouping: windowGrouping(run),
  })
}

/** Windows without readings are left out. */
function windowGrouping({ everyMs, originMs }: WindowRun): string {
  const offset = ((originMs % everyMs) + everyMs) % everyMs
  return `time(${everyMs}ms, ${offset}ms), "device" fill(none)`
}

function subjectOf({ parts }: WindowQuestion): { measurement: string; property: string } {
  const { measurement = '', key } = parts[0] ?? {}
  return { measurement, property: key?.property ?? '' }
}

interface Wording {
  value: string
  count: string
  source: string
  condition?: string
  grouping: string
}

async function ask(
  connection: Connection,
  { parts, run, fn, rowsMax }: WindowQuestion,
  { value, count, source, condition, grouping }: Wording,
): Promise<WindowAnswer> {
  const selected = fn === 'count' ? `${count} AS "n"` : `${value} AS "v", ${count} AS "n"`
  const where = [deviceCondition(spanOf(parts).devices), timeCondition(run)]
  if (condition !== undefined) where.push(condition)
  const answer = await connection.ask(
    [
      `SELECT ${selected} FROM ${nameText(source)} WHERE ${where.join(' AND ')}`,
      `GROUP BY ${grouping} LIMIT ${rowsMax}`,
    ].join(' '),
  )
  return answer && new Map(answer.map((rows) => [decodeTag(rows.tags.device ?? ''), rows]))
}

export interface WindowRow {
  from: number
  /** Null when InfluxDB has none, as for a sum too large. */
  value: number | null
  count: number
}

/** Windows that hold something, rising. */
export function windowRowsOf(rows: Rows | undefined, fn: AggregateFn): WindowRow[] {
  if (rows === undefined) return []
  const place = (name: string) => rows.columns.indexOf(name)
  const [time, value, count] = [place('time'), place(fn === 'count' ? 'n' : 'v'), place('n')]
  return rows.values.flatMap((row) => {
    const from = numberAt(row, time)
    const counted = numberAt(row, count)
    if (from === undefined || counted === undefined || counted === 0) return []
    return [{ from, value: numberAt(row, value) ?? null, count: counted }]
  })
}

/** Series of one property together, in their order. */
export function byProperty(group: readonly Part[]): Part[][] {
  const properties = new Map<string, Part[]>()
  for (const part of group) {
    const parts = properties.get(part.key.property)
    if (parts === undefined) properties.set(part.key.property, [part])
    else parts.push(part)
  }
  return [...properties.values()]
}
