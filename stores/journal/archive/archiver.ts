/**
 * Sees to it that consumed segments are in the archive before they are dropped, one at a time and beside the writer's
 * work, and that old archive files go.
 *
 * The journal comes first. A segment is dropped without being archived when the disk is nearly full, because room is
 * then worth more to the uplinks that are still to come, and when the journal is nearly full because the archive can
 * not be written for another reason, or not fast enough. That is logged and counted, never silent. Archive files are
 * never deleted before their time.
 */

import { statfsSync } from 'node:fs'
import type { Log, Ports } from '../../../domain/ports.ts'
import { isOfTheWorld } from '../damage.ts'
import { createArchiveMeters } from './meters.ts'
import { copySegment } from './segment-copy.ts'
import { createShelf } from './shelf.ts'

const retryMs = { first: 5_000, longest: 300_000 }
/** So much of the file system stays free, or this much if that is less. */
const reserve = { share: 0.05, bytesMax: 2 * 1024 ** 3 }

const journalNeedsRoom =
  'The journal is nearly full: consumed uplinks are dropped without being archived.'
const diskNeedsRoom =
  'The disk of the archive is nearly full: consumed uplinks are dropped without being archived.'
const canNotArchive = 'A journal segment cannot be archived; it is kept and tried again.'

export interface ArchiveOptions {
  dir: string
  /** Days that an archive file is kept, from when it was made. */
  keepDays: number
  ports: Pick<Ports, 'clock' | 'timers' | 'random' | 'meter'>
}

export interface SealedSegment {
  first: number
  last: number
  bytes: number
}

export interface Archiver {
  /** The last position in the archive, 0 when it is empty: none up to it may be given out again. */
  readonly last: number
  /**
   * True when the segment may be dropped. Otherwise it is being archived, or will be: ask again. `isUrgent`: the
   * journal needs the room now.
   */
  mayDrop(segment: SealedSegment, isUrgent: boolean): boolean
  /** `run` is called when a segment has been archived, or could not be. */
  whenDone(run: () => void): void
  /** Removes some files that are past their time. */
  expire(): void
  close(): void
}

export interface ArchiverParts extends ArchiveOptions {
  journalDir: string
  log: Log
}

export function createArchiver(parts: ArchiverParts): Archiver {
  const { dir, ports } = parts
  const { clock } = ports
  const meters = createArchiveMeters(ports.meter)
  const shelf = createShelf(dir, parts.keepDays)
  const faults = createFaults(parts)
  let job: { first: number; isCancelled: boolean } | null = null
  /** The segment that did not fit on the disk, whatever the file system says of its room. */
  let unfit: number | undefined
  let onDone = () => {}

  /** Runs what touches the disk; false when the disk did not let it. */
  function attempt(run: () => void): boolean {
    try {
      run()
      meters.bytes(shelf.bytes)
      return true
    } catch (error) {
      if (!isOfTheWorld(error)) throw error
      meters.faults()
      faults.failed(error)
      return false
    }
  }

  function giveUp({ first, last }: SealedSegment, reason: string): true {
    if (job?.first === first) job.isCancelled = true
    meters.missed(last - first + 1)
    faults.tell(reason, { from: first, to: last })
    return true
  }

  async function archive(segment: SealedSegment): Promise<void> {
    const own = { first: segment.first, isCancelled: false }
    job = own
    const isCancelled = () => own.isCancelled
    try {
      const file = await copySegment({ ...copyOf(parts, segment), isCancelled })
      if (file === null || isCancelled()) return
      shelf.add(file)
      meters.archived()
      faults.over()
    } catch (error) {
      if (isCancelled()) return
      if (isNoRoom(error)) unfit = segment.first
      meters.faults()
      faults.failed(error)
    } finally {
      if (job === own) job = null
      if (!isCancelled()) onDone()
    }
  }

  attempt(() => shelf.open())
  return {
    get last() {
      return shelf.last
    },
    mayDrop(segment, isUrgent) {
      if (shelf.has(segment)) return true
      if (isUrgent) return giveUp(segment, journalNeedsRoom)
      if (unfit === segment.first) return giveUp(segment, diskNeedsRoom)
      if (job !== null || clock.monotonic() < faults.retryAt) return false
      let hasRoom = false
      const isSure = attempt(() => {
        shelf.open()
        hasRoom = isRoomFor(dir, segment)
      })
      if (!isSure) return false
      if (!hasRoom) return giveUp(segment, diskNeedsRoom)
      void archive(segment)
      return false
    },
    whenDone(run) {
      onDone = run
    },
    expire: () => void attempt(() => shelf.expire(clock.now())),
    close() {
      if (job !== null) job.isCancelled = true
    },
  }
}

function copyOf({ dir, journalDir, ports, log }: ArchiverParts, segment: SealedSegment) {
  return {
    first: segment.first,
    last: segment.last,
    journalDir,
    archiveDir: dir,
    archivedAt: ports.clock.now(),
    draftName: Buffer.from(ports.random.bytes(8)).toString('hex'),
    onDamage: (damage: object) =>
      log.warn({ ...damage }, 'A part of the journal is damaged and cannot be archived.'),
    turn: () => new Promise<void>((resolve) => ports.timers.soon(resolve)),
  }
}

/** Told when they change; tried again after a while, longer each time. */
function createFaults({ dir, log, ports }: ArchiverParts) {
  let told: string | undefined
  let waitMs = retryMs.first
  let retryAt = 0
  function tell(reason: string, fields: Readonly<Record<string, unknown>>): void {
    if (told !== reason) log.error({ dir, ...fields }, reason)
    told = reason
  }
  return {
    get retryAt() {
      return retryAt
    },
    tell,
    failed(error: unknown): void {
      tell(canNotArchive, { error })
      retryAt = ports.clock.monotonic() + waitMs
      waitMs = Math.min(waitMs * 2, retryMs.longest)
    },
    over(): void {
      if (told !== undefined) log.info({ dir }, 'Journal segments are archived again.')
      told = undefined
      waitMs = retryMs.first
      retryAt = 0
    },
  }
}

function isRoomFor(dir: string, { bytes }: SealedSegment): boolean {
  const { bavail, bsize, blocks } = statfsSync(dir)
  const kept = Math.min(blocks * bsize * reserve.share, reserve.bytesMax)
  return bavail * bsize - bytes > kept
}

/** Also a quota, which the file system does not tell beforehand. */
function isNoRoom(error: unknown): boolean {
  return error instanceof Error && 'code' in error && /^(ENOSPC|EDQUOT)$/.test(String(error.code))
}
