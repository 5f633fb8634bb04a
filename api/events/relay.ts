/**
 * Hands readings on in slices, with a turn for others in between, so that a fast reader takes each slice before
 * the next and only a slow one loses anything. The order stays; what comes meanwhile waits.
 */

import type { Timers } from '../../domain/ports.ts'
import type { Reading } from '../../domain/reading.ts'

const sliceReadings = 1_000

export function createRelay(
  timers: Pick<Timers, 'soon'>,
  deliver: (readings: readonly Reading[]) => void,
): (readings: readonly Reading[]) => void {
  const waiting: Reading[] = []

  function next(): void {
    // More at a time when more waits, so that this never falls behind for long.
    const slice = waiting.splice(0, Math.max(sliceReadings, waiting.length >> 2))
    deliver(slice)
    if (waiting.length > 0) timers.soon(next)
  }

  return (readings) => {
    if (readings.length === 0) return
    const idle = waiting.length === 0
    for (const reading of readings) waiting.push(reading)
    if (idle) next()
  }
}
