/**
 * One gap of each series that late readings fill: an open interval in which nothing is stored. A look at the log and
 * at the chunks finds it; whatever follows in the same gap, as the rest of a backlog does, is new without a look.
 */

import { type ChunkTable, decode } from './chunk-table.ts'
import { placeOf } from '../log/points.ts'
import type { Unsealed } from '../log/recent-entries.ts'

export interface Gaps {
  /** True when nothing is stored at this time for sure. */
  covers(series: number, time: number): boolean
  /** Something is stored here from now on: the longer part of the gap is left. */
  cut(series: number, time: number): void
  /** Looks how far it is from this time, at which nothing is stored, to what is stored. */
  find(series: number, time: number): void
  /** Forgets all. */
  clear(): void
}

export function createGaps(unsealed: Unsealed, chunks: ChunkTable): Gaps {
  let from = new Float64Array(1_024).fill(Number.NaN)
  let to = new Float64Array(1_024).fill(Number.NaN)

  function keep(series: number, start: number, end: number): void {
    if (series >= from.length) {
      from = grown(from, series * 2)
      to = grown(to, series * 2)
    }
    from[series] = start
    to[series] = end
  }

  return {
    // What is not known is NaN, between which nothing lies.
    covers: (series, time) =>
      time > (from[series] ?? Number.NaN) && time < (to[series] ?? Number.NaN),
    cut(series, time) {
      const [start = time, end = time] = [from[series], to[series]]
      if (time - start > end - time) to[series] = time
      else from[series] = time
    },
    find(series, time) {
      const logged = unsealed.neighbours(series, time)
      const sealed = neighboursInChunks(chunks, series, time)
      keep(series, Math.max(logged.before, sealed.before), Math.min(logged.after, sealed.after))
    },
    clear() {
      from.fill(Number.NaN)
      to.fill(Number.NaN)
    },
  }
}

function grown(column: Float64Array<ArrayBuffer>, length: number): Float64Array<ArrayBuffer> {
  const longer = new Float64Array(length).fill(Number.NaN)
  longer.set(column)
  return longer
}

function neighboursInChunks(chunks: ChunkTable, series: number, time: number) {
  const chunk = chunks.covering(series, time)
  if (chunk !== undefined && chunk.until > time) {
    const points = decode(chunk)
    const at = placeOf(points, time)
    return {
      before: points.observedAt[at - 1] ?? chunk.start,
      after: points.observedAt[at] ?? chunk.until,
    }
  }
  return {
    before: chunk?.until ?? Number.NEGATIVE_INFINITY,
    after: chunks.nextStart(series, time),
  }
}
