/** What a connection and the broker agree on: why one is not read, why one is ended, and who does the rest. */

import type { UplinkDraft, UplinkKind } from '../domain/uplink.ts'
import type { TokenBucket } from './limits.ts'

/** Where a connection comes from. */
export interface Origin {
  address: string
  /** Common name of a client certificate that our authority has signed. */
  certificate?: string | undefined
}

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
  | 'unwritable'
  | 'silent'
  | 'no_connect'
  | 'refused'
  | 'revoked'
  | 'stuck'
  | 'dripping'
  | 'failed'
  | 'stopping'

/** Bytes that are only valid during the call. */
export interface Denied {
  topic: Uint8Array
  payload: Uint8Array
}

/** What a connection needs from the broker; one object for all of them. */
export interface ConnectionHost<Connection> {
  /** Coarse monotonic milliseconds: no clock is asked for each message. */
  readonly tickMs: number
  /** The message as it goes into the journal; its payload is not copied. */
  draft(device: string, kind: UplinkKind, payload: Uint8Array): UplinkDraft
  readonly inflightMax: number
  /** Whether the journal queue has no room; the host then unblocks `journal` later. */
  isCongested(connection: Connection): boolean
  take(draft: UplinkDraft, connection: Connection, packetId: number): boolean
  /**
   * A device has published to a topic that is none of its own: leaves a note at times. Acknowledges it (QoS 0 and 1)
   * unless `packetId` is null: then it goes to `onFrame`. False when the journal cannot be written.
   */
  deny(connection: Connection, message: Denied, packetId: number | null): boolean
  /** A frame that is not for the fast path. `frame` is only valid during the call. */
  onFrame(connection: Connection, frame: Buffer): void
  onOversize(connection: Connection, start: Buffer, frameBytes: number): void
  /** The device has used up its rate; true when it has some again, otherwise the host unblocks it later. */
  refill(connection: Connection, messages: TokenBucket): boolean
  /** The last message has run too far ahead of the clock; the host unblocks it later. */
  runsAhead(connection: Connection): boolean
  onEnd(connection: Connection, reason: EndReason): void
  onBug(error: unknown): void
}
