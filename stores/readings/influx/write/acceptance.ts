/** Which readings can be stored at all: whole and finite numbers, and times that InfluxDB can hold. */

import type { Reading } from '../../../../domain/reading.ts'
import { influxTimes } from '../layout.ts'

/** Throws `RangeError`: such a reading is a bug of ours. */
export function checkNumbers(readings: readonly Reading[]): void {
  for (const { device, property, observedAt, receivedAt, value, tests = 0 } of readings) {
    const areTimes = Number.isFinite(observedAt) && Number.isFinite(receivedAt)
    if (areTimes && (value === null || Number.isFinite(value)) && tests >>> 0 === tests) continue
    throw new RangeError(
      `A reading of ${device} ${property} cannot be stored: observedAt ${observedAt}, receivedAt ${receivedAt}, value ${value} must be finite, tests ${tests} a whole number of 32 bits.`,
    )
  }
}

export function isStorable({ observedAt }: Reading): boolean {
  const { from, to } = influxTimes
  return observedAt >= from && observedAt <= to && Number.isInteger(observedAt)
}

export const unstorableReason =
  'InfluxDB keeps whole milliseconds from 1677-09-21 to 2262-04-11 only'
