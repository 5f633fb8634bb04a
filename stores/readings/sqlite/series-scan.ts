/**
 * Reads one series in blocks: chunks and log together, rising in time, each identity once.
 *
 * Each block is one short read transaction, so it is consistent in itself, holds up nobody, and sealing
 * between two blocks changes nothing: the next one simply goes on after the last time.
 */

import type { SeriesKey } from '../../../domain/reading.ts'
import type { Interval } from '../readings.ts'
import { decodeChunk } from './chunk-codec.ts'
import type { ChunkTable } from './chunk-table.ts'
import type { Mirror } from './mirror.ts'
import { createPoints, mergePoints, type Points, placeOf, slicePoints } from '../log/points.ts'
import type { FileState } from './state.ts'

/**
 * A page ends, even empty, after so many points were looked at (some 10 ms), so that whoever reads can see
 * to others. Finding a series counts as much as a chunk.
 */
export const pageWorkMax = 262_144
export const seriesWork = 512
/** Eight thousand points to a block when chunks are full. */
const blockChunksMax = 32
/** What the log holds of a busy series can be more; it is handed on in pieces. */
export const blockPointsMax = 8_192

export interface ReadFile {
  mirror: Mirror
  chunks: ChunkTable
  /** Runs on one consistent state of the file, to which the mirror has been brought. */
  snapshot<Result>(run: (state: FileState) => Result): Result
}

/** Where a scan is: what comes next lies at `from`, or strictly after it. */
export interface Position {
  from: number
  exclusive: boolean
}

/** The log's part of the series, sorted once and kept while nothing is added: what is sealed stays true. */
export interface Logged {
  id: number
  head: number
  points: Points
}

export interface Block<Piece> {
  pieces: readonly Piece[]
  /** Undefined when the interval is through. */
  next: Position | undefined
}

/** Reads what comes next at `start`, before `to`. */
export type ReadBlock<Piece> = (logged: Logged, start: Position, to: number) => Block<Piece>

/** Points of the series within the interval; after the time `after`, if given. */
export function scanSeries(
  file: ReadFile,
  key: SeriesKey,
  interval: Interval,
  after?: number,
): Generator<Points> {
  const start: Position =
    after !== undefined && after >= interval.from
      ? { from: after, exclusive: true }
      : { from: interval.from, exclusive: false }
  return scanBlocks(file, key, { start, to: interval.to }, (logged, from, to) =>
    readPoints(file.chunks, logged, from, to),
  )
}

export function* scanBlocks<Piece>(
  file: ReadFile,
  key: SeriesKey,
  { start, to }: { start: Position; to: number },
  read: ReadBlock<Piece>,
): Generator<Piece> {
  let position: Position | undefined = start
  let logged: Logged | undefined
  while (position !== undefined) {
    const at: Position = position
    const block: Block<Piece> = file.snapshot(({ keptFrom }) => {
      const id = file.mirror.series.idOf(key.device, key.property)
      if (id === undefined) return { pieces: [], next: undefined }
      logged = refreshLogged(file.mirror, id, logged)
      return read(logged, at.from < keptFrom ? { from: keptFrom, exclusive: false } : at, to)
    })
    yield* block.pieces
    position = block.next
  }
}

function readPoints(
  chunks: ChunkTable,
  logged: Logged,
  start: Position,
  to: number,
): Block<Points> {
  const range = { from: start.from, to, limit: blockChunksMax + 1 }
  const { rows, end, next } = blockOf(chunks.between(logged.id, range), blockChunksMax, to)
  const sealed = createPoints(0)
  for (const row of rows) decodeChunk(row.points, sealed)
  const points = mergePoints(cut(sealed, start, end), cut(logged.points, start, end))
  return { pieces: [...inPieces(points)], next }
}

/** Where points stop: before `to`, or with it. */
export interface End {
  to: number
  inclusive: boolean
}

/** Of one chunk more than a block holds: those of the block, where it ends and where the next begins. */
export function blockOf<Row extends { until: number }>(
  found: readonly Row[],
  rowsMax: number,
  to: number,
): { rows: readonly Row[]; end: End; next: Position | undefined } {
  const rows = found.slice(0, rowsMax)
  const last = rows.at(-1)
  if (last === undefined || found.length <= rowsMax) {
    return { rows, end: { to, inclusive: false }, next: undefined }
  }
  return {
    rows,
    end: { to: last.until, inclusive: true },
    next: { from: last.until, exclusive: true },
  }
}

export function cut(points: Points, start: Position, { to, inclusive }: End): Points {
  if (points.count === 0) return points
  let from = placeOf(points, start.from)
  if (start.exclusive && from < points.count && points.observedAt[from] === start.from) from++
  let end = placeOf(points, to)
  if (inclusive && end < points.count && points.observedAt[end] === to) end++
  return slicePoints(points, Math.min(from, end), end)
}

/** Bounded pieces of as many points as there may be. */
export function* inPieces(points: Points): Generator<Points> {
  for (let i = 0; i < points.count; i += blockPointsMax) {
    yield slicePoints(points, i, Math.min(i + blockPointsMax, points.count))
  }
}

function refreshLogged({ unsealed }: Mirror, id: number, known: Logged | undefined): Logged {
  const head = unsealed.headOf(id)
  if (known?.id === id && known.head === head) return known
  return { id, head, points: unsealed.pointsOf(unsealed.ordinalsOf(id, unsealed.next)) }
}
