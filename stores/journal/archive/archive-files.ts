/**
 * The files of the archive: one per journal segment, named by the positions it holds and when it was archived, so that
 * the listing says what is there. They never change once they have their name.
 */

import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'

const fileName = /^(\d{20})-(\d{20})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z\.archive$/
const draftExtension = '.new'

export interface ArchiveFile {
  path: string
  /** Positions of the segment; those that a damaged segment could not give are missing. */
  first: number
  last: number
  /** Milliseconds since 1970 UTC. */
  archivedAt: number
  bytes: number
}

export function archivePath(
  dir: string,
  { first, last, archivedAt }: Pick<ArchiveFile, 'first' | 'last' | 'archivedAt'>,
): string {
  const digits = (position: number) => String(position).padStart(20, '0')
  const at = new Date(archivedAt).toISOString().replace(/[-:]|\.\d+/g, '')
  return join(dir, `${digits(first)}-${digits(last)}-${at}.archive`)
}

/** A file that is not finished yet; `name` tells it from what an attempt before may still be about to remove. */
export function draftOf(path: string, name: string): string {
  return `${path}.${name}${draftExtension}`
}

/** The files there are, in the order of positions; of two with the same first position the longer one first. */
export function listArchive(dir: string): ArchiveFile[] {
  if (!existsSync(dir)) return []
  const files: ArchiveFile[] = []
  for (const name of readdirSync(dir)) {
    const parts = fileName.exec(name)
    if (parts === null) continue
    const [first = 0, last = 0, year = 0, month = 0, ...rest] = parts.slice(1).map(Number)
    const [day, hour, minute, second] = rest
    const archivedAt = Date.UTC(year, month - 1, day, hour, minute, second)
    const path = join(dir, name)
    const bytes = statSync(path, { throwIfNoEntry: false })?.size
    if (bytes !== undefined) files.push({ path, first, last, archivedAt, bytes })
  }
  return files.sort((a, b) => a.first - b.first || b.last - a.last || b.archivedAt - a.archivedAt)
}

/** Clears what a crash left half made. */
export function removeDrafts(dir: string): void {
  for (const name of readdirSync(dir)) {
    if (name.includes('.archive.') && name.endsWith(draftExtension))
      rmSync(join(dir, name), { force: true })
  }
}
