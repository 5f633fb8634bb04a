/** The newest counted point before a moment: what a counter has grown from. */

import type { SeriesKey } from '../../../domain/reading.ts'
import { decode } from './chunk-table.ts'
import { createPoints, mergePoints, type Points, placeOf, slicePoints } from '../log/points.ts'
import type { ReadFile } from './series-scan.ts'

/** Some two months at five minutes without a single counted point. */
const chunksMax = 64

export interface BeforeQuery {
  /** Milliseconds since 1970 UTC; exclusive. */
  time: number
  /** Counted flags: place `flag` is 1. */
  flags: Uint8Array
}

/** Its value, or NaN when there is none. */
export function lastBefore(
  { mirror, chunks, snapshot }: ReadFile,
  { device, property }: SeriesKey,
  { time, flags }: BeforeQuery,
): number {
  return snapshot(({ keptFrom }) => {
    const id = mirror.series.idOf(device, property)
    if (id === undefined) return Number.NaN
    const logged = mirror.unsealed.pointsOf(mirror.unsealed.ordinalsOf(id, mirror.unsealed.next))
    let to = time
    for (let looked = 0; looked < chunksMax && to > keptFrom; looked++) {
      const chunk = chunks.covering(id, to - 1)
      const from = Math.max(chunk?.start ?? Number.NEGATIVE_INFINITY, keptFrom)
      const sealed = chunk === undefined ? createPoints(0) : between(decode(chunk), from, to)
      const value = lastCounted(mergePoints(sealed, between(logged, from, to)), flags)
      if (!Number.isNaN(value) || chunk === undefined) return value
      to = chunk.start
    }
    return Number.NaN
  })
}

function between(points: Points, from: number, to: number): Points {
  const start = placeOf(points, from)
  return slicePoints(points, start, Math.max(start, placeOf(points, to)))
}

function lastCounted({ count, quality, value }: Points, flags: Uint8Array): number {
  for (let i = count - 1; i >= 0; i--) {
    const one = value[i] ?? Number.NaN
    if (flags[quality[i] ?? 0] === 1 && !Number.isNaN(one)) return one
  }
  return Number.NaN
}
