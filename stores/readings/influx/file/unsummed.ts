/**
 * Hours of rows whose sums InfluxDB could not tell or would not take: boards go without them, and readers sum up the
 * readings. Hardly ever any.
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import type { Span } from '../layout.ts'

/** A row is named by its first series, an hour by its beginning. */
export interface RowHour {
  row: number
  start: number
}

export interface SettledSums {
  span: Span
  starts: readonly number[]
  rows: readonly number[]
  /** Hours of these that have no right sums all the same. */
  left: readonly RowHour[]
  dayStart(device: string, hour: number): number
}

export interface Unsummed {
  /** Of these hours of these rows only `left` have no sums, inside the caller's transaction. */
  settle(settled: {
    starts: readonly number[]
    rows: readonly number[]
    left: readonly RowHour[]
  }): void
  /** Takes away what began before this moment, inside the caller's transaction. */
  dropBefore(start: number): void
}

export function createUnsummed(db: SqliteDatabase): Unsummed {
  const any = db.prepare('select 1 from unsummed limit 1')
  const insert = db.prepare<[number, number]>(
    'insert or ignore into unsummed (start, series) values (?, ?)',
  )
  const remove = db.prepare<[number, number]>('delete from unsummed where start = ? and series = ?')
  const removeOld = db.prepare<[number]>('delete from unsummed where start < ?')

  return {
    settle({ starts, rows, left }) {
      if (any.get() !== undefined) {
        for (const start of starts) for (const row of rows) remove.run(start, row)
      }
      for (const { start, row } of left) insert.run(start, row)
    },
    dropBefore(start) {
      if (any.get() !== undefined) removeOld.run(start)
    },
  }
}
