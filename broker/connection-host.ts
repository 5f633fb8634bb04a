/** What a connection and the broker agree on: why one is not read, why one is ended, and who does the rest. */

import type { UplinkDraft } from '../domain/uplink.ts'
import type { Connection } from './connection.ts'
import type { TokenBucket } from './limits.ts'

/** Reasons not to read a connection now, as bits. */
export const block = {
  signIn: 1,
  inflight: 2,
  rate: 4,
  journal: 8,
  aedes: 16,
  reader: 32,
  stopping: 64,
  closing: 128,
} as const

/** Packets of one connection that Aedes may work on at a time. */
export const outstandingMax = 64

/** Why we end a connection; they are counted under these names. */
export type EndReason =
  | 'malformed'
  | 'violation'
  | 'oversize'
  | 'denied'
  | 'unwritable'
  | 'silent'
  | 'no_connect'
  | 'refused'
  | 'revoked'
  | 'stuck'
  | 'failed'
  | 'stopping'

/** What a connection needs from the broker; one object for all of them. */
export interface ConnectionHost {
  /** Coarse monotonic milliseconds: no clock is asked for each message. */
  readonly tickMs: number
  now(): number
  readonly inflightMax: number
  /** Whether the journal queue has no room; the host then unblocks `journal` later. */
  isCongested(connection: Connection): boolean
  take(draft: UplinkDraft, connection: Connection, packetId: number): boolean
  /** A frame that is not for the fast path. `frame` is only valid during the call. */
  onFrame(connection: Connection, frame: Buffer): void
  onOversize(connection: Connection, start: Buffer, frameBytes: number): void
  /** The device has used up its rate; true when it has some again, otherwise the host unblocks it later. */
  refill(connection: Connection, messages: TokenBucket): boolean
  onEnd(connection: Connection, reason: EndReason): void
  onBug(error: unknown): void
}
