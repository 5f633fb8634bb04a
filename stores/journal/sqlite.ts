/**
 * The journal on SQLite segment files: opens its one writer and its readers. The rest of this folder is how
 * they do it: `block` (the bytes of a group), `segment` (one file), `writer`, `reader`, `recovery`.
 */

import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import type { Log } from '../../domain/ports.ts'
import { type ArchiveOptions, createArchiver } from './archive/archiver.ts'
import { isOfTheWorld } from './damage.ts'
import { removeLeftovers, syncFolder } from './files.ts'
import type { JournalDamage, JournalReader, JournalWriter } from './journal.ts'
import { lockJournal } from './lock.ts'
import { createReader } from './reader.ts'
import { recoverJournal } from './recovery.ts'
import { createWriter } from './writer.ts'

export interface JournalWriterOptions {
  dir: string
  /** A new segment is begun when the newest takes this much; a quarter of `bytesMax` at most. */
  segmentBytesMax: number
  /** All segments together, and the open group. */
  bytesMax: number
  log: Log
  /** The highest position any consumer has stored: no position up to it is given out again. */
  after?: number
  /** Keeps consumed segments there, packed, for some days; absent: they are dropped. */
  archive?: ArchiveOptions
}

/**
 * Opens the journal for writing, making it if need be.
 * Throws `Fault` `journal_unwritable` when another process writes it or the disk does not let us,
 * `store_too_new` when a later version wrote it.
 */
export function openJournalWriter(options: JournalWriterOptions): JournalWriter {
  const { dir, segmentBytesMax, bytesMax, log, archive } = options
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  syncFolder(dirname(dir))
  const unlock = lockJournal(dir)
  try {
    removeLeftovers(dir)
    const archiver = archive && createArchiver({ ...archive, journalDir: dir, log })
    const after = Math.max(options.after ?? 0, archiver?.last ?? 0)
    const recovered = recoverJournal({ dir, segmentBytesMax, after, log })
    const limits = { dir, segmentBytesMax, bytesMax, log }
    return createWriter({ ...limits, ...(archiver && { archiver }) }, recovered, unlock)
  } catch (error) {
    unlock()
    if (!isOfTheWorld(error)) throw error
    throw new Fault('journal_unwritable', `The journal in ${dir} cannot be opened for writing.`, {
      cause: error,
    })
  }
}

/** Opens the journal for reading, also before its writer ever ran, also in another process. */
export function openJournalReader(options: {
  dir: string
  onDamage: (damage: JournalDamage) => void
}): JournalReader {
  return createReader(options)
}
