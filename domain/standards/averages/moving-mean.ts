/**
 * Means over the last hours, from valid hourly means only.
 *
 * - 8 h: at least 6 hourly means (GB 3095-2012 and -2026, table 4; 40 CFR 50 appendix U asks for the same 75 %).
 * - 24 h, for the real-time report of HJ 633-2012: at least 20, as the daily mean of the same table.
 */

import { type Hours, hoursBack, meanOf } from './clock-hour.ts'

export interface MovingSpan {
  hours: number
  /** Valid hourly means at least. */
  needs: number
}

export const eightHours: MovingSpan = { hours: 8, needs: 6 }
export const dayLong: MovingSpan = { hours: 24, needs: 20 }

/** Of the hours that end at `to`, or null when too few of them are valid. */
export function movingMean(hours: Hours, to: number, span: MovingSpan): number | null {
  return meanOf(hoursBack(hours, to, span.hours), span.needs)
}
