/**
 * Points that stand under the tags of a site to which they do not belong by now, because somebody has corrected where
 * their device stood: written again under the right tags, in bounded steps. What stood there before cannot be taken
 * away in all versions of InfluxDB; its flag says then that nothing counts of it (`voidCode`). A step that ends in the
 * middle is made again and changes nothing.
 */

import { Fault } from '../../../../domain/errors.ts'
import type { Log } from '../../../../domain/ports.ts'
import type { Entry } from '../../log/recent-entries.ts'
import type { Connection, Rows } from '../http/connection.ts'
import { deviceCondition, nameText, timeCondition } from '../http/influxql.ts'
import { fieldSuffixes, flagCode, flagOfCode, tagNames, voidCode } from '../layout.ts'
import { decodeTag, escapeKey, floatText, tagsText } from './line-protocol.ts'
import type { Retag } from './place.ts'
import type { ProgressFile } from '../file/progress-file.ts'
import { columnsOf, readingFields } from '../query/rows.ts'
import type { RowHour } from '../file/unsummed.ts'

export interface Retagging {
  /** A bounded amount of what is due; true when there may be more. */
  step(): Promise<boolean>
}

export interface RetaggingParts {
  connection: Pick<Connection, 'ask' | 'write'>
  file: Pick<ProgressFile, 'mirror' | 'places' | 'reviewPlaces' | 'settleRetag'>
  log: Log
}

/** Points of one series of InfluxDB in one step. */
const pointsMax = 2_000
const hourMs = 3_600_000

interface Row {
  row: number
  measurement: string
  properties: string[]
}

interface Found {
  /** Everything before this moment was looked at. */
  upTo: number
  right: string[]
  void: string[]
  hours: RowHour[]
}

export function createRetagging({ connection, file, log }: RetaggingParts): Retagging {
  function rowsOf(device: string): Row[] {
    const { register } = file.mirror
    const rows = new Map<number, Row>()
    for (const id of register.seriesOfDevice(device)) {
      const series = register.get(id)
      if (series === undefined) continue
      const { keys, property } = series
      // A row is named by its first series.
      const [row = id] = register.seriesOfRow(series.row)
      const known = rows.get(row) ?? { row, measurement: keys.measurement, properties: [] }
      rows.set(row, known)
      known.properties.push(property)
    }
    return [...rows.values()]
  }

  async function look({ device, from, until }: Retag, own: Row): Promise<Found> {
    const fields = readingFields(own.properties)
    const where = `${deviceCondition([device])} AND ${timeCondition({ from, to: until })}`
    const tags = tagNames.map(nameText).join(', ')
    const answer = await connection.ask(
      `SELECT ${fields} FROM ${nameText(own.measurement)} WHERE ${where} GROUP BY ${tags} LIMIT ${pointsMax}`,
    )
    if (answer === undefined) throw new Fault('store_unavailable', 'InfluxDB sent no JSON.')
    const points = answer.map((rows) => pointsOf(rows, own.properties))
    const lasts = answer.flatMap(({ values }, i) =>
      values.length >= pointsMax ? [points[i]?.last ?? from] : [],
    )
    const found: Found = { upTo: Math.min(until, ...lasts), right: [], void: [], hours: [] }
    // One moment may fill an answer only if it holds nothing else.
    if (found.upTo <= from) found.upTo = Math.min(until, from + 1)
    const standing = standingOf(points)
    for (const each of points) sort(each, { device, own, standing }, found)
    return found
  }

  function sort({ tags, entries }: Points, { device, own, standing }: Sorting, to: Found): void {
    const hours = new Set<number>()
    for (const { property, entry } of entries) {
      const at = entry.observedAt
      const place = file.places.visit(device, at)
      if (at >= to.upTo || place.tags === tags) continue
      const there = standing.get(nameOf(place.tags, property, at))
      if (there === undefined || there < entry.receivedAt) {
        to.right.push(
          `${escapeKey(own.measurement)}${place.tags} ${fieldsOf(property, entry)} ${at}`,
        )
      }
      const code = `${escapeKey(property)}${fieldSuffixes.flag}=${voidCode}`
      to.void.push(`${escapeKey(own.measurement)}${tags} ${code} ${at}`)
      hours.add(Math.floor(at / hourMs) * hourMs)
    }
    for (const start of hours) to.hours.push({ row: own.row, start })
  }

  /** False when InfluxDB does not take them. */
  async function write(lines: readonly string[]): Promise<boolean> {
    if (lines.length === 0) return true
    const outcome = await connection.write(lines.join('\n'))
    if (outcome.kind === 'wait' || outcome.kind === 'alarm') {
      throw new Fault('store_unavailable', `InfluxDB cannot store now: ${outcome.reason}`)
    }
    if (outcome.kind === 'stored' || outcome.kind === 'aged') return true
    const { reason } = outcome
    log.error({ reason, line: lines[0] }, 'InfluxDB does not take points under another site.')
    return false
  }

  return {
    async step() {
      const retag = file.reviewPlaces()
      if (retag === undefined) return false
      const found = []
      for (const row of rowsOf(retag.device)) found.push(await look(retag, row))
      const upTo = Math.min(retag.until, ...found.map((one) => one.upTo))
      const hours: RowHour[] = []
      for (const one of found) {
        if (await write(one.right)) await write(one.void)
        hours.push(...one.hours)
      }
      file.settleRetag(retag, upTo, hours)
      return true
    },
  }
}

interface Points {
  /** As they stand in a line. */
  tags: string
  entries: { property: string; entry: Entry }[]
  last: number | undefined
}

interface Sorting {
  device: string
  own: Row
  standing: ReadonlyMap<string, number>
}

function pointsOf(rows: Rows, properties: readonly string[]): Points {
  const tags = Object.entries(rows.tags).map(([tag, value]) => [tag, decodeTag(value ?? '')])
  const columns = properties.map((property) => ({
    property,
    own: columnsOf(rows.columns, property, 0),
  }))
  const entries = rows.values.flatMap((row) =>
    columns.flatMap(({ property, own }) => {
      const entry = own.entryAt(row)
      return entry === undefined ? [] : [{ property, entry }]
    }),
  )
  const last = rows.values.at(-1)?.[rows.columns.indexOf('time')]
  return {
    tags: tagsText(Object.fromEntries(tags)),
    entries,
    last: typeof last === 'number' ? last : undefined,
  }
}

/** When what stands there was received. */
function standingOf(points: readonly Points[]): Map<string, number> {
  return new Map(
    points.flatMap(({ tags, entries }) =>
      entries.map(
        ({ property, entry }) =>
          [nameOf(tags, property, entry.observedAt), entry.receivedAt] as const,
      ),
    ),
  )
}

function nameOf(tags: string, property: string, at: number): string {
  return `${at} ${property} ${tags}`
}

/** All that is known of a reading, since older fields may stand there. */
function fieldsOf(property: string, { value, quality, tests, receivedAt }: Entry): string {
  const key = escapeKey(property)
  const { flag, tests: outcomes, received } = fieldSuffixes
  const hasValue = !Number.isNaN(value)
  const own = hasValue ? [`${key}=${floatText(value)}`] : []
  const numbers = [
    [flag, codeOf(quality, hasValue)],
    [outcomes, tests],
    [received, receivedAt],
  ] as const
  return [...own, ...numbers.map(([suffix, number]) => `${key}${suffix}=${number}`)].join(',')
}

function codeOf(quality: number, hasValue: boolean): number {
  const meaning = flagOfCode(quality)
  if (meaning === undefined) throw new Error(`Stored quality ${quality} is not a flag.`)
  return flagCode(meaning.quality, hasValue)
}
