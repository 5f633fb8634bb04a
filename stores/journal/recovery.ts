/**
 * Finds where the journal ends when the writer opens it, and the segment to go on in. When the end of the
 * newest segment is broken, a new one is begun at a position that surely was never given out: a position used
 * twice would make a consumer that has passed it leave out an acknowledged uplink.
 */

import type { Log } from '../../domain/ports.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import { decodeBlock, recordBytesMin } from './block.ts'
import { isDamage } from './damage.ts'
import { listSegments, type SegmentFile, segmentBytes, segmentPath } from './files.ts'
import {
  type BlockRow,
  createSegment,
  isSoundBlock,
  metaColumns,
  openSegment,
  openSegmentForReading,
  pageBytes,
} from './segment.ts'
import { framesLost, readTail } from './wal-tail.ts'

/** Sums over everything the journal has ever held. */
export interface Totals {
  messages: number
  readings: number
  bytes: number
}

export interface Recovered {
  db: SqliteDatabase
  newest: SegmentFile
  /** Segments before the newest, oldest first. */
  sealed: SegmentFile[]
  /** The position before the next one. */
  head: number
  totals: Totals
}

export interface RecoveryOptions {
  dir: string
  segmentBytesMax: number
  /** No position up to this one is given out: what consumers have seen. */
  after: number
  log: Log
}

export function recoverJournal(options: RecoveryOptions): Recovered {
  const list = listSegments(options.dir)
  const newest = list.at(-1)
  const end = newest === undefined ? { head: 0, reason: 'it is new' } : findEnd(newest, options)
  const totals = end.totals ?? totalsOf(list)
  if (newest !== undefined && end.db !== undefined && end.head >= options.after) {
    return { db: end.db, newest, sealed: list.slice(0, -1), head: end.head, totals }
  }
  end.db?.close()
  const head = Math.max(end.head, options.after)
  if (newest !== undefined) {
    const reason = end.reason ?? `it ends at ${end.head}, consumers are at ${options.after}`
    options.log.error(
      { segment: newest.path, reason, nextSeq: head + 1 },
      'The end of the journal is damaged; a new segment is begun behind it.',
    )
  }
  const first = { first: head + 1, path: segmentPath(options.dir, head + 1) }
  return { db: createSegment(options.dir, head + 1), newest: first, sealed: list, head, totals }
}

interface End {
  /** The last position that can have been acknowledged. */
  head: number
  /** Open for writing when all is well with the segment. */
  db?: SqliteDatabase
  /** Why the segment cannot be gone on with. */
  reason?: string
  totals?: Totals
}

function findEnd(file: SegmentFile, { segmentBytesMax }: RecoveryOptions): End {
  const most = Math.max(segmentBytes(file.path), 2 * segmentBytesMax)
  const unknown = file.first + Math.ceil(most / recordBytesMin)
  const tail = readTail(file.path, pageBytes)
  let db: SqliteDatabase | undefined
  try {
    db = openSegment(file.path)
    const lost = framesLost(tail, validFrames(db))
    const last = lastBlock(db)
    const head = last === undefined ? file.first - 1 : last.firstSeq + last.count - 1
    if (lost > 0) {
      db.close()
      const uncertain = Math.ceil((lost * pageBytes) / recordBytesMin)
      return { head: head + uncertain, reason: `${lost} frames of its log are unreadable` }
    }
    if (last === undefined) return { head, db }
    if (isSoundBlock(last)) return { head, db, totals: totalsBehind(last) }
    db.close()
    const reason = 'its last block is broken'
    return { head: countIsSure(last) ? head : unknown, reason }
  } catch (error) {
    db?.close()
    if (!isDamage(error)) throw error
    return { head: unknown, reason: error instanceof Error ? error.message : String(error) }
  }
}

/** Frames of the log that SQLite has found valid; asking changes nothing. */
function validFrames(db: SqliteDatabase): number {
  const [answer] = db.pragma('wal_checkpoint(NOOP)') as { log: number }[]
  return Math.max(0, answer?.log ?? 0)
}

function lastBlock(db: SqliteDatabase): BlockRow | undefined {
  return db
    .prepare<[], BlockRow>(
      `SELECT ${metaColumns}, crc, data FROM block ORDER BY first_seq DESC LIMIT 1`,
    )
    .get()
}

/** One sound record proves the block's position, and the two numbers of records must agree. */
function countIsSure(row: BlockRow): boolean {
  if (!Buffer.isBuffer(row.data)) return false
  const { firstSeq, count: countHint } = row
  const all = { firstSeq, from: 0, below: Number.POSITIVE_INFINITY, trusted: false, countHint }
  const end = firstSeq + row.count
  const decoded = decodeBlock(row.data, all, [])
  return decoded.end === end && decoded.broken.length < row.count
}

/** From the newest block that is whole, in whichever segment; 0 when there is none. */
function totalsOf(list: readonly SegmentFile[]): Totals {
  for (const file of [...list].reverse()) {
    const totals = totalsIn(file)
    if (totals !== undefined) return totals
  }
  return { messages: 0, readings: 0, bytes: 0 }
}

function totalsIn(file: SegmentFile): Totals | undefined {
  let db: SqliteDatabase | undefined
  try {
    db = openSegmentForReading(file.path)
    const row = db.prepare<[number], BlockRow>(
      `SELECT ${metaColumns}, crc, data FROM block WHERE first_seq < ? ORDER BY first_seq DESC LIMIT 1`,
    )
    let block = row.get(Number.MAX_SAFE_INTEGER)
    while (block !== undefined && !isSoundBlock(block)) block = row.get(block.firstSeq)
    return block === undefined ? undefined : totalsBehind(block)
  } catch (error) {
    // A segment too broken to be read says nothing; the one before it is asked.
    if (isDamage(error)) return undefined
    throw error
  } finally {
    db?.close()
  }
}

function totalsBehind(block: BlockRow): Totals {
  return {
    messages: block.messagesBefore + block.count,
    readings: block.readingsBefore + block.readings,
    bytes: block.bytesBefore + block.bytes,
  }
}
