/** The few segment files a reader keeps open, and what it does when one is dropped under its hands. */

import { existsSync } from 'node:fs'
import { Fault } from '../../domain/errors.ts'
import { isDamage, isMissing, isOfTheWorld } from './damage.ts'
import { listSegments, type SegmentFile } from './files.ts'
import { openSalvage, type Salvage } from './salvage.ts'
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
  /** What can be found in a sealed segment that SQLite cannot make sense of. */
  salvage(file: SegmentFile): Salvage
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
  const salvages = new Map<string, Salvage>()

  function drop(path: string, from: Map<string, { close(): void }>): void {
    from.get(path)?.close()
    from.delete(path)
  }

  /** Puts it at the end and closes what was not used for longest. */
  function keep<T extends { close(): void }>(path: string, resource: T, among: Map<string, T>): T {
    among.delete(path)
    among.set(path, resource)
    for (const oldest of among.keys()) if (among.size > openMax) drop(oldest, among)
    return resource
  }

  function list(): readonly SegmentFile[] {
    // The writer makes the folder; a reader may be there first.
    if (!existsSync(dir)) return []
    const files = listSegments(dir)
    for (const open of [readers, salvages]) {
      for (const path of open.keys()) {
        if (!files.some((file) => file.path === path)) drop(path, open)
      }
    }
    return files
  }

  return {
    attempt(query) {
      for (let left = attemptsMax; ; left--) {
        try {
          return query(list())
        } catch (error) {
          const gone = error instanceof SegmentGone || isMissing(error)
          if (gone && left > 1) continue
          if (!gone && !isOfTheWorld(error)) throw error
          throw new Fault('store_unavailable', `The journal in ${dir} cannot be read now.`, {
            cause: error,
          })
        }
      }
    },
    open(file) {
      try {
        return keep(file.path, readers.get(file.path) ?? openSegmentReader(file.path), readers)
      } catch (error) {
        if (isDamage(error)) return undefined
        throw error
      }
    },
    salvage(file) {
      return keep(file.path, salvages.get(file.path) ?? openSalvage(file.path), salvages)
    },
    confirm(file) {
      if (!existsSync(file.path)) throw new SegmentGone()
    },
    close() {
      for (const open of [readers, salvages]) for (const path of open.keys()) drop(path, open)
    },
  }
}
