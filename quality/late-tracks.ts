/**
 * Tracks for readings that are older than the newest of their series: a device that was cut off sends its backlog behind
 * a live reading, in order. Each series has one such track, a row of its own; when there are too many, the
 * oldest is taken for the series that needs one now.
 */

import type { RowTable } from './row-table.ts'
import { field } from './series-table.ts'
import { restart } from './track.ts'

/** 5 MB of rows. */
const lateTracksMax = 20_000

/** The row for late readings of the series in `row`; it remembers what came before. */
export function createLateTracks(table: RowTable, max = lateTracksMax) {
  /** Owner → its late row, the oldest first. */
  const rows = new Map<number, number>()

  function release(owner: number, late: number): void {
    rows.delete(owner)
    table.view.setInt32(owner + field.late, -1)
    table.remove(late)
  }

  return {
    of(row: number): number {
      const known = table.view.getInt32(row + field.late)
      if (known >= 0) return known
      const oldest = rows.size >= max ? rows.entries().next().value : undefined
      if (oldest !== undefined) release(oldest[0], oldest[1])
      const late = table.add()
      rows.set(row, late)
      table.view.setInt32(row + field.late, late)
      return late
    },
    /** Ready for a point at this moment: one that is older than the newest of the track begins it anew. */
    make(late: number, observedAt: number): void {
      if (observedAt <= table.view.getFloat64(late + field.at)) restart(table.view, late)
    },
    forget(row: number): void {
      const late = rows.get(row)
      if (late !== undefined) release(row, late)
    },
  }
}
