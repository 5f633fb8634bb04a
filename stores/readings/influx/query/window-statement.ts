/**
 * Questions about windows of one property of some devices, of raw readings or of roll-ups, and what comes back: for each
 * device rows of `time` (where the window begins), `v` and `n` (how many readings count).
 */

import type { AggregateFn, Quality } from '../../../../domain/reading.ts'
import type { Interval } from '../../readings.ts'
import { hourMs } from './clean-hours.ts'
import type { Connection, Rows } from '../http/connection.ts'
import {
  codeCondition,
  deviceCondition,
  energyText,
  nameText,
  timeCondition,
} from '../http/influxql.ts'
import { closedMsOf, codesWithValue, fieldSuffixes, rollUpName, sumNameOf } from '../layout.ts'
import { decodeTag } from '../write/line-protocol.ts'
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
  fn: RawFn
  /** Of levels their energy, for `mean` and `sum`. */
  isEnergy: boolean
  /** Windows of a device at most. */
  rowsMax: number
}

/** What InfluxQL can do by itself. */
export type RawFn = Exclude<AggregateFn, 'increase'>

/** Rows of each device; undefined when InfluxDB cannot write down its numbers. */
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
  const { run, isEnergy } = question
  const closedMs = closedMsOf(property)
  const times = { from: run.from + closedMs, to: run.to + closedMs }
  const flag = `${property}${fieldSuffixes.flag}`
  const value = nameText(isEnergy ? 'energy' : property)
  return ask(connection, question, {
    value: `${question.fn}(${value})`,
    count: `count(${value})`,
    source: nameText(measurement),
    ...(isEnergy ? { inner: `${energyText(property)} AS ${value}` } : {}),
    condition: codeCondition(flag, codesWithValue(quality)),
    times,
    closedMs,
    grouping: windowGrouping({ ...run, originMs: run.originMs + closedMs }),
  })
}

/**
 * From roll-ups of hours, which count readings of flags 1 and 2. `fn` is one of sum, count, min and max. A device that
 * moved may have two rows for one window.
 */
export function askHours(connection: Connection, question: WindowQuestion): Promise<WindowAnswer> {
  const { measurement, property } = subjectOf(question)
  const { fn, run } = question
  const field = fn === 'sum' ? sumNameOf(property) : fn
  const [value, count] = [nameText(`${property}_${field}`), nameText(`${property}_count`)]
  const source = nameText(rollUpName(measurement, '1h'))
  const times = run
  // Points as they stand come in a third of the time that windows take.
  if (run.everyMs === hourMs) {
    return ask(connection, question, { value, count, source, times, grouping: '"device"' })
  }
  const isExtreme = fn === 'min' || fn === 'max'
  return ask(connection, question, {
    value: `${fn}(${value})`,
    count: `sum(${count})`,
    source,
    times,
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
  /** What is selected from the source, when it is not the fields themselves. */
  inner?: string
  condition?: string
  times: Interval
  /** Milliseconds that windows begin later than they are said to. */
  closedMs?: number
  grouping: string
}

async function ask(
  connection: Connection,
  { parts, fn, rowsMax }: WindowQuestion,
  { value, count, source, inner, condition, times, closedMs = 0, grouping }: Wording,
): Promise<WindowAnswer> {
  const selected = fn === 'count' ? `${count} AS "n"` : `${value} AS "v", ${count} AS "n"`
  const time = timeCondition(times)
  const where = [deviceCondition(spanOf(parts).devices), time]
  if (condition !== undefined) where.push(condition)
  const plain = `${source} WHERE ${where.join(' AND ')}`
  const from =
    inner === undefined ? plain : `(SELECT ${inner} FROM ${plain} GROUP BY "device") WHERE ${time}`
  const answer = await connection.ask(
    `SELECT ${selected} FROM ${from} GROUP BY ${grouping} LIMIT ${rowsMax}`,
  )
  if (answer === undefined) return undefined
  return new Map(
    answer.map((rows) => [decodeTag(rows.tags.device ?? ''), movedBack(rows, closedMs)]),
  )
}

function movedBack(rows: Rows, ms: number): Rows {
  if (ms === 0) return rows
  const time = rows.columns.indexOf('time')
  const values = rows.values.map((row) => row.with(time, (numberAt(row, time) ?? 0) - ms))
  return { ...rows, values }
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
