/** What stood at a site, and when, as questions to the readings store. */

import type { Device } from '../../domain/device.ts'
import type { SeriesKey } from '../../domain/reading.ts'
import type { Stay } from '../../domain/site-stays.ts'
import { durationMs } from '../../domain/text.ts'

export interface StayQuestion {
  series: readonly SeriesKey[]
  from: number
  to: number
}

/** Devices that stood there all the time are asked for together, those that came or went one by one. */
export function* stayQuestions(
  stays: readonly Stay[],
  properties: ReadonlySet<string>,
  { from, to }: { from: number; to: number },
): Generator<StayQuestion> {
  const seriesOf = ({ device }: Stay) => [...properties].map((property) => ({ device, property }))
  const there = stays.filter((stay) => stay.from < to && stay.until > from)
  const always = there.filter((stay) => stay.from <= from && stay.until >= to)
  if (always.length > 0) yield { series: always.flatMap(seriesOf), from, to }
  for (const stay of there) {
    if (always.includes(stay)) continue
    yield { series: seriesOf(stay), from: Math.max(from, stay.from), to: Math.min(to, stay.until) }
  }
}

/** How often the device is expected to report, or null when nobody said. */
export function expectedMs(device: Pick<Device, 'expectedInterval'> | undefined): number | null {
  const ms = durationMs(device?.expectedInterval ?? '0s')
  return ms > 0 ? ms : null
}
