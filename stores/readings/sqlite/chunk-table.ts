/** The table of chunks: finding, replacing and walking them. Knows nothing of the log. */

import type { Quantity } from '../../../domain/property.ts'
import type { SqliteDatabase } from '../../sqlite.ts'
import {
  chunkHolds,
  countOfChunk,
  decodeChunk,
  encodeChunk,
  headBytesMax,
  lastOfChunk,
} from './chunk-codec.ts'
import { createPoints, type Point, type Points, placeOf, pointAt } from '../log/points.ts'
import { type Level, levels, rollUp } from '../windows/roll-up.ts'
import { encodeRollUp } from './roll-up-codec.ts'

export interface Chunk {
  /** Times of its first and last point. */
  start: number
  until: number
  /** Packed; see `decodeChunk`. */
  points: Uint8Array
}

/** From `from` to `to` (exclusive), at most `limit` chunks. */
export interface ChunkRange {
  from: number
  to: number
  limit: number
}

/** A chunk of which either the points or the roll-up is at hand. */
export interface SummedChunk {
  start: number
  until: number
  points: Uint8Array | null
  /** Packed; see `decodeRollUp`. */
  windows: Uint8Array | null
}

export interface ChunkTable {
  /** The chunk with the latest start at or before this time: the only one that may hold it. */
  covering(series: number, time: number): Chunk | undefined
  first(series: number): Chunk | undefined
  /** Start of the first chunk after this start, or Infinity. */
  nextStart(series: number, start: number): number
  /** Chunks that may hold points of the range, rising in time. */
  between(series: number, range: ChunkRange): Chunk[]
  /** The same with the roll-ups of a level; points only where there is none. */
  summedBetween(level: Level, series: number, range: ChunkRange): SummedChunk[]
  lastPoint(series: number): Point | undefined
  holds(series: number, time: number): boolean
  /** Summed up as well where that pays, unless it is `growing` and will soon be written again. */
  put(series: number, points: Points, growing: boolean): void
  remove(series: number, start: number): void
  /** Removes up to `limit` chunks that end before this time; returns how many. */
  removeBefore(series: number, time: number, limit: number): number
}

export function decode(chunk: Chunk): Points {
  const points = createPoints(countOfChunk(chunk.points))
  decodeChunk(chunk.points, points)
  return points
}

/**
 * Finds sealed points; each chunk is unpacked once while points of it are asked for in a row. Only for as long as
 * the chunks stay as they are.
 */
export function createPointFinder(
  chunks: Pick<ChunkTable, 'covering'>,
): (series: number, time: number) => Point | undefined {
  let held: { series: number; start: number; until: number; points: Points } | undefined
  return (series, time) => {
    if (held?.series !== series || time < held.start || time > held.until) {
      const chunk = chunks.covering(series, time)
      if (chunk === undefined || chunk.until < time) return undefined
      held = { series, start: chunk.start, until: chunk.until, points: decode(chunk) }
    }
    const at = placeOf(held.points, time)
    return held.points.observedAt[at] === time ? pointAt(held.points, at) : undefined
  }
}

/** @param quantityOf of a series; needed only for writing */
export function createChunkTable(
  db: SqliteDatabase,
  quantityOf: (series: number) => Quantity = () => 'instant',
): ChunkTable {
  const columns = 'select start, until, points from chunk where series = ?'
  const covering = db.prepare<[number, number], Chunk>(
    `${columns} and start <= ? order by start desc limit 1`,
  )
  const first = db.prepare<[number], Chunk>(`${columns} order by start limit 1`)
  const nextStart = db.prepare<[number, number], { start: number | null }>(
    'select min(start) as start from chunk where series = ? and start > ?',
  )
  const inRange = `series = ? and start < ? and start >= coalesce(
      (select max(start) from chunk where series = ? and start <= ?), ?)
    order by start limit ?`
  type RangeKey = [number, number, number, number, number, number]
  const between = db.prepare<RangeKey, Chunk>(
    `select start, until, points from chunk where ${inRange}`,
  )
  const summed = new Map(
    levels.map((level) => [
      level,
      db.prepare<RangeKey, SummedChunk>(`
        select start, until, ${level.column} as windows,
          case when ${level.column} is null then points end as points
        from chunk where ${inRange}`),
    ]),
  )
  const last = db.prepare<[number, number], { until: number; head: Uint8Array }>(`
    select until, substr(points, 1, ?) as head from chunk
    where series = ? order by start desc limit 1`)
  const put = db.prepare<[number, number, number, Uint8Array, ...(Uint8Array | null)[]]>(`
    insert or replace into chunk (series, start, until, points, ${levels.map(({ column }) => column).join()})
    values (?, ?, ?, ?${', ?'.repeat(levels.length)})`)
  const remove = db.prepare<[number, number]>('delete from chunk where series = ? and start = ?')
  const removeBefore = db.prepare<[number, number, number, number, number]>(`
    delete from chunk where series = ? and start in (
      select start from chunk where series = ? and start < ? and until < ?
      order by start limit ?)`)
  const scratch = createPoints(0)

  return {
    covering: (series, time) => covering.get(series, time),
    first: (series) => first.get(series),
    nextStart: (series, start) => nextStart.get(series, start)?.start ?? Number.POSITIVE_INFINITY,
    between: (series, { from, to, limit }) => between.all(series, to, series, from, from, limit),
    summedBetween: (level, series, { from, to, limit }) =>
      summed.get(level)?.all(series, to, series, from, from, limit) ?? [],
    lastPoint(series) {
      const row = last.get(headBytesMax, series)
      return row && { observedAt: row.until, ...lastOfChunk(row.head) }
    },
    holds(series, time) {
      const chunk = covering.get(series, time)
      if (chunk === undefined || chunk.until < time) return false
      return chunk.until === time || chunkHolds(chunk.points, time, scratch)
    },
    put(series, points, growing) {
      const start = points.observedAt[0] ?? 0
      const until = points.observedAt[points.count - 1] ?? 0
      const quantity = quantityOf(series)
      const summedUp = levels.map((level) => {
        const windows = growing ? undefined : rollUp(points, level, quantity)
        return windows === undefined ? null : encodeRollUp(windows, level, quantity)
      })
      put.run(series, start, until, encodeChunk(points), ...summedUp)
    },
    remove: (series, start) => remove.run(series, start),
    removeBefore: (series, time, limit) =>
      removeBefore.run(series, series, time, time, limit).changes,
  }
}
