/**
 * What quality control remembers of each series: a row of 240 bytes, so that a hundred thousand series cost 24 MB.
 */

import { createRowTable, type RowTable } from './row-table.ts'

/** Places in a row. The first ten are 64-bit floats, the others 32-bit integers; `ring` belongs to `recall.ts`. */
export const field = {
  /** Time of the newest value that is no sentinel; minus infinity in an empty row. */
  at: 0,
  receivedAt: 8,
  /** Newest value that is no sentinel; NaN when there was none. */
  value: 16,
  /** The one before. */
  beforeAt: 24,
  before: 32,
  /** Flat line: the run of values within the tolerance that ends with the newest. */
  runLow: 40,
  runHigh: 48,
  runSince: 56,
  /** Sentinel: see `sentinel.ts`. */
  held: 64,
  /** How far readings usually are apart, in ms; 0 when not known. */
  interval: 72,
  /** Outcomes of the newest reading. */
  tests: 80,
  /** Number of its thresholds, and the version of the registry that they are from. */
  thresholds: 84,
  version: 88,
  /** The row of its late track; see `late-tracks.ts`. −1 when it has none. */
  late: 92,
  runCount: 96,
  heldCount: 100,
  /** Bits of `isValid` … below. */
  state: 104,
  ringNext: 108,
  ring: 112,
} as const

/** There is a newest value. */
export const isValid = 1
/** And one before it. */
export const wasValid = 2
/** A sentinel, whose value is `held`, came after the newest value. */
export const isSentinel = 4
/** The newest value came so long after the one before that it is not evaluated yet. */
export const isUnanchored = 8

export const ringLength = 16
const rowBytes = field.ring + ringLength * 8

export function createSeriesTable(): RowTable {
  return createRowTable(rowBytes, (view, row) => {
    view.setFloat64(row + field.at, Number.NEGATIVE_INFINITY)
    view.setFloat64(row + field.value, Number.NaN)
    view.setFloat64(row + field.beforeAt, Number.NEGATIVE_INFINITY)
    view.setInt32(row + field.version, -1)
    view.setInt32(row + field.late, -1)
  })
}
