/**
 * When `influx.db` is made, InfluxDB may hold readings already: the file was lost, or comes from a backup that left it
 * out. Which series there are, since when, and their newest readings are then asked for once, before anything is
 * written. Counts begin anew, and the position with them; and which hours had still to be summed up is not known any more.
 */

import type { Ports } from '../../../../domain/ports.ts'
import type { SeriesKey } from '../../../../domain/reading.ts'
import type { Entry } from '../../log/recent-entries.ts'
import type { Connection } from '../http/connection.ts'
import { nameText } from '../http/influxql.ts'
import { fieldSuffixes, measurements, receivedField } from '../layout.ts'
import { decodeTag } from '../write/line-protocol.ts'
import { columnsOf, numberAt } from '../query/rows.ts'

export interface FoundSeries extends SeriesKey {
  first: number
  newest: Entry
}

export interface Found {
  series: FoundSeries[]
  /** Sums of earlier hours may be of other readings than those that stand there; null when there are none. */
  summedFrom: number | null
}

const hourMs = 3_600_000

/**
 * Throws when InfluxDB does not answer, whatever the reason (away, wrong password, no rights, no database): what it
 * holds would stay unseen for good. Only what InfluxDB 3 Core will never tell is left out, and logged.
 */
export async function findSeries(
  connection: Connection,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
): Promise<Found> {
  const found: FoundSeries[] = []
  let last = Number.NEGATIVE_INFINITY
  for (const measurement of measurements) {
    try {
      for (const property of await propertiesIn(connection, measurement)) {
        for (const one of await seriesOf(connection, measurement, property)) found.push(one)
      }
    } catch (error) {
      if (!isTooMuchForCore(error)) throw error
      last = clock.now()
      log.warn(
        { error, measurement },
        'InfluxDB does not tell which series it holds; they are known again when they report.',
      )
    }
  }
  if (found.length > 0) {
    log.warn(
      { series: found.length },
      'InfluxDB holds readings that the progress file does not know; it was made anew from them, and counts begin at 0.',
    )
  }
  for (const { newest } of found) last = Math.max(last, newest.observedAt)
  const summedFrom = Number.isFinite(last) ? (Math.floor(last / hourMs) + 1) * hourMs : null
  return { series: found, summedFrom }
}

/** It looks through no more than some hundred Parquet files in a question, and there is no other way to ask. */
function isTooMuchForCore(error: unknown): boolean {
  return error instanceof Error && /file limit/i.test(error.message)
}

async function propertiesIn(connection: Connection, measurement: string): Promise<string[]> {
  const answer = await connection.ask(`SHOW FIELD KEYS FROM ${nameText(measurement)}`)
  const [rows] = answer ?? []
  const place = rows?.columns.indexOf('fieldKey') ?? -1
  return (rows?.values ?? []).flatMap((row) => {
    const field = String(row[place] ?? '')
    return field.endsWith(fieldSuffixes.flag) ? [field.slice(0, -fieldSuffixes.flag.length)] : []
  })
}

async function seriesOf(
  connection: Connection,
  measurement: string,
  property: string,
): Promise<FoundSeries[]> {
  const { flag, tests, received } = fieldSuffixes
  const code = nameText(`${property}${flag}`)
  const others = [property, `${property}${tests}`, `${property}${received}`, receivedField]
  const from = `FROM ${nameText(measurement)} GROUP BY "device"`
  const firsts = await connection.ask(`SELECT first(${code}) AS ${code} ${from}`)
  const lasts = await connection.ask(
    `SELECT last(${code}) AS ${code}, ${others.map(nameText).join(', ')} ${from}`,
  )
  const begins = new Map<string, number>()
  for (const { tags, columns, values } of firsts ?? []) {
    const at = numberAt(values[0] ?? [], columns.indexOf('time'))
    if (at !== undefined) begins.set(tags.device ?? '', at)
  }
  return (lasts ?? []).flatMap(({ tags, columns, values }) => {
    const first = begins.get(tags.device ?? '')
    const newest = columnsOf(columns, property, 0).entryAt(values[0] ?? [])
    if (first === undefined || newest === undefined) return []
    return [{ device: decodeTag(tags.device ?? ''), property, first, newest }]
  })
}
