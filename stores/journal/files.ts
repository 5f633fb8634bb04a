/**
 * The files of a journal: one SQLite database per segment, named by the first position it may hold, so that
 * the listing of the folder says which positions are where. Beside them `lock` (held by the writer) and
 * `hold` (made by a backup to keep segments from being dropped).
 */

import {
  chmodSync,
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  rmSync,
  type Stats,
  statSync,
} from 'node:fs'
import { join } from 'node:path'

const extension = '.journal'
const segmentName = /^(\d{20})\.journal$/
const holdMsMax = 3_600_000

export interface SegmentFile {
  /** The first position it may hold. */
  first: number
  path: string
}

export function segmentPath(dir: string, first: number): string {
  return join(dir, String(first).padStart(20, '0') + extension)
}

/** The segments there are, oldest first. */
export function listSegments(dir: string): SegmentFile[] {
  const found: SegmentFile[] = []
  for (const name of readdirSync(dir)) {
    const digits = segmentName.exec(name)?.[1]
    if (digits !== undefined) found.push({ first: Number(digits), path: join(dir, name) })
  }
  return found.sort((a, b) => a.first - b.first)
}

/** Bytes on disk of a segment with its write-ahead log; 0 when it is gone. */
export function segmentBytes(path: string): number {
  return (stat(path)?.size ?? 0) + (stat(`${path}-wal`)?.size ?? 0)
}

/** The database goes first: what is left after a crash in between has no segment and is cleared at the next start. */
export function removeSegment(path: string): void {
  rmSync(path, { force: true })
  rmSync(`${path}-wal`, { force: true })
  rmSync(`${path}-shm`, { force: true })
}

/** Clears what a crash left half made or half removed. */
export function removeLeftovers(dir: string): void {
  const names = new Set(readdirSync(dir))
  for (const name of names) {
    const owner = name.replace(/-(wal|shm|journal)$/, '')
    const orphan = owner !== name && segmentName.test(owner) && !names.has(owner)
    if (orphan || owner.endsWith(`${extension}.new`)) rmSync(join(dir, name), { force: true })
  }
}

/** A new name in a folder survives a power cut only after this. */
export function syncFolder(dir: string): void {
  const folder = openSync(dir, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}

/** True while a file `hold` is there that was made or renewed within the last hour. */
export function isHeld(dir: string): boolean {
  const path = join(dir, 'hold')
  const hold = stat(path)
  if (hold === undefined) return false
  // Setting the mode it has makes the kernel note the time of this change of the folder: that is "now" by the
  // very clock that wrote the time of the hold.
  chmodSync(dir, statSync(dir).mode)
  return statSync(dir).ctimeMs - hold.mtimeMs < holdMsMax
}

function stat(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false })
}
