/** Requests of the air indices at a station. */

import type { Day } from '../../calendar.ts'
import type { Hours } from '../averages/clock-hour.ts'
import { dayLong, movingMean } from '../averages/moving-mean.ts'
import type { IndexRequest, Indicator } from '../definition.ts'
import { type AirIndex, airValues, pollutantOf } from './air-figures.ts'

/** HJ 633-2012 table 1 note 2: above it SO2 of 1 h has no sub-index, and SO2 is told from its mean of 24 h. */
const so2HourMost = 800

/**
 * HJ 633-2026 5.3.2 lets pollutants that are not monitored by plan (mark "/") not hold back the AQI, under a condition
 * on three years that no software can know. We take what the station has never measured as not monitored by plan;
 * the answer lists it in `details.notMonitored`.
 */
export function airRequest(
  index: AirIndex,
  { edition, indicators }: { edition: string; indicators: readonly Indicator[] },
  hours: ReadonlyMap<string, Hours>,
  period: Day,
): IndexRequest {
  const values = airValues(index, indicators, hours, period)
  if (index !== 'cn-aqi-hourly' && index !== 'cn-aqi-daily') return { edition, values, options: {} }
  const so2 = hours.get('so2')
  const { so2_1h } = values
  if (index === 'cn-aqi-hourly' && so2 !== undefined && Number(so2_1h ?? 0) > so2HourMost) {
    values.so2_24h ??= movingMean(so2, period.to, dayLong)
  }
  const all = new Set(indicators.map(pollutantOf))
  return { edition, values, options: { notMonitored: [...all].filter((one) => !hours.has(one)) } }
}
