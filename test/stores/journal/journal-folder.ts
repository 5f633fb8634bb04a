/** A journal in a folder of its own, with what went wrong with it, for the tests of this folder. */

import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Log } from '../../../domain/ports.ts'
import type { JournalDamage } from '../../../stores/journal/journal.ts'
import { openJournalReader, openJournalWriter } from '../../../stores/journal/sqlite.ts'
import type { JournalBackend, JournalLimits } from '../../conformance/journal.ts'

export interface Note {
  level: 'warn' | 'error'
  fields: Readonly<Record<string, unknown>>
  sentence: string
}

export interface JournalFolder extends JournalBackend {
  dir: string
  /** Warnings and errors the writers logged. */
  notes: Note[]
  log: Log
  openWriter(limits?: JournalLimits & { after?: number }): ReturnType<JournalBackend['openWriter']>
  /** What is on disk now, as a crash would leave it. */
  copy(): JournalFolder
  /** The segments' file names, oldest first. */
  segments(): string[]
  /** Path of a segment, counted from the oldest or, below 0, from the newest. */
  segment(index: number): string
}

export function journalFolder(
  dir: string = mkdtempSync(join(tmpdir(), 'bellwether-journal-')),
): JournalFolder {
  const notes: Note[] = []
  const open = new Set<{ close(): void }>()
  const log: Log = {
    debug() {},
    info() {},
    warn: (fields, sentence) => notes.push({ level: 'warn', fields, sentence }),
    error: (fields, sentence) => notes.push({ level: 'error', fields, sentence }),
  }

  /** Closing twice is harmless, so that a test may close what is closed again at the end. */
  function closing<T extends { close(): void }>(resource: T): T {
    const close = resource.close
    open.add(resource)
    resource.close = () => {
      if (open.delete(resource)) close()
    }
    return resource
  }

  const segments = () =>
    readdirSync(dir)
      .filter((name) => name.endsWith('.journal'))
      .sort()

  return {
    dir,
    notes,
    log,
    openWriter: ({ segmentBytesMax = 64 * 1024 * 1024, bytesMax = 1024 ** 3, after = 0 } = {}) =>
      closing(openJournalWriter({ dir, segmentBytesMax, bytesMax, log, after })),
    openReader: (onDamage: (damage: JournalDamage) => void = () => {}) =>
      closing(openJournalReader({ dir, onDamage })),
    copy() {
      const other = mkdtempSync(join(tmpdir(), 'bellwether-journal-'))
      cpSync(dir, other, { recursive: true, filter: (path) => !/\/lock|-shm$/.test(path) })
      return journalFolder(other)
    },
    segments,
    segment: (index) => join(dir, segments().at(index)!),
    remove() {
      for (const resource of [...open]) resource.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
