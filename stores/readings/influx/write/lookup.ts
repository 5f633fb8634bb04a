/** Asks InfluxDB whether, where and as what single identities are stored. */

import { Fault } from '../../../../domain/errors.ts'
import type { Entry } from '../../log/recent-entries.ts'
import { type Connection, type Rows, rowsOfSeriesMax } from '../http/connection.ts'
import { deviceCondition, nameText, timeCondition } from '../http/influxql.ts'
import { tagNames } from '../layout.ts'
import { decodeTag } from './line-protocol.ts'
import { type LookupQuery, planLookups, queryFor, type Wanted } from './lookup-plan.ts'
import { inParallel } from '../../../../runtime/async/parallel.ts'
import { makePlace, type Place } from './place.ts'
import { columnsOf, readingFields } from '../query/rows.ts'
import { identityText, type Question } from './sheet.ts'

export interface FoundPoint {
  entry: Entry
  /** The tags it stands under. */
  place: Place
}

const queriesMax = 4

interface WantedSeries extends Wanted {
  id: number
}

/** By `identityText`. */
export async function lookUp(
  connection: Connection,
  questions: readonly Question[],
): Promise<Map<string, FoundPoint>> {
  const found = new Map<string, FoundPoint>()
  const wanted = questions.map(({ series, reading }): WantedSeries => {
    const { device, property, observedAt } = reading
    return { measurement: series.keys.measurement, device, property, observedAt, id: series.id }
  })
  await inParallel(planLookups(wanted), queriesMax, (query) => run(connection, query, found))
  return found
}

async function run(
  connection: Connection,
  query: LookupQuery<WantedSeries>,
  found: Map<string, FoundPoint>,
): Promise<void> {
  const rows = await connection.ask(statementOf(query))
  if (rows === undefined) throw new Fault('store_unavailable', 'InfluxDB sent no JSON.')
  // More than a series may have are asked for in halves.
  const isCut = rows.some(({ values }) => values.length >= rowsOfSeriesMax)
  if (isCut && query.items.length > 1) {
    const middle = query.items.length >>> 1
    for (const half of [query.items.slice(0, middle), query.items.slice(middle)]) {
      const part = queryFor(half)
      if (part !== undefined) await run(connection, part, found)
    }
    return
  }
  const ids = new Map(query.items.map(({ property, device, id }) => [`${property} ${device}`, id]))
  const names = new Set(
    query.items.map(({ device, property, observedAt }) =>
      identityText(device, property, observedAt),
    ),
  )
  for (const each of rows) {
    for (const property of query.properties) collect(each, property, { ids, names, found })
  }
}

interface Collecting {
  ids: ReadonlyMap<string, number>
  names: ReadonlySet<string>
  found: Map<string, FoundPoint>
}

/** Of two points with the same identity the one received later counts. */
function collect(rows: Rows, property: string, { ids, names, found }: Collecting): void {
  const place = placeOf(rows.tags)
  const id = ids.get(`${property} ${place.device}`)
  if (id === undefined) return
  const columns = columnsOf(rows.columns, property, id)
  for (const row of rows.values) {
    const entry = columns.entryAt(row)
    if (entry === undefined) continue
    const name = identityText(place.device, property, entry.observedAt)
    if (!names.has(name)) continue
    const other = found.get(name)
    if (other !== undefined && other.entry.receivedAt > entry.receivedAt) continue
    found.set(name, { entry, place })
  }
}

function placeOf(tags: Rows['tags']): Place {
  const name = (tag: string) => decodeTag(tags[tag] ?? '') || null
  const [device, site, district] = [name('device') ?? '', name('site'), name('district')]
  const always = { from: Number.NEGATIVE_INFINITY, until: Number.POSITIVE_INFINITY }
  return makePlace({ device, site, district, moved: null, ...always })
}

function statementOf({ measurement, devices, properties, from, to }: LookupQuery<Wanted>): string {
  const fields = readingFields([...properties])
  const where = `${deviceCondition([...devices])} AND ${timeCondition({ from, to: to + 1 })}`
  const tags = tagNames.map(nameText).join(', ')
  return `SELECT ${fields} FROM ${nameText(measurement)} WHERE ${where} GROUP BY ${tags} LIMIT ${rowsOfSeriesMax}`
}
