/** Which fields a question about readings selects, and the readings in the rows that come back. */

import type { Reading } from '../../../../domain/reading.ts'
import type { Entry } from '../../log/recent-entries.ts'
import type { Rows } from '../http/connection.ts'
import { nameText } from '../http/influxql.ts'
import { fieldSuffixes, flagOfCode, receivedField } from '../layout.ts'

const { flag, tests, received } = fieldSuffixes

/** Names that a field has of these properties, for `SELECT`; outcomes of tests only where they are wanted. */
export function readingFields(properties: readonly string[], withTests = true): string {
  const fields = properties.flatMap((code) => [
    code,
    `${code}${flag}`,
    ...(withTests ? [`${code}${tests}`] : []),
    `${code}${received}`,
  ])
  return [...fields, receivedField].map(nameText).join(', ')
}

export interface PropertyColumns {
  /** Undefined when the row holds nothing of this property. */
  entryAt(row: Rows['values'][number]): Entry | undefined
}

/** Finds the columns of one property by their names; `series` is put into the entries. */
export function columnsOf(
  columns: readonly string[],
  property: string,
  series: number,
): PropertyColumns {
  const place = (name: string) => columns.indexOf(name)
  const time = place('time')
  const value = place(property)
  const code = place(`${property}${flag}`)
  const outcomes = place(`${property}${tests}`)
  const own = place(`${property}${received}`)
  const shared = place(receivedField)
  return {
    entryAt(row) {
      const stands = flagOfCode(numberAt(row, code) ?? -1)
      const observedAt = numberAt(row, time)
      if (stands === undefined || observedAt === undefined) return undefined
      return {
        series,
        observedAt,
        receivedAt: numberAt(row, own) ?? numberAt(row, shared) ?? observedAt,
        value: (stands.hasValue ? numberAt(row, value) : undefined) ?? Number.NaN,
        quality: stands.quality,
        tests: numberAt(row, outcomes) ?? 0,
      }
    },
  }
}

export function numberAt(row: Rows['values'][number], place: number): number | undefined {
  const cell = row[place]
  return typeof cell === 'number' ? cell : undefined
}

export function readingOf(key: { device: string; property: string }, entry: Entry): Reading {
  const { device, property } = key
  const { observedAt, receivedAt, tests: outcomes } = entry
  const quality = flagOfCode(entry.quality)?.quality
  if (quality === undefined) throw new Error(`Stored quality ${entry.quality} is not a flag.`)
  const value = Number.isNaN(entry.value) ? null : entry.value
  if (outcomes === 0) return { device, property, observedAt, receivedAt, value, quality }
  return { device, property, observedAt, receivedAt, value, quality, tests: outcomes }
}
