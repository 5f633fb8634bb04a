/**
 * For readers: hours whose roll-ups do not tell what their readings do, because these came or changed since, or because
 * there are no sums. Tens of thousands of marks may stand on the present hour, so they are stepped over by index.
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import type { Interval } from '../../readings.ts'

export interface DirtyHours {
  /** Nothing is known of the hours before; −∞ when all are known. */
  knownFrom: number
  /** Beginnings of dirty hours after that. */
  starts: ReadonlySet<number>
}

/**
 * Dirty hours in the interval of rows, which are named by their first series. Hours of other rows may be among them.
 * Undefined when there are too many to look. `isOfNewForm`: sums of an earlier form are none.
 */
export type FindDirtyHours = (
  within: Interval,
  rows: readonly number[],
  isOfNewForm: boolean,
) => DirtyHours | undefined

const hoursMax = 1_000
/** Up to so many rows are looked up one by one. */
const fewRows = 8
/** Of marks of an hour, to see whether one is of the rows asked for. */
const marksMax = 64

export function prepareDirtyHours(db: SqliteDatabase): FindDirtyHours {
  const selectKnown = db.prepare<[], { summedFrom: number | null; formsFrom: number | null }>(
    'select summed_from as summedFrom, forms_from as formsFrom from state where id = 1',
  )
  const tables = ["dirty where span = '1h' and", 'unsummed where'].map((table) => ({
    next: db
      .prepare<[number, number], number>(
        `select start from ${table} start >= ? and start < ? order by start limit 1`,
      )
      .pluck(),
    has: db.prepare<[number, number], unknown>(`select 1 from ${table} start = ? and series = ?`),
    rows: db
      .prepare<[number], number>(`select series from ${table} start = ? limit ${marksMax}`)
      .pluck(),
  }))
  type Table = (typeof tables)[number]

  function concerns({ has, rows: marked }: Table, start: number, rows: ReadonlySet<number>) {
    if (rows.size <= fewRows) return [...rows].some((row) => has.get(start, row) !== undefined)
    const some = marked.all(start)
    return some.length === marksMax || some.some((row) => rows.has(row))
  }

  function knownFromOf(isOfNewForm: boolean): number {
    const { summedFrom = null, formsFrom = null } = selectKnown.get() ?? {}
    const summed = summedFrom ?? Number.NEGATIVE_INFINITY
    return isOfNewForm ? Math.max(summed, formsFrom ?? Number.NEGATIVE_INFINITY) : summed
  }

  function find(
    { from, to }: Interval,
    rows: ReadonlySet<number>,
    isOfNewForm: boolean,
  ): DirtyHours | undefined {
    const knownFrom = knownFromOf(isOfNewForm)
    const starts = new Set<number>()
    let looked = 0
    for (const table of tables) {
      let start = table.next.get(Math.max(from, knownFrom), to)
      while (start !== undefined) {
        if (++looked > hoursMax) return undefined
        if (concerns(table, start, rows)) starts.add(start)
        start = table.next.get(start + 1, to)
      }
    }
    return { knownFrom, starts }
  }

  const findAtOnce = db.transaction(find)
  return (within, rows, isOfNewForm) => findAtOnce(within, new Set(rows), isOfNewForm)
}
