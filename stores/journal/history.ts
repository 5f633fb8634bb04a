/**
 * Everything that was received and is still there, in order: the archive, then the journal. The server may run
 * meanwhile: a segment that moves from the journal to the archive under our hands is found there.
 */

import { listArchive } from './archive/archive-files.ts'
import { type ArchivePage, type ArchiveReading, readArchive } from './archive/archive-reader.ts'
import type { JournalReader } from './journal.ts'

export type HistoryPage = ArchivePage

export interface History extends Omit<ArchiveReading, 'dir'> {
  archiveDir: string
  journal: Pick<JournalReader, 'read'>
}

const pageUplinks = 5_000

/** Positions rise from page to page; those that are missing between were damaged or are gone. Ends at the newest. */
export async function* readHistory(history: History): AsyncGenerator<HistoryPage> {
  const { archiveDir, journal } = history
  let after = history.after
  for (let isSecondLook = false; ; ) {
    for await (const page of readArchive({ ...history, dir: archiveDir, after })) {
      yield page
      after = page.last
    }
    const uplinks = await journal.read(after, pageUplinks)
    const first = uplinks[0]?.seq
    const last = uplinks.at(-1)?.seq
    if (first === undefined || last === undefined) return
    if (first > after + 1 && !isSecondLook) {
      isSecondLook = true
      continue
    }
    isSecondLook = false
    yield { first, last, uplinks }
    after = last
  }
}

/** What the archive spans; null when there is none. */
export function archiveSpan(
  dir: string,
): { files: number; bytes: number; first: number; last: number } | null {
  const files = listArchive(dir)
  const first = files[0]?.first
  if (first === undefined) return null
  return {
    files: files.length,
    bytes: files.reduce((sum, file) => sum + file.bytes, 0),
    first,
    last: files.reduce((most, { last }) => Math.max(most, last), 0),
  }
}
