/**
 * Which hours and days of which rows have to be summed up (again): marked in the transaction of the batch that touched
 * them, taken away when their sums are in InfluxDB. A row is named by its first series, whose number never changes.
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import { closedMsOf, type Span } from '../layout.ts'
import type { SeriesRegister } from './series-register.ts'
import type { Sheet } from '../write/sheet.ts'

export interface Dirty {
  /** Marks what the batch touches, inside the caller's transaction. */
  markBatch(sheet: Sheet): void
  /** False when the batch revises readings of an hour that is not marked. */
  coversRevisions(sheet: Sheet): boolean
  /** Marks inside the caller's transaction. */
  mark(span: Span, start: number, row: number): void
  /** Rows of a span that began at this moment. */
  at(span: Span, start: number): ReadonlySet<number>
  /** The earliest beginning, or undefined. */
  first(span: Span): number | undefined
  /** Takes marks away inside the caller's transaction. */
  settle(span: Span, starts: readonly number[], rows: readonly number[]): void
  /** Takes away what began before this moment, inside the caller's transaction. */
  dropBefore(start: number): void
  /** Reads them anew. */
  clear(): void
}

const hourMs = 3_600_000

export function createDirty(db: SqliteDatabase, register: SeriesRegister): Dirty {
  const select = db.prepare<[], { span: Span; start: number; row: number }>(
    'select span, start, series as row from dirty',
  )
  const insert = db.prepare<[Span, number, number]>(
    'insert or ignore into dirty (span, start, series) values (?, ?, ?)',
  )
  const remove = db.prepare<[Span, number, number]>(
    'delete from dirty where span = ? and start = ? and series = ?',
  )
  const removeOld = db.prepare<[number]>('delete from dirty where start < ?')
  let marks: Record<Span, Map<number, Set<number>>> | undefined
  /** The hour that each row was marked for last, so that nearly all readings cost a comparison. */
  let lastHours = new Float64Array(1_024).fill(Number.NaN)

  function load(): Record<Span, Map<number, Set<number>>> {
    if (marks !== undefined) return marks
    marks = { '1h': new Map(), '1d': new Map() }
    for (const { span, start, row } of select.iterate()) rowsAt(marks, span, start).add(row)
    return marks
  }

  function mark(span: Span, start: number, row: number): void {
    const rows = rowsAt(load(), span, start)
    if (rows.has(row)) return
    rows.add(row)
    insert.run(span, start, row)
  }

  function growTo(row: number): void {
    const grown = new Float64Array(row * 2).fill(Number.NaN)
    grown.set(lastHours)
    lastHours = grown
  }

  return {
    mark,
    coversRevisions({ readings, series, kinds, revised }) {
      if (revised === 0) return true
      return kinds.every((kind, slot) => {
        if (kind !== 'flags') return true
        const { observedAt = 0, property = '' } = readings[slot] ?? {}
        const start = Math.floor((observedAt - closedMsOf(property)) / hourMs) * hourMs
        const [row = 0] = register.seriesOfRow(series[slot]?.row ?? 0)
        return load()['1h'].get(start)?.has(row) === true
      })
    },
    markBatch({ readings, series }) {
      for (let slot = 0; slot < readings.length; slot++) {
        const row = series[slot]?.row ?? 0
        const at = readings[slot]?.observedAt ?? 0
        const hour = Math.floor(at / hourMs)
        if (row >= lastHours.length) growTo(row)
        // An amount of the hour that ends now.
        if (hour * hourMs === at && closedMsOf(readings[slot]?.property ?? '') > 0) {
          mark('1h', at - hourMs, register.seriesOfRow(row)[0] ?? 0)
        }
        if (lastHours[row] === hour) continue
        lastHours[row] = hour
        mark('1h', hour * hourMs, register.seriesOfRow(row)[0] ?? 0)
      }
    },
    at: (span, start) => load()[span].get(start) ?? new Set(),
    first(span) {
      let first: number | undefined
      for (const start of load()[span].keys()) {
        if (first === undefined || start < first) first = start
      }
      return first
    },
    settle(span, starts, rows) {
      lastHours.fill(Number.NaN)
      for (const start of starts) {
        const known = rowsAt(load(), span, start)
        for (const row of rows) if (known.delete(row)) remove.run(span, start, row)
        if (known.size === 0) load()[span].delete(start)
      }
    },
    dropBefore(start) {
      if (!Object.values(load()).some((spans) => [...spans.keys()].some((at) => at < start))) return
      removeOld.run(start)
      marks = undefined
    },
    clear() {
      marks = undefined
      lastHours.fill(Number.NaN)
    },
  }
}

function rowsAt(
  marks: Record<Span, Map<number, Set<number>>>,
  span: Span,
  start: number,
): Set<number> {
  const known = marks[span].get(start)
  if (known !== undefined) return known
  const rows = new Set<number>()
  marks[span].set(start, rows)
  return rows
}
