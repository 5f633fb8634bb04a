/**
 * The sub-index (IAQI) of one indicator: HJ 633-2012 equation 1 and 6.2, HJ 633-2026 4.2.2–4.2.6. Rounded up to
 * a whole number, exactly.
 */

import { ceiling, compare, type Decimal, halfEven, interpolate } from '../decimal.ts'
import {
  aboveShortColumn,
  type CnEdition,
  type CnIndicator,
  columns,
  decimalsOf,
} from './cn-tables.ts'

export interface SubIndex {
  /** Null when the edition gives none for this value. */
  iaqi: number | null
  /** The concentration that the formula saw. */
  used: Decimal
  /** Above the last node of the column. */
  beyond: boolean
}

/** The end of the index, HJ 633: larger concentrations stay there. */
const top = 500

export function subIndex(value: Decimal, indicator: CnIndicator, edition: CnEdition): SubIndex {
  const decimals = decimalsOf(indicator.pollutant, edition)
  const used = decimals === null ? value : halfEven(value, decimals)
  const column = columns[edition].get(indicator.code)
  if (column === undefined) return { iaqi: null, used, beyond: false }
  const above = column.findIndex(([node]) => compare(used, node) <= 0)
  const [from, to] = [column[Math.max(0, above - 1)], column[Math.max(1, above)]]
  if (above === -1 || from === undefined || to === undefined) {
    const iaqi = aboveShortColumn[edition][indicator.code]
    return { iaqi: iaqi === undefined ? top : iaqi, used, beyond: true }
  }
  return { iaqi: ceiling(interpolate(used, from, to)), used, beyond: false }
}
