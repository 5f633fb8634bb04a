/**
 * Copies one sealed segment of the journal into the archive: read and packed in small steps, so that appends never
 * wait for more than one of them, synced, and given its name only when all of it is on disk.
 */

import { type FileHandle, open, rename, rm } from 'node:fs/promises'
import { syncFolder } from '../files.ts'
import type { JournalDamage } from '../journal.ts'
import { createReader } from '../reader.ts'
import { type ArchiveFile, archivePath, draftOf } from './archive-files.ts'
import { createFrameBuilder } from './frame-builder.ts'

/** Uplinks of one step: about half a millisecond of the writer's thread. */
const stepUplinks = 500

export interface SegmentCopy {
  journalDir: string
  archiveDir: string
  /** Positions of the segment. */
  first: number
  last: number
  archivedAt: number
  /** For the file while it is made; another one for each attempt. */
  draftName: string
  onDamage(damage: JournalDamage): void
  /** Lets others have the thread between two steps. */
  turn(): Promise<void>
  /** Asked between steps; true ends the copy. */
  isCancelled(): boolean
}

/** Null when it was cancelled. Throws the error of the file system; nothing is left behind then. */
export async function copySegment(copy: SegmentCopy): Promise<ArchiveFile | null> {
  const { archiveDir, first, last, archivedAt } = copy
  const path = archivePath(archiveDir, copy)
  const draft = draftOf(path, copy.draftName)
  try {
    const file = await open(draft, 'wx', 0o600)
    let bytes: number | null
    try {
      bytes = await writeFrames(copy, file)
      if (bytes !== null) await file.sync()
    } finally {
      await file.close()
    }
    if (bytes === null || copy.isCancelled()) {
      await rm(draft, { force: true })
      return null
    }
    await rename(draft, path)
    syncFolder(archiveDir)
    return { path, first, last, archivedAt, bytes }
  } catch (error) {
    await rm(draft, { force: true }).catch(() => undefined)
    throw error
  }
}

/** Returns the bytes written, null when it was cancelled. */
async function writeFrames(copy: SegmentCopy, file: FileHandle): Promise<number | null> {
  const reader = createReader({ dir: copy.journalDir, onDamage: copy.onDamage })
  const frame = createFrameBuilder()
  let written = 0
  async function write(): Promise<void> {
    const bytes = await frame.pack()
    await file.writeFile(bytes)
    written += bytes.length
    frame.clear()
  }
  try {
    for (let next = copy.first; next <= copy.last; ) {
      const uplinks = await reader.read(next - 1, stepUplinks)
      const here = uplinks.filter(({ seq }) => seq <= copy.last)
      for (const uplink of here) {
        if (frame.isFull || !frame.follows(uplink)) await write()
        frame.add(uplink)
      }
      if (here.length === 0) break
      next = (here.at(-1)?.seq ?? next) + 1
      await copy.turn()
      if (copy.isCancelled()) return null
    }
    if (frame.count > 0) await write()
    return written
  } finally {
    reader.close()
  }
}
