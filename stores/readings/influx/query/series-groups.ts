/** Which series are asked for together, and whether roll-ups of hours can tell of them. */

import { quantityOf } from '../../../../domain/catalogue.ts'
import type { AggregateFn, SeriesKey } from '../../../../domain/reading.ts'
import type { AggregateQuery } from '../../readings.ts'
import { summedFor } from '../../windows/fold.ts'
import { hourMs } from './clean-hours.ts'
import { type Part, spanOf } from './parts.ts'

export interface SeriesGroup {
  parts: readonly Part[]
  mayRoll: boolean
}

/** Roll-ups are few points, so more series are asked for at once. */
const seriesMax = 256
const rolledFns: ReadonlySet<AggregateFn> = new Set([
  'mean',
  'min',
  'max',
  'sum',
  'count',
  'increase',
])

/** In their order. Those that may roll have no more than `windowsMax` windows together. */
export function seriesGroups(
  parts: readonly Part[],
  query: AggregateQuery,
  windowsMax: number,
): SeriesGroup[] {
  const { from, to } = spanOf(parts)
  const windows = Math.ceil((to - from) / query.everyMs) + 1
  const sizeMax = isOfRollUps(query) ? Math.min(Math.floor(windowsMax / windows), seriesMax) : 0
  const groups: { parts: Part[]; mayRoll: boolean }[] = []
  for (const part of parts) {
    const mayRoll = sizeMax > 0 && !isFolded(part.key, query)
    const last = groups.at(-1)
    const hasRoom = last?.mayRoll === mayRoll && (!mayRoll || last.parts.length < sizeMax)
    if (last !== undefined && hasRoom) last.parts.push(part)
    else groups.push({ parts: [part], mayRoll })
  }
  return groups
}

/** InfluxQL cannot sum it up. */
export function isFolded({ property }: SeriesKey, { fn, vector }: AggregateQuery): boolean {
  const summed = summedFor(fn, quantityOf(property), vector?.(property) === true)
  return summed === 'vectors' || summed === 'increments'
}

/** As they were summed up: in hours, of flags 1 and 2. */
function isOfRollUps({ fn, quality = [1, 2], everyMs, originMs = 0 }: AggregateQuery): boolean {
  const flags = new Set<number>(quality)
  return (
    rolledFns.has(fn) &&
    flags.size === 2 &&
    flags.has(1) &&
    flags.has(2) &&
    everyMs % hourMs === 0 &&
    originMs % hourMs === 0
  )
}
