/**
 * The segment the writer writes: one INSERT per block, and checkpoints when the writer says that it is a good
 * moment. Its write-ahead log stays small, because a broken bit in there can hide what follows it.
 */

import type { SqliteDatabase } from '../sqlite.ts'
import { segmentBytes } from './files.ts'
import { type BlockRow, pageBytes } from './segment.ts'

const checkpointRetryBytes = 1024 * 1024

export interface LiveSegment {
  readonly first: number
  readonly path: string
  /** Durable when it returns; throws the driver's error, and then nothing is written. */
  write(rows: readonly BlockRow[]): void
  /** Writes and drops as many bytes, durably. Throws the driver's error. */
  probe(bytes: number): void
  /** Moves the log into the database if enough has come together. Throws the driver's error. */
  checkpoint(): void
  /** Bytes on disk. */
  size(): number
  /** Moves the log into the database and closes it. */
  close(): void
}

export function createLiveSegment(
  db: SqliteDatabase,
  options: { first: number; path: string; checkpointBytes: number },
): LiveSegment {
  const insert = db.prepare('INSERT INTO block VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)')
  const fill = db.prepare('INSERT OR REPLACE INTO probe VALUES (1, zeroblob(?))')
  const empty = db.prepare('DELETE FROM probe')
  let logBytes = 0
  let checkpointAtBytes = options.checkpointBytes

  function put(row: BlockRow): void {
    const { firstSeq, count, readings, bytes } = row
    const { messagesBefore, readingsBefore, bytesBefore, crc, data } = row
    insert.run(
      firstSeq,
      count,
      readings,
      bytes,
      messagesBefore,
      readingsBefore,
      bytesBefore,
      crc,
      data,
    )
    // A commit also writes the leaf of the table and the first page again.
    logBytes += data.length + 2 * pageBytes
  }
  const putAll = db.transaction((rows: readonly BlockRow[]) => {
    for (const row of rows) put(row)
  })

  return {
    first: options.first,
    path: options.path,
    write(rows) {
      const [only] = rows
      if (rows.length === 1 && only !== undefined) put(only)
      else putAll(rows)
    },
    probe(bytes) {
      fill.run(bytes)
      empty.run()
    },
    checkpoint() {
      if (logBytes < checkpointAtBytes) return
      const [result] = db.pragma('wal_checkpoint(PASSIVE)') as {
        log: number
        checkpointed: number
      }[]
      const whole = result !== undefined && result.checkpointed === result.log
      if (whole) logBytes = 0
      // A reader was in the way: soon again, not at every commit.
      checkpointAtBytes = whole ? options.checkpointBytes : logBytes + checkpointRetryBytes
    },
    size: () => segmentBytes(options.path),
    close() {
      try {
        db.pragma('wal_checkpoint(TRUNCATE)')
      } finally {
        db.close()
      }
    },
  }
}
