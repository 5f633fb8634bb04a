/**
 * What the writer of the journal must remember of moments of receipt over a crash: those it has reserved ahead of
 * the clock, and the moment of the newest message. The reserved ones lie beside the segments, in `moments.json`.
 */

import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import type { Uplink } from '../../domain/uplink.ts'
import { createReader } from './reader.ts'

/** Device → the last moment that may have been given to it. Milliseconds since 1970 UTC. */
export type ReservedMoments = Readonly<Record<string, number>>

export interface MomentStore {
  /** The moment of the last message in the journal; null when there has never been one. */
  readonly newest: number | null
  read(): ReservedMoments
  /** Durable when it returns. */
  write(reserved: ReservedMoments): void
}

/** @param options.now when the server starts: nothing is later, should the newest message be unreadable */
export function openMoments({ dir, now }: { dir: string; now: number }): MomentStore {
  const path = join(dir, 'moments.json')
  return {
    newest: newestIn(dir, now),
    read: () => reservedIn(path),
    write(reserved) {
      mkdirSync(dir, { recursive: true, mode: 0o700 })
      const file = openSync(`${path}.new`, 'w', 0o600)
      try {
        writeSync(file, JSON.stringify(reserved))
        fsyncSync(file)
      } finally {
        closeSync(file)
      }
      renameSync(`${path}.new`, path)
    },
  }
}

function newestIn(dir: string, now: number): number | null {
  const reader = createReader({ dir, onDamage: () => {} })
  try {
    const head = reader.head() as number
    const [last] = head === 0 ? [] : (reader.read(head - 1, 1) as Uplink[])
    return head === 0 ? null : (last?.receivedAt ?? now)
  } catch {
    return now
  } finally {
    reader.close()
  }
}

/** What is not of the form, as after a power cut in the middle of a write, is as good as nothing. */
function reservedIn(path: string): ReservedMoments {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  try {
    const found: unknown = JSON.parse(text)
    const pairs = typeof found === 'object' && found !== null ? Object.entries(found) : []
    return Object.fromEntries(pairs.filter(([, at]) => Number.isFinite(at)))
  } catch {
    return {}
  }
}
