/**
 * Reads one series for windows: a chunk is answered from its roll-up where that says what its points would, and
 * unpacked where it does not: at the ends of the interval, where something of its time still waits in the log
 * (late, repeated or revised), where a window ends within one of the roll-up's, and where it has none, or one of an
 * earlier form.
 */

import type { SeriesKey } from '../../../domain/reading.ts'
import type { Interval } from '../readings.ts'
import { decodeChunk } from './chunk-codec.ts'
import type { SummedChunk } from './chunk-table.ts'
import { createPoints, mergePoints, type Points, placeOf } from '../log/points.ts'
import type { RollUp } from '../windows/fold.ts'
import { createRollUp, type Level } from '../windows/roll-up.ts'
import { decodeRollUp, formOf } from './roll-up-codec.ts'
import {
  type Block,
  blockOf,
  blockPointsMax,
  cut,
  type End,
  inPieces,
  type Logged,
  type Position,
  type ReadFile,
  scanBlocks,
} from './series-scan.ts'
import type { WindowGrid } from '../windows/window-grid.ts'

/** Few bytes each when all have a roll-up; 65,536 points when none has, handed on as they are unpacked. */
const blockChunksMax = 256

export interface SummedQuery {
  interval: Interval
  grid: WindowGrid
  level: Level
  /** Of its roll-ups; see `rollUpForms`. */
  form: number
}

/** Points and windows of roll-ups within the interval, one after the other in time. */
export function scanSummed(
  file: ReadFile,
  key: SeriesKey,
  query: SummedQuery,
): Generator<Points | RollUp> {
  const { from, to } = query.interval
  return scanBlocks(file, key, { start: { from, exclusive: false }, to }, (logged, start) =>
    readBlock(file, query, logged, start),
  )
}

function readBlock(
  { chunks }: ReadFile,
  { interval: { to }, grid, level, form }: SummedQuery,
  logged: Logged,
  start: Position,
): Block<Points | RollUp> {
  const range = { from: start.from, to, limit: blockChunksMax + 1 }
  const found = chunks.summedBetween(level, logged.id, range)
  const { rows, end, next } = blockOf(found, blockChunksMax, to)
  const pieces: (Points | RollUp)[] = []
  let windows = createRollUp(0)
  let sealed = createPoints(0)
  let position = start

  /** Hands on the points from `position` to here. */
  function passPoints(until: End): void {
    const waiting = cut(logged.points, position, until)
    if (sealed.count === 0 && waiting.count === 0) return
    const points = mergePoints(cut(sealed, position, until), waiting)
    sealed = createPoints(0)
    if (points.count === 0) return
    if (windows.count > 0) pieces.push(windows)
    windows = createRollUp(0)
    pieces.push(...inPieces(points))
  }

  /** Takes the windows of the chunk; returns false, with none taken, when its points are needed. */
  function takeWindows(row: SummedChunk): boolean {
    if (row.windows === null || formOf(row.windows) !== form) return false
    if (!liesWithin(row, position, to) || isTouched(row, logged.points)) return false
    passPoints({ to: row.start, inclusive: false })
    position = { from: row.start, exclusive: false }
    const before = windows.count
    decodeRollUp(row.windows, level, windows)
    for (let i = before; i < windows.count; i++) {
      if (grid.holds(windows.start[i] ?? 0)) continue
      windows.count = before
      return false
    }
    position = { from: row.until, exclusive: true }
    return true
  }

  for (const row of rows) {
    if (takeWindows(row)) continue
    const packed = row.points ?? chunks.covering(logged.id, row.start)?.points
    if (packed !== undefined) decodeChunk(packed, sealed)
    if (sealed.count < blockPointsMax) continue
    passPoints({ to: row.until, inclusive: true })
    position = { from: row.until, exclusive: true }
  }
  passPoints(end)
  if (windows.count > 0) pieces.push(windows)
  return { pieces, next }
}

function liesWithin({ start, until }: SummedChunk, position: Position, to: number): boolean {
  const begins = position.exclusive ? start > position.from : start >= position.from
  return begins && until < to
}

/** Whether the log holds something of the chunk's time: it stands instead of what was summed up. */
function isTouched({ start, until }: SummedChunk, logged: Points): boolean {
  const place = placeOf(logged, start)
  return place < logged.count && (logged.observedAt[place] ?? 0) <= until
}
