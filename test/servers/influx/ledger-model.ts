/** Batches that follow from their number, and what a store must hold and count after them. */

import type { Reading } from '../../../domain/reading.ts'
import type { Progress, ReadingsReader } from '../../../stores/readings/readings.ts'
import { allOf, always, start } from '../../conformance/readings.ts'

const devices = 12
const properties = ['pm25', 'pm10', 'temperature']
const minute = 60_000

/** New readings, some told again, some late, some corrected, some at the moment of others. */
export function batchAt(number: number): Reading[] {
  const batch: Reading[] = []
  for (let d = 0; d < devices; d++) {
    const late = (number * 7 + d) % 5
    const steps = [number, ...(late === 0 ? [number - 3] : []), ...(late === 1 ? [number + 4] : [])]
    for (const step of steps) {
      for (const [p, property] of properties.entries()) {
        // The late ones bring only some properties, and a moment that nobody has.
        if (step < number && p === d % 3) continue
        const observedAt = start + step * minute + (step < number && d % 2 === 0 ? 30_000 : 0)
        const value = (d + p) % 11 === 10 ? null : ((number * 31 + d * 7 + p) % 1_000) / 10
        batch.push({
          device: `d,=${d}`,
          property,
          observedAt,
          receivedAt: start + number * minute + d,
          value,
          quality: value === null ? 9 : 1,
          ...((number + d) % 4 === 0 ? { tests: number + 1 } : {}),
        })
      }
    }
  }
  return batch
}

export function nameOf({ device, property, observedAt }: Reading): string {
  return `${device} ${property} ${observedAt}`
}

/** After the batches 1 to `count`, each with the position of its number. */
export function modelAfter(count: number): { readings: Map<string, Reading>; progress: Progress } {
  const readings = new Map<string, Reading>()
  const progress = { seq: count, received: 0, stored: 0, duplicate: 0, quarantined: 0 }
  for (let number = 1; number <= count; number++) {
    for (const reading of batchAt(number)) {
      progress.received++
      if (readings.has(nameOf(reading))) progress.duplicate++
      else progress.stored++
      readings.set(nameOf(reading), reading)
    }
  }
  return { readings, progress }
}

export async function allReadings(reader: ReadingsReader): Promise<Map<string, Reading>> {
  const series = await reader.series()
  const all = await allOf(reader.range({ series, ...always }))
  return new Map(all.map((reading) => [nameOf(reading), reading]))
}
