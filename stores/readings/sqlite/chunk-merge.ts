/**
 * Puts points of one series into its chunks, wherever in time they belong. Chunks stay apart, sorted and
 * at most `pointsMax` long. Doing it twice changes nothing, so an interrupted sealing is just done again.
 */

import { type ChunkTable, decode } from './chunk-table.ts'
import { createPoints, mergePoints, type Points, placeOf, slicePoints } from '../log/points.ts'

/** `points` must rise strictly in time; they replace those of the same time. */
export function mergeIntoChunks(
  chunks: ChunkTable,
  series: number,
  points: Points,
  pointsMax: number,
): void {
  for (let from = 0; from < points.count; ) {
    const time = points.observedAt[from] ?? 0
    const chunk = chunks.covering(series, time) ?? chunks.first(series)
    const bound =
      chunk === undefined ? Number.POSITIVE_INFINITY : chunks.nextStart(series, chunk.start)
    const to = placeOf(points, bound)
    const run = slicePoints(points, from, to)
    from = to
    const older = chunk === undefined ? createPoints(0) : decode(chunk)
    // A full chunk that ends before is left alone: data in order never rewrites what is complete.
    if (chunk === undefined || (older.count >= pointsMax && chunk.until < time)) {
      putPieces(chunks, series, run, { pointsMax, even: bound !== Number.POSITIVE_INFINITY })
      continue
    }
    if (time < chunk.start) chunks.remove(series, chunk.start)
    const merged = mergePoints(older, run)
    putPieces(chunks, series, merged, { pointsMax, even: bound !== Number.POSITIVE_INFINITY })
  }
}

/**
 * At the end of the series chunks are filled to the brim, since what follows is newer. In between they are
 * split evenly, so that more late data finds room.
 */
function putPieces(
  chunks: ChunkTable,
  series: number,
  points: Points,
  { pointsMax, even }: { pointsMax: number; even: boolean },
): void {
  const pieces = Math.ceil(points.count / pointsMax)
  const size = even ? Math.ceil(points.count / pieces) : pointsMax
  for (let from = 0; from < points.count; from += size) {
    const to = Math.min(from + size, points.count)
    chunks.put(series, slicePoints(points, from, to), !even && to - from < pointsMax)
  }
}
