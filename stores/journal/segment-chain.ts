/**
 * The segments of the writer: the live one at the end, the sealed ones before it, oldest first. Begins new
 * ones, drops consumed ones, and knows how much disk they take.
 */

import type { Log } from '../../domain/ports.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Archiver } from './archive/archiver.ts'
import { isOfTheWorld, isPassing } from './damage.ts'
import { isHeld, removeSegment, segmentBytes, segmentPath } from './files.ts'
import { createLiveSegment, type LiveSegment } from './live-segment.ts'
import type { Recovered } from './recovery.ts'
import { type BlockRow, createSegment } from './segment.ts'

/** Measured: a checkpoint of this much stalls for 3 ms, four times as much for 10 ms. */
const checkpointBytesMax = 4 * 1024 * 1024
/** After a new segment could not be begun, the live one grows by so much before the next attempt. */
const rollRetryBytes = 1024 * 1024

export interface ChainOptions {
  dir: string
  segmentBytesMax: number
  log: Log
  /** Asked before a segment is dropped. */
  archiver?: Archiver
  /** Beyond this the archiver is told that it is urgent. */
  urgentBytes?: number
}

export interface SegmentChain {
  readonly bytes: number
  /** Durable when it returns. Throws the error of driver or file system, and then nothing is written. */
  write(rows: readonly BlockRow[], nextSeq: number): void
  /** The work that can wait until a commit has been answered: checkpoint, or a new segment when it is time. */
  settle(nextSeq: number): void
  /** Begins a new segment for `nextSeq` unless the live one is empty. Throws like `write`. */
  begin(nextSeq: number): void
  /** Writes and drops as many bytes, durably. Throws like `write`. */
  probe(bytes: number, nextSeq: number): void
  /** Removes sealed segments that hold nothing after `consumedSeq`, unless a backup or the archive holds them. */
  drop(consumedSeq: number): void
  close(): void
}

interface Sealed {
  first: number
  path: string
  bytes: number
}

export function createSegmentChain(options: ChainOptions, recovered: Recovered): SegmentChain {
  const { dir, segmentBytesMax, log, archiver, urgentBytes = Number.POSITIVE_INFINITY } = options
  const checkpointBytes = Math.min(checkpointBytesMax, segmentBytesMax / 4)
  const sealed: Sealed[] = recovered.sealed.map((file) => ({
    ...file,
    bytes: segmentBytes(file.path),
  }))
  let sealedBytes = sealed.reduce((sum, file) => sum + file.bytes, 0)
  let live = liven(recovered.db, recovered.newest.first)
  let liveBytes = live.size()
  let rollAtBytes = segmentBytesMax
  /** The live file may be at fault; the next write goes to a new one. */
  let inDoubt = false
  let consumed = 0

  function liven(db: SqliteDatabase, first: number): LiveSegment {
    return createLiveSegment(db, { first, path: segmentPath(dir, first), checkpointBytes })
  }

  function seal(old: LiveSegment): void {
    try {
      old.close()
    } catch (error) {
      log.warn({ segment: old.path, error }, 'A full journal segment was closed with its log.')
    }
    const bytes = old.size()
    sealed.push({ first: old.first, path: old.path, bytes })
    sealedBytes += bytes
  }

  function begin(nextSeq: number): void {
    if (live.first === nextSeq) return
    const old = live
    live = liven(createSegment(dir, nextSeq), nextSeq)
    liveBytes = live.size()
    rollAtBytes = segmentBytesMax
    inDoubt = false
    seal(old)
  }

  function guarded(write: () => void, nextSeq: number): void {
    if (inDoubt) begin(nextSeq)
    try {
      write()
    } catch (error) {
      inDoubt = !isPassing(error)
      throw error
    } finally {
      liveBytes = live.size()
    }
  }

  function drop(): void {
    if (isHeld(dir)) return
    for (let oldest = sealed[0]; oldest !== undefined; oldest = sealed[0]) {
      const last = (sealed[1]?.first ?? live.first) - 1
      if (last > consumed) return
      const isUrgent = sealedBytes + liveBytes > urgentBytes
      const { first, bytes } = oldest
      if (archiver && !archiver.mayDrop({ first, last, bytes }, isUrgent)) return
      removeSegment(oldest.path)
      sealed.shift()
      sealedBytes -= oldest.bytes
    }
  }

  archiver?.whenDone(() => {
    try {
      drop()
    } catch (error) {
      if (!isOfTheWorld(error)) throw error
      log.warn({ error }, 'Archived journal segments could not be dropped; it is tried again.')
    }
  })

  return {
    get bytes() {
      return sealedBytes + liveBytes
    },
    write: (rows, nextSeq) => guarded(() => live.write(rows), nextSeq),
    probe: (bytes, nextSeq) => guarded(() => live.probe(bytes), nextSeq),
    begin,
    settle(nextSeq) {
      try {
        if (liveBytes >= rollAtBytes) begin(nextSeq)
        else live.checkpoint()
      } catch (error) {
        if (!isOfTheWorld(error)) throw error
        rollAtBytes = liveBytes + rollRetryBytes
        log.warn({ segment: live.path, error }, 'Journal housekeeping failed; it is tried again.')
      }
    },
    drop(consumedSeq) {
      consumed = consumedSeq
      drop()
    },
    close() {
      live.close()
    },
  }
}
