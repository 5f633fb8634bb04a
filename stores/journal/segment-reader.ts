/**
 * Reads one segment in short queries, never with a lasting iterator: a checkpoint must not wait for a reader.
 * Pages that SQLite cannot make sense of are told apart from "nothing there": the caller decides.
 */

import { isDamage } from './damage.ts'
import { type BlockMeta, type BlockRow, metaColumns, openSegmentForReading } from './segment.ts'

/** Rows of one query at most; groups of one uplink make small rows. */
const rowsMax = 4_096

/** The answer where the bytes are broken. */
export const damaged = Symbol('damaged')
type OrDamaged<T> = T | typeof damaged

export interface Span {
  /** Position to begin at. */
  next: number
  /** Positions from here on belong to the following segment. */
  end: number
  /** Uplinks wanted, roughly. */
  limit: number
  /** Bytes of blocks wanted, roughly. */
  bytes: number
}

export interface SegmentReader {
  /** The blocks from the one that holds `next` on; empty when it is not there or cannot be read. */
  blocks(span: Span): readonly BlockRow[]
  /** Where the first block that begins behind `seq` and before `end` begins. */
  firstAfter(seq: number, end: number): OrDamaged<number | undefined>
  /** The block that `seq` is in or that comes before it. */
  floor(seq: number): OrDamaged<BlockMeta | undefined>
  first(): OrDamaged<BlockMeta | undefined>
  data(firstSeq: number): OrDamaged<Buffer | undefined>
  close(): void
}

/** Throws the driver's error when the file is gone or is no database. */
export function openSegmentReader(path: string): SegmentReader {
  const db = openSegmentForReading(path)
  try {
    return readerOf(db)
  } catch (error) {
    db.close()
    throw error
  }
}

function readerOf(db: ReturnType<typeof openSegmentForReading>): SegmentReader {
  const floor = db.prepare<[number], BlockMeta>(
    `SELECT ${metaColumns} FROM block WHERE first_seq <= ? ORDER BY first_seq DESC LIMIT 1`,
  )
  const first = db.prepare<[], BlockMeta>(
    `SELECT ${metaColumns} FROM block ORDER BY first_seq LIMIT 1`,
  )
  const after = db
    .prepare<[number], number>(
      'SELECT first_seq FROM block WHERE first_seq > ? ORDER BY first_seq LIMIT 1',
    )
    .pluck()
  const rows = db.prepare<[number, number, number, number], BlockRow>(
    `SELECT ${metaColumns}, crc, data FROM block
     WHERE first_seq >= ? AND first_seq < ? AND bytes_before < ? ORDER BY first_seq LIMIT ?`,
  )
  const data = db.prepare<[number], Buffer>('SELECT data FROM block WHERE first_seq = ?').pluck()

  const firstBehind = (seq: number) => orDamaged(() => after.get(seq))
  return {
    blocks({ next, end, limit, bytes }) {
      const start = orDamaged(() => floor.get(next))
      if (start === damaged || start === undefined) return []
      if (start.firstSeq !== next && start.firstSeq + start.count <= next) return []
      const below = Math.min(next + limit, end)
      const bytesBelow = start.bytesBefore + bytes
      const page = orDamaged(() => rows.all(start.firstSeq, below, bytesBelow, rowsMax))
      if (page !== damaged) return page
      const single = orDamaged(() => rows.all(start.firstSeq, below, bytesBelow, 1))
      return single === damaged ? [] : single
    },
    firstAfter: (seq, end) => skipDamage(firstBehind, seq, end),
    floor: (seq) => orDamaged(() => floor.get(seq)),
    first: () => orDamaged(() => first.get()),
    data: (firstSeq) => orDamaged(() => data.get(firstSeq)),
    close: () => db.close(),
  }
}

function orDamaged<T>(query: () => T): OrDamaged<T> {
  try {
    return query()
  } catch (error) {
    if (isDamage(error)) return damaged
    throw error
  }
}

/** How far behind a broken page is looked for a readable one while the segment is still the newest. */
const lookAheadMax = 4_194_304

/**
 * A broken page hides a stretch of positions of unknown length: steps that grow slowly find the far side,
 * halving finds its edge.
 */
function skipDamage(
  query: (seq: number) => OrDamaged<number | undefined>,
  seq: number,
  end: number,
): OrDamaged<number | undefined> {
  const bound = Math.min(end, seq + lookAheadMax)
  let far = seq
  let near = seq
  let found = query(seq)
  while (found === damaged) {
    near = far
    far += 1 + Math.floor((far - seq) / 64)
    if (far >= bound) return end === bound ? undefined : damaged
    found = query(far)
  }
  while (far - near > 1) {
    const middle = near + Math.floor((far - near) / 2)
    const answer = query(middle)
    if (answer === damaged) near = middle
    else {
      far = middle
      found = answer
    }
  }
  return found !== undefined && found < end ? found : undefined
}
