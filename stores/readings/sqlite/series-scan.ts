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
import type { FileState, Mirror } from './mirror.ts'
import { createPoints, mergePoints, type Points, placeOf, slicePoints } from './points.ts'

/** Eight thousand points to a block when chunks are full. */
const blockChunksMax = 32
/** What the log holds of a busy series can be more; it is handed on in pieces. */
const blockPointsMax = 8_192

export interface ReadFile {
  mirror: Mirror
  chunks: ChunkTable
  /** Runs on one consistent state of the file, to which the mirror has been brought. */
  snapshot<Result>(run: (state: FileState) => Result): Result
}

/** Where a scan is: what comes next lies at `from`, or strictly after it. */
interface Position {
  from: number
  exclusive: boolean
}

interface Block {
  points: Points
  next: Position | undefined
}

/** The log's part of the series, sorted once and kept while nothing is added: what is sealed stays true. */
interface Logged {
  id: number
  head: number
  points: Points
}

/** Points of the series within the interval; after the time `after`, if given. */
export function* scanSeries(
  file: ReadFile,
  key: SeriesKey,
  interval: Interval,
  after?: number,
): Generator<Points> {
  let position: Position | undefined =
    after !== undefined && after >= interval.from
      ? { from: after, exclusive: true }
      : { from: interval.from, exclusive: false }
  let logged: Logged | undefined
  while (position !== undefined) {
    const at: Position = position
    const block: Block = file.snapshot(({ keptFrom }) => {
      const id = file.mirror.series.idOf(key.device, key.property)
      if (id === undefined) return { points: createPoints(0), next: undefined }
      logged = refreshLogged(file.mirror, id, logged)
      const start = at.from < keptFrom ? { from: keptFrom, exclusive: false } : at
      return readBlock(file.chunks, logged, start, interval.to)
    })
    const { points } = block
    for (let i = 0; i < points.count; i += blockPointsMax) {
      yield slicePoints(points, i, Math.min(i + blockPointsMax, points.count))
    }
    position = block.next
  }
}

function readBlock(chunks: ChunkTable, logged: Logged, start: Position, to: number): Block {
  const rows = chunks.between(logged.id, start.from, to, blockChunksMax + 1)
  const more = rows.length > blockChunksMax
  if (more) rows.pop()
  const sealed = createPoints(0)
  for (const row of rows) decodeChunk(row.points, sealed)
  const last = rows.at(-1)
  const next = more && last !== undefined ? { from: last.until, exclusive: true } : undefined
  const ends: Ends = { start, to: next === undefined ? to : Math.min(to, next.from), last: next }
  return { points: mergePoints(cut(sealed, ends), cut(logged.points, ends)), next }
}

interface Ends {
  start: Position
  to: number
  /** Set when the block ends with this time included, since more follows. */
  last: Position | undefined
}

function cut(points: Points, { start, to, last }: Ends): Points {
  let from = placeOf(points, start.from)
  if (start.exclusive && from < points.count && points.observedAt[from] === start.from) from++
  let end = placeOf(points, to)
  const included = last !== undefined && last.from === to
  if (included && end < points.count && points.observedAt[end] === to) end++
  return slicePoints(points, Math.min(from, end), end)
}

function refreshLogged({ unsealed }: Mirror, id: number, known: Logged | undefined): Logged {
  const head = unsealed.headOf(id)
  if (known?.id === id && known.head === head) return known
  return { id, head, points: unsealed.pointsOf(unsealed.ordinalsOf(id, unsealed.next)) }
}
