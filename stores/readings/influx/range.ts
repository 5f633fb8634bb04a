/**
 * Raw readings, series by series. Neighbours of one domain are asked for together, so that a day of a device, or the
 * same property of many devices, is one query; what does not fit into its answer is then read page by page.
 */

import { Fault } from '../../../domain/errors.ts'
import {
  type Quality,
  qualityFlags,
  type Reading,
  type SeriesKey,
} from '../../../domain/reading.ts'
import type { RangeQuery } from '../readings.ts'
import type { Entry } from '../sqlite/unsealed.ts'
import { type Connection, type Rows, rowsOfSeriesMax } from './connection.ts'
import { codeCondition, deviceCondition, nameText, timeCondition } from './influxql.ts'
import { codesOf, fieldSuffixes } from './layout.ts'
import { decodeTag } from './line-protocol.ts'
import { columnsOf, numberAt, readingFields, readingOf } from './rows.ts'
import { type Part, partsOf, spanOf } from './parts.ts'
import type { Snapshot } from './snapshot.ts'

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
  if (flags.size === 0) return
  const parts = partsOf(snapshot, query)
  let size = seriesMax
  for (let at = 0; at < parts.length; ) {
    const group = groupOf(parts, at, size)
    const asked = await askGroup(connection, group, flags)
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
  { group, devices, answer, flags, rowsMax }: Asked,
): AsyncGenerator<readonly Reading[]> {
  const isCutShort = (rows: Rows | undefined) => (rows?.values.length ?? 0) >= rowsMax
  for (const part of group) {
    const rows = answer.get(part.key.device)
    const isCut = devices.length === 1 && isCutShort(rows)
    const { entries, next } = entriesOf(rows, { part, flags, isCut })
    yield* pagesOf(part.key, entries)
    if (isCut && next < part.to) yield* readOn(connection, { ...part, from: next }, flags)
  }
}

/** One series, page by page. */
export async function* readOn(
  connection: Connection,
  part: Part,
  flags: ReadonlySet<Quality>,
): AsyncGenerator<readonly Reading[]> {
  const { property, device } = part.key
  for (let from = part.from; from < part.to; ) {
    const rest = { ...part, from }
    const rowsMax = pageReadingsMax
    const group = { group: [rest], properties: [property], devices: [device], flags, rowsMax }
    const rows = (await ask(connection, group)).get(device)
    const isCut = (rows?.values.length ?? 0) >= rowsMax
    const { entries, next } = entriesOf(rows, { part: rest, flags, isCut })
    yield* pagesOf(part.key, entries)
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
  flags: ReadonlySet<Quality>,
): Promise<Asked> {
  const { devices, properties } = spanOf(group)
  const width = devices.length * properties.length * cellsPerReading
  const rowsMax = Math.min(Math.floor(cellsMax / width), rowsOfSeriesMax)
  const asking: Asking = { group, properties, devices, flags, rowsMax }
  const answer = await ask(connection, asking)
  const isCut = [...answer.values()].some(({ values }) => values.length >= rowsMax)
  return { ...asking, answer, isTooMuch: isCut && devices.length > 1 }
}

interface Asking {
  group: readonly Part[]
  properties: readonly string[]
  devices: readonly string[]
  flags: ReadonlySet<Quality>
  rowsMax: number
}

/** The rows of each device. */
async function ask(connection: Connection, asking: Asking): Promise<Map<string, Rows>> {
  const { group, properties, devices, flags, rowsMax } = asking
  const conditions = [deviceCondition(devices), timeCondition(spanOf(group))]
  const [property] = properties
  if (properties.length === 1 && property !== undefined && flags.size < qualityFlags.length) {
    conditions.push(codeCondition(`${property}${fieldSuffixes.flag}`, codesOf([...flags])))
  }
  const statement = [
    `SELECT ${readingFields(properties)} FROM ${nameText(group[0]?.measurement ?? '')}`,
    `WHERE ${conditions.join(' AND ')} GROUP BY "device" LIMIT ${rowsMax}`,
  ].join(' ')
  const answer = await connection.ask(statement)
  if (answer === undefined) throw new Fault('store_unavailable', 'InfluxDB sent no JSON.')
  return new Map(answer.map((rows) => [decodeTag(rows.tags.device ?? ''), rows]))
}

interface Wanted {
  part: Part
  flags: ReadonlySet<Quality>
  /** There are more rows. */
  isCut: boolean
}

/**
 * The entries of a series, rising in time, and the time to go on from. Points of a device that moved may meet at one
 * moment; the one received later counts, so the last moment of an answer that is cut is left to the next.
 */
function entriesOf(
  rows: Rows | undefined,
  { part, flags, isCut }: Wanted,
): { entries: Entry[]; next: number } {
  const { key, from } = part
  if (rows === undefined) return { entries: [], next: part.to }
  const time = rows.columns.indexOf('time')
  const last = numberAt(rows.values.at(-1) ?? [], time) ?? from
  const to = isCut && last > from ? Math.min(part.to, last) : part.to
  const columns = columnsOf(rows.columns, key.property, 0)
  const entries: Entry[] = []
  for (const row of rows.values) {
    const entry = columns.entryAt(row)
    if (entry === undefined || entry.observedAt < from || entry.observedAt >= to) continue
    const before = entries.at(-1)
    if (before?.observedAt !== entry.observedAt) entries.push(entry)
    else if (entry.receivedAt >= before.receivedAt) entries[entries.length - 1] = entry
  }
  const wanted: ReadonlySet<number> = flags
  return {
    entries: entries.filter(({ quality }) => wanted.has(quality)),
    next: Math.max(to, from + 1),
  }
}

function* pagesOf(key: SeriesKey, entries: readonly Entry[]): Generator<readonly Reading[]> {
  for (let at = 0; at < entries.length; at += pageReadingsMax) {
    yield entries.slice(at, at + pageReadingsMax).map((entry) => readingOf(key, entry))
  }
}
