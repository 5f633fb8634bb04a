/** The archive files there are: which segments they hold, how much they take, and which are past their time. */

import { mkdirSync, rmSync } from 'node:fs'
import { type ArchiveFile, listArchive, removeDrafts } from './archive-files.ts'

const dayMs = 86_400_000
/** Files that one call removes at most. */
const expireMax = 16

export interface Shelf {
  readonly bytes: number
  /** The last position in the archive, 0 when it is empty. */
  readonly last: number
  /** Makes the folder and looks what is in it, once. Throws the error of the file system. */
  open(): void
  has(segment: { first: number; last: number }): boolean
  add(file: ArchiveFile): void
  /** Removes some files that are older than `keepDays`. Throws the error of the file system. */
  expire(now: number): void
}

export function createShelf(dir: string, keepDays: number): Shelf {
  let files: ArchiveFile[] = []
  let isOpen = false
  return {
    get bytes() {
      return files.reduce((sum, file) => sum + file.bytes, 0)
    },
    get last() {
      return files.reduce((most, { last }) => Math.max(most, last), 0)
    },
    open() {
      if (isOpen) return
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      removeDrafts(dir)
      files = listArchive(dir)
      isOpen = true
    },
    has: ({ first, last }) => files.some((file) => file.first === first && file.last === last),
    add(file) {
      files.push(file)
    },
    expire(now) {
      const old = files.filter(({ archivedAt }) => archivedAt < now - keepDays * dayMs)
      for (const file of old.slice(0, expireMax)) {
        rmSync(file.path, { force: true })
        files.splice(files.indexOf(file), 1)
      }
    },
  }
}
