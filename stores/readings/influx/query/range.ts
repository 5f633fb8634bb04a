/**
 * Raw readings, series by series. Neighbours of one domain are asked for together, so that a day of a device, or the
 * same property of many devices, is one query; what does not fit into its answer is then read page by page.
 */

import { Fault } from '../../../../domain/errors.ts'
import { type Quality, qualityFlags, type Reading } from '../../../../domain/reading.ts'
import type { RangeQuery } from '../../readings.ts'
import type { Entry } from '../../log/recent-entries.ts'
import { type Connection, type Rows, rowsOfSeriesMax } from '../http/connection.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from '../http/influxql.ts'
import { codesOf, fieldSuffixes } from '../layout.ts'
import { decodeTag } from '../write/line-protocol.ts'
import { columnsOf, numberAt, readingFields, readingOf } from './rows.ts'
import { type Part, partsOf, spanOf } from './parts.ts'
import type { Snapshot } from '../file/snapshot.ts'

/** Numbers in one answer, about. */
const cellsMax = 200_000
const cellsPerReading = 5
const pageReadingsMax = 4_096
/** Series asked for together. */
const seriesMax = 200

export async function* rangePages(
  snapshot: Snapshot,
  connection: Connection,
  query: RangeQuery,
): AsyncGenerator<readonly Reading[]> {
  const flags = new Set(query.quality ?? qualityFlags)
  const wish: Wish = { flags, tests: query.tests ?? true }
  if (flags.size === 0) return
  const parts = partsOf(snapshot, query)
  let size = seriesMax
  for (let at = 0; at < parts.length; ) {
    const group = groupOf(parts, at, size)
    const asked = await askGroup(connection, group, wish)
    if (asked.isTooMuch) {
      size = Math.max(1, group.length >>> 1)
      continue
    }
    yield* readGroup(connection, asked)
    at += group.length
  }
}

/** The first of these that may be asked for together: neighbours of one domain. */
function groupOf(parts: readonly Part[], from: number, max: number): Part[] {
  let to = from + 1
  while (to < parts.length && to - from < max) {
    if (parts[to]?.measurement !== parts[from]?.measurement) break
    to++
  }
  return parts.slice(from, to)
}

async function* readGroup(
  connection: Connection,
  { group, devices, answer, wish, rowsMax }: Asked,
): AsyncGenerator<readonly Reading[]> {
  const isCutShort = (rows: Rows | undefined) => (rows?.values.length ?? 0) >= rowsMax
  for (const part of group) {
    const rows = answer.get(part.key.device)
    const isCut = devices.length === 1 && isCutShort(rows)
    const { readings, next } = readingsOf(rows, { part, wish, isCut })
    yield* pagesOf(readings)
    if (isCut && next < part.to) yield* readOn(connection, { ...part, from: next }, wish)
  }
}

/** One series, page by page. */
export async function* readOn(
  connection: Connection,
  part: Part,
  wish: Wish,
): AsyncGenerator<readonly Reading[]> {
  const { property, device } = part.key
  for (let from = part.from; from < part.to; ) {
    const rest = { ...part, from }
    const rowsMax = pageReadingsMax
    const group = { group: [rest], properties: [property], devices: [device], wish, rowsMax }
    const rows = (await ask(connection, group)).get(device)
    const isCut = (rows?.values.length ?? 0) >= rowsMax
    const { readings, next } = readingsOf(rows, { part: rest, wish, isCut })
    yield* pagesOf(readings)
    if (!isCut) return
    from = next
  }
}

interface Asked extends Asking {
  /** The rows of each device. */
  answer: ReadonlyMap<string, Rows>
  /** The answer is cut short, and less can be asked for. */
  isTooMuch: boolean
}

async function askGroup(
  connection: Connection,
  group: readonly Part[],
  wish: Wish,
): Promise<Asked> {
  const { devices, properties } = spanOf(group)
  const width = devices.length * properties.length * cellsPerReading
  const rowsMax = Math.min(Math.floor(cellsMax / width), rowsOfSeriesMax)
  const asking: Asking = { group, properties, devices, wish, rowsMax }
  const answer = await ask(connection, asking)
  const isCut = [...answer.values()].some(({ values }) => values.length >= rowsMax)
  return { ...asking, answer, isTooMuch: isCut && devices.length > 1 }
}

/** Which readings are wanted, and whether with the outcomes of their tests. */
export interface Wish {
  flags: ReadonlySet<Quality>
  tests: boolean
}

interface Asking {
  group: readonly Part[]
  properties: readonly string[]
  devices: readonly string[]
  wish: Wish
  rowsMax: number
}

/** The rows of each device. */
async function ask(connection: Connection, asking: Asking): Promise<Map<string, Rows>> {
  const { group, properties, devices, wish, rowsMax } = asking
  const { flags, tests } = wish
  const conditions = [deviceCondition(devices), timeCondition(spanOf(group))]
  const [property] = properties
  if (properties.length === 1 && property !== undefined && flags.size < qualityFlags.length) {
    conditions.push(codeCondition(`${property}${fieldSuffixes.flag}`, codesOf([...flags])))
  }
  const statement = [
    `SELECT ${readingFields(properties, tests)} FROM ${nameText(group[0]?.measurement ?? '')}`,
    `WHERE ${conditions.join(' AND ')} GROUP BY "device" LIMIT ${rowsMax}`,
  ].join(' ')
  const answer = await connection.ask(statement)
  if (answer === undefined) throw new Fault('store_unavailable', 'InfluxDB sent no JSON.')
  return new Map(answer.map((rows) => [decodeTag(rows.tags.device ?? ''), rows]))
}

interface Wanted {
  part: Part
  wish: Wish
  /** There are more rows. */
  isCut: boolean
}

/**
 * The readings of a series, rising in time, and the time to go on from. Points of a device that moved may meet at one
 * moment; the one received later counts, so the last moment of an answer that is cut is left to the next.
 */
function readingsOf(
  rows: Rows | undefined,
  { part, wish, isCut }: Wanted,
): { readings: Reading[]; next: number } {
  const { key, from } = part
  if (rows === undefined) return { readings: [], next: part.to }
  const time = rows.columns.indexOf('time')
  const last = numberAt(rows.values.at(-1) ?? [], time) ?? from
  const to = isCut && last > from ? Math.min(part.to, last) : part.to
  const columns = columnsOf(rows.columns, key.property, 0)
  const readings: Reading[] = []
  const wanted: ReadonlySet<number> = wish.flags
  let before: Entry | undefined
  const take = (entry: Entry | undefined) => {
    if (entry !== undefined && wanted.has(entry.quality)) readings.push(readingOf(key, entry))
  }
  for (const row of rows.values) {
    const entry = columns.entryAt(row)
    if (entry === undefined || entry.observedAt < from || entry.observedAt >= to) continue
    if (before?.observedAt !== entry.observedAt) take(before)
    else if (entry.receivedAt < before.receivedAt) continue
    before = entry
  }
  take(before)
  return { readings, next: Math.max(to, from + 1) }
}

function* pagesOf(readings: readonly Reading[]): Generator<readonly Reading[]> {
  for (let at = 0; at < readings.length; at += pageReadingsMax) {
    yield readings.length <= pageReadingsMax ? readings : readings.slice(at, at + pageReadingsMax)
  }
}
