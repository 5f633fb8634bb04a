/**
 * The journal: every uplink as it was received, in order, on disk before it is acknowledged.
 *
 * - One writer (the broker), any number of readers, in other threads or processes.
 * - `seq` starts at 1 and has no gaps; what was committed once is never changed.
 * - Readers keep their own position and say what they have consumed; the writer drops old uplinks only
 *   when every consumer is past them. When the size limit is reached it refuses to append: it never
 *   overwrites.
 * - A damaged record is reported, never skipped in silence.
 */

import type { Uplink, UplinkDraft } from '../../domain/uplink.ts'

export interface JournalWriter {
  /** Adds to the open group; nothing is durable yet. The payload is copied. Throws `Fault` `journal_full`. */
  append(draft: UplinkDraft): void
  /** Uplinks in the open group. */
  readonly pending: number
  /**
   * Makes the open group durable and starts a new one. `done` gets null when it is on disk, or a `Fault`
   * (`journal_unwritable`) when it is not: then the group is gone and must not be acknowledged.
   * Called once per commit, in the order of commits.
   */
  commit(done: (fault: Error | null) => void): void
  /** The last durable position, 0 when empty. */
  readonly head: number
  /** Tries a durable write of nothing, to learn whether the disk works again. */
  probe(): boolean
  /** Drops whole segments that hold nothing after `consumedSeq`. */
  trim(consumedSeq: number): void
  readonly bytes: number
  close(): void
}

export interface Backlog {
  messages: number
  /** Sum of `UplinkDraft.readings`. */
  readings: number
  bytes: number
}

/** Positions after `from` up to `to`. */
export interface Positions {
  from: number
  to: number
}

/** What a reader found broken: the uplinks `from`…`to` cannot be read. */
export interface JournalDamage {
  from: number
  to: number
  reason: string
}

export interface JournalReader {
  /**
   * Up to about `limit` uplinks after `seq`, in order; empty when there are none yet.
   * Uplinks in a damaged part are left out and handed to `onDamage` (given at open).
   */
  read(seq: number, limit: number): readonly Uplink[] | Promise<readonly Uplink[]>
  /** What lies after `seq`, exactly, without what lies in `settled` (which is after `seq` as well). */
  backlog(seq: number, settled?: Positions): Backlog | Promise<Backlog>
  /** The last durable position. */
  head(): number | Promise<number>
  /** The first position that is still kept, or `head + 1`. */
  tail(): number | Promise<number>
  close(): void
}
