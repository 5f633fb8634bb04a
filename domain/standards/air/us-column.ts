/** The index of one column of EPA's table: cut, equation 1, rounded to the nearest whole number (halves up). */

import { compare, type Decimal, exactly, interpolate, nearest, truncate } from '../decimal.ts'
import { type UsColumn, usColumns } from './us-tables.ts'

export interface UsSubIndex {
  /** Null where the column has no index for the value. */
  index: number | null
  /** The concentration after cutting. */
  truncated: Decimal
}

const exactBands = new Map(
  usColumns.map(({ code, bands }) => [
    code,
    bands.map(([low, high, from, to]) => ({
      high: exactly(high),
      from: [exactly(low), exactly(from)] as const,
      to: [exactly(high), exactly(to)] as const,
    })),
  ]),
)

/** Above 500 the last band goes on, as the document asks. */
export function usSubIndex(value: Decimal, column: UsColumn): UsSubIndex {
  const truncated = truncate(value, column.decimals)
  const bands = exactBands.get(column.code) ?? []
  const [first, last] = [bands[0], bands.at(-1)]
  if (first === undefined || compare(truncated, first.from[0]) < 0)
    return { index: null, truncated }
  const band =
    bands.find(({ high }) => compare(truncated, high) <= 0) ?? (column.open ? last : undefined)
  if (band === undefined) return { index: null, truncated }
  return { index: nearest(interpolate(truncated, band.from, band.to)), truncated }
}
