/**
 * What ingest records beside readings: refused messages (quarantine) and the status of devices.
 * Written by ingest; the API reads it and asks for retries.
 *
 * All writes are idempotent by journal position, because ingest may run the same uplink twice.
 */

import type { DeviceStatus } from '../../domain/device.ts'
import type { Refusal, RefusalCode } from '../../domain/quarantine.ts'
import type { Reading } from '../../domain/reading.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { Awaiting } from './quarantine-kept.ts'

export type { Awaiting }

/** One refused reading, or one refused message when nothing of it could be read. */
export interface QuarantineEntry {
  /** `<journal seq>-<index in the message>`. */
  id: string
  code: RefusalCode
  reason: string
  device: string
  /** The key of the refused reading as sent, or null when the whole message was refused. */
  key: string | null
  topic: string
  payload: string
  encoding: 'utf8' | 'base64'
  receivedAt: number
}

export interface QuarantineQuery {
  device?: string
  code?: RefusalCode
  from?: number
  to?: number
  /** Entries older than this id; newest come first. */
  before?: string
  limit: number
}

export interface RetryOutcome {
  /** Entries that were accepted and stored. */
  stored: number
  /** What is still refused, and why now. */
  refused: readonly Refusal[]
  /** What was given to the readings store, for those who judge what it holds. */
  taken?: readonly Reading[]
}

/** Readings that a retry has stored, by the number of its request. */
export interface AnsweredRetry {
  request: number
  taken: readonly Reading[]
}

/** What became known of a device, and the journal position of the uplink that told it. */
export type StatusChange = Partial<DeviceStatus> & { device: string; seq?: number }

/** Whether an uplink is the newest that was settled, or stands behind others that are settled already. */
export type Told = 'newest' | 'late'

export interface Ledger {
  /**
   * Keeps the message once and one entry per refusal, then drops the oldest beyond the limit per device, but none that
   * waits for a person (`awaitingCodes`) and has room among the bytes of its device.
   * Of one message at most 100 refusals are listed; all are counted. A message takes the share of the device
   * each refusal names, or the sender's when that device is unknown or not the sender's to speak for.
   *
   * A message far behind the newest one is taken for one that was counted long ago, unless its position is after
   * `open.from` and up to `open.to`: those are still to be settled although later ones are.
   */
  quarantine(
    items: readonly { uplink: Uplink; refused: readonly Refusal[] }[],
    open?: { from: number; to: number },
  ): Promise<void>
  /** What waits for a person. */
  awaiting(): Promise<Awaiting>
  /** Somebody decided that this entry is not wanted; false when there is none. */
  discard(id: string): Promise<boolean>
  /** Drops messages received before `olderThan` that wait for nobody. */
  expire(olderThan: number): Promise<void>
  list(query: QuarantineQuery): Promise<readonly QuarantineEntry[]>
  get(id: string): Promise<QuarantineEntry | undefined>
  /** How many readings were ever refused, by code. Survives the dropping of old entries. */
  counts(): Promise<ReadonlyMap<RefusalCode, number>>
  /** How many entries there are of each of these devices; those without any are left out. */
  entryCounts(devices: readonly string[]): Promise<ReadonlyMap<string, number>>

  /**
   * The API asks; ingest picks requests up, judges the message again and answers. `not_found` when there is no
   * such entry. While a request of an entry is open, asking again returns the same request.
   */
  requestRetry(id: string): Promise<number>
  pendingRetries(): Promise<readonly { request: number; entry: string; uplink: Uplink }[]>
  /**
   * The first answer counts. When something was stored, the entry is gone and what is still refused of the
   * message takes its place under new ids.
   */
  answerRetry(request: number, entry: string, outcome: RetryOutcome): Promise<void>
  retryOutcome(request: number): Promise<RetryOutcome | undefined>
  /** Requests after this one that are answered, up to the first that is not, a few at a time; rising. */
  answeredRetries(after: number): Promise<readonly AnsweredRetry[]>

  /**
   * Merges what became known: newest `lastSeenAt`, connection, attributes key by key (the newest 64 stay). What is
   * told late does not replace what a later uplink has told.
   */
  updateStatus(changes: readonly StatusChange[], told?: Told): Promise<void>
  /** After a start of the broker, at this position, nobody is connected; told late, but for who came after it. */
  disconnectAll(seq?: number, told?: Told): Promise<void>
  status(devices: readonly string[]): Promise<ReadonlyMap<string, DeviceStatus>>
  close(): Promise<void>
}
