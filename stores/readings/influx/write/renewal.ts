/**
 * Renewal: sums that an earlier version made in another form are made anew, from the newest hours back, a bounded
 * number at a time and only when nothing else is due. Until then readers sum up the readings instead.
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import type { Dirty } from '../file/dirty.ts'
import { isOfNewForm } from '../layout.ts'
import type { Mirror } from '../file/mirror.ts'

const hourMs = 3_600_000
/** Marked in one step, about. */
const marksMax = 4_096
const hoursMax = 24

export interface Renewal {
  /** One step inside the caller's transaction; true when it marked something or has more to look for. */
  step(keptFrom: number): boolean
}

interface RowSpan {
  row: number
  first: number
  last: number
}

export function createRenewal(
  db: SqliteDatabase,
  { register, book }: Pick<Mirror, 'register' | 'book'>,
  dirty: Pick<Dirty, 'mark'>,
): Renewal {
  const select = db.prepare<[], number | null>('select forms_from from state where id = 1').pluck()
  const set = db.prepare<[number | null]>('update state set forms_from = ? where id = 1')

  function spans(keptFrom: number, to: number): RowSpan[] {
    const rows: RowSpan[] = []
    for (let id = 1; id <= register.last; id++) {
      const series = register.get(id)
      if (series === undefined || !isOfNewForm(series.property)) continue
      const [row = 0] = register.seriesOfRow(series.row)
      const [first, last] = [Math.max(book.firstOf(id), keptFrom), Math.min(book.lastOf(id), to)]
      if (first <= last) rows.push({ row, first, last })
    }
    return rows
  }

  return {
    step(keptFrom) {
      const formsFrom = select.get() ?? null
      if (formsFrom === null) return false
      const rows = spans(keptFrom, formsFrom)
      if (rows.length === 0) {
        set.run(null)
        return false
      }
      // What lies between the newest reading and here is empty.
      const newest = rows.reduce((most, { last }) => Math.max(most, last), Number.NEGATIVE_INFINITY)
      const to = Math.min(formsFrom, (Math.floor(newest / hourMs) + 1) * hourMs)
      const hours = Math.min(hoursMax, Math.max(1, Math.floor(marksMax / rows.length)))
      const from = to - hours * hourMs
      for (const { row, first, last } of rows) {
        // A reading of a full hour belongs to the hour before.
        const begin = Math.max(from, Math.floor((first - 1) / hourMs) * hourMs)
        for (let start = begin; start < to && start <= last; start += hourMs) {
          dirty.mark('1h', start, row)
        }
      }
      set.run(from)
      return true
    },
  }
}
