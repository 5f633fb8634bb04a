/** Where roll-ups of hours may stand for readings: cuts an interval into stretches of the one and of the other. Pure. */

import type { Interval } from '../../readings.ts'
import type { DirtyHours } from '../file/dirty-hours.ts'

export interface Stretch extends Interval {
  /** Whole hours, all of them clean. */
  isClean: boolean
}

export const hourMs = 3_600_000
/** Each costs a question of its own. */
const stretchesMax = 20

/** One after the other without a gap; all readings when there are too many stretches. */
export function stretchesOf({ from, to }: Interval, dirty: DirtyHours | undefined): Stretch[] {
  const whole = [{ from, to, isClean: false }]
  if (dirty === undefined) return whole
  const stretches: Stretch[] = []
  function add(end: number, isClean: boolean): void {
    const last = stretches.at(-1)
    const begin = last?.to ?? from
    if (begin >= end) return
    if (last?.isClean === isClean) last.to = end
    else stretches.push({ from: begin, to: end, isClean })
  }

  const last = Math.floor(to / hourMs) * hourMs
  const first = Math.ceil(Math.max(from, dirty.knownFrom) / hourMs) * hourMs
  add(Math.min(first, to), false)
  for (const start of [...dirty.starts].sort((a, b) => a - b)) {
    if (start < first || start >= last) continue
    add(start, true)
    add(start + hourMs, false)
  }
  add(last, true)
  add(to, false)
  return stretches.length > stretchesMax ? whole : stretches
}
