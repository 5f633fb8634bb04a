/** The few segment files a reader keeps open, and what it does when one is dropped under its hands. */

import { existsSync } from 'node:fs'
import { Fault } from '../../domain/errors.ts'
import { driverCode, isDamage } from './damage.ts'
import { listSegments, type SegmentFile } from './files.ts'
import { openSegmentReader, type SegmentReader } from './segment-reader.ts'

/** A consumer reads one segment and asks for sums in another; a few more save opening files again. */
const openMax = 4
const attemptsMax = 4

class SegmentGone extends Error {}

export interface OpenSegments {
  /** Runs a query over the segments as listed now; again when one of them is dropped meanwhile. */
  attempt<T>(query: (list: readonly SegmentFile[]) => T): T
  /** Undefined when the file is too broken to be opened. */
  open(file: SegmentFile): SegmentReader | undefined
  /** Makes `attempt` start over when the file is not there any more: what seems broken was only dropped. */
  confirm(file: SegmentFile): void
  close(): void
}

/** The segment that holds `seq`, or the first one before it; −1 when all are behind it. */
export function indexOfSegment(list: readonly SegmentFile[], seq: number): number {
  return list.findLastIndex((file) => file.first <= seq)
}

export function createOpenSegments(dir: string): OpenSegments {
  const readers = new Map<string, SegmentReader>()

  function drop(path: string): void {
    readers.get(path)?.close()
    readers.delete(path)
  }

  function list(): readonly SegmentFile[] {
    // The writer makes the folder; a reader may be there first.
    if (!existsSync(dir)) return []
    const files = listSegments(dir)
    for (const path of readers.keys()) {
      if (!files.some((file) => file.path === path)) drop(path)
    }
    return files
  }

  return {
    attempt(query) {
      for (let left = attemptsMax; ; left--) {
        try {
          return query(list())
        } catch (error) {
          const gone = error instanceof SegmentGone || driverCode(error) === 'SQLITE_CANTOPEN'
          if (gone && left > 1) continue
          if (!gone && driverCode(error) === undefined) throw error
          throw new Fault('store_unavailable', `The journal in ${dir} can not be read now.`, {
            cause: error,
          })
        }
      }
    },
    open(file) {
      let reader = readers.get(file.path)
      try {
        reader ??= openSegmentReader(file.path)
      } catch (error) {
        if (isDamage(error)) return undefined
        throw error
      }
      readers.delete(file.path)
      readers.set(file.path, reader)
      for (const path of readers.keys()) if (readers.size > openMax) drop(path)
      return reader
    },
    confirm(file) {
      if (!existsSync(file.path)) throw new SegmentGone()
    },
    close() {
      for (const path of [...readers.keys()]) drop(path)
    },
  }
}
