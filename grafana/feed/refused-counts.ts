/** Readings refused since the last time, by code; a zero says that it was looked at. */

import { type RefusalCode, refusalCodes } from '../../domain/quarantine.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'

export type RefusedTotals = ReadonlyMap<RefusalCode, number>

/** @param before null at the start, when nothing counts as new */
export function refusedPoints(
  totals: RefusedTotals,
  before: RefusedTotals | null,
  at: number,
): BoardPoint[] {
  return refusalCodes.map((code) => {
    const total = totals.get(code) ?? 0
    const known = before === null ? total : (before.get(code) ?? 0)
    return {
      measurement: 'quarantine',
      tags: { code },
      fields: { n: Math.max(0, total - known) },
      at,
    }
  })
}
