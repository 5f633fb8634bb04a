/**
 * One segment: a SQLite database whose table `block` holds a row per group commit. A row says what its block
 * holds and what the journal has held before it, so that a backlog is a subtraction. `crc` is over all of it.
 *
 * A segment appears under its name only when it is complete and its name is on disk.
 */

import { existsSync, renameSync } from 'node:fs'
import { crc32 } from 'node:zlib'
import { Fault } from '../../domain/errors.ts'
import { openSqlite, type SqliteDatabase } from '../sqlite.ts'
import { removeSegment, segmentPath, syncFolder } from './files.ts'

const formatVersion = 1
/** "BWJ" and the version again: one broken number is not taken for a later version. */
const applicationId = (version: number) => 0x42574a00 + version
/** Measured: 4 to 16 KiB are alike for large groups; a single uplink writes a whole page, so not the largest. */
export const pageBytes = 8_192

export interface BlockMeta {
  /** Position of the first uplink. */
  firstSeq: number
  count: number
  /** Sum of `UplinkDraft.readings`. */
  readings: number
  /** Bytes of the records. */
  bytes: number
  /** The same sums over everything the journal has ever held before this block. */
  messagesBefore: number
  readingsBefore: number
  bytesBefore: number
}

export interface BlockRow extends BlockMeta {
  crc: number
  data: Buffer
}

export const metaColumns = `first_seq AS firstSeq, count, readings, bytes,
  messages_before AS messagesBefore, readings_before AS readingsBefore, bytes_before AS bytesBefore`

const schema = `
  CREATE TABLE block (
    first_seq INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    readings INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    messages_before INTEGER NOT NULL,
    readings_before INTEGER NOT NULL,
    bytes_before INTEGER NOT NULL,
    crc INTEGER NOT NULL,
    data BLOB NOT NULL
  ) STRICT;
  CREATE TABLE probe (id INTEGER PRIMARY KEY, filler BLOB NOT NULL) STRICT;
  PRAGMA user_version = ${formatVersion};
  PRAGMA application_id = ${applicationId(formatVersion)};`

/** Makes an empty segment that is on disk with its name, and opens it. */
export function createSegment(dir: string, first: number): SqliteDatabase {
  const path = segmentPath(dir, first)
  // It may be there from an attempt that failed later; a reader may have it open, so it is not replaced.
  if (!existsSync(path)) {
    const draft = `${path}.new`
    removeSegment(draft)
    const db = openSqlite(draft, { synchronous: 'FULL', pageSizeBytes: pageBytes })
    try {
      db.exec(schema)
    } finally {
      db.close()
    }
    renameSync(draft, path)
  }
  syncFolder(dir)
  return openSegment(path)
}

/** Opens a segment for writing. Throws `Fault` `store_too_new`, or the driver's error when it is broken. */
export function openSegment(path: string): SqliteDatabase {
  // Nobody else writes here; only a checkpoint can meet a reader, and it must not wait for it.
  const db = openSqlite(path, { synchronous: 'FULL', busyTimeoutMs: 50 })
  db.pragma('wal_autocheckpoint = 0')
  checkVersion(db, path)
  return db
}

/** Opens a segment for reading, also from another process. */
export function openSegmentForReading(path: string): SqliteDatabase {
  const db = openSqlite(path, { readonly: true })
  checkVersion(db, path)
  return db
}

function checkVersion(db: SqliteDatabase, path: string): void {
  try {
    const version = Number(db.pragma('user_version', { simple: true }))
    const id = Number(db.pragma('application_id', { simple: true }))
    if (version > formatVersion && id === applicationId(version)) {
      const detail = `${path} has format ${version}; this version reads up to ${formatVersion}`
      throw new Fault('store_too_new', detail)
    }
  } catch (error) {
    db.close()
    throw error
  }
}

/** A row with its checksum, ready to be written. */
export function sealBlock(meta: BlockMeta, data: Buffer): BlockRow {
  return { ...meta, crc: blockCrc(meta, data), data }
}

export function isSoundBlock(row: BlockRow): boolean {
  return Buffer.isBuffer(row.data) && blockCrc(row, row.data) === row.crc
}

function blockCrc(meta: BlockMeta, data: Buffer): number {
  const numbers = Float64Array.of(
    meta.firstSeq,
    meta.count,
    meta.readings,
    meta.bytes,
    meta.messagesBefore,
    meta.readingsBefore,
    meta.bytesBefore,
  )
  return crc32(data, crc32(numbers))
}
