/** The ledger's tables, the same for every SQL backend. */

import type { Generated } from 'kysely'
import type { RefusalCode } from '../../domain/quarantine.ts'
import type { UplinkKind } from '../../domain/uplink.ts'

/** A message of which something was refused, once, byte for byte. */
export interface MessageTable {
  /** Position in the journal. */
  seq: number
  sender: string
  kind: UplinkKind
  received_at: number
  payload: Uint8Array
  readings: number
  /** The device that has room for it while it waits for a person; null for other messages. */
  kept_by: string | null
  kept_bytes: number
}

/** One refusal; `idx` is its place among the refusals of the message. */
export interface EntryTable {
  seq: number
  idx: number
  code: RefusalCode
  reason: string
  device: string
  key: string | null
  /** The device whose share of the quarantine the message takes. */
  owner: string
  received_at: number
  /** 1 when its message waits for a person. */
  kept: number
}

/** One row: messages that were dropped by number or age, ever. */
export interface DroppedTable {
  id: number
  messages: number
}

/** What waits for a person, by device. */
export interface KeptTable {
  owner: string
  messages: number
  bytes: number
  /** Messages that came when there was no room. */
  overflow: number
  is_full: number
}

/** Messages whose refusals are in the counts: the newest, as far back as a replay is expected to reach. */
export interface CountedTable {
  seq: number
  /** How many refusals of it are. */
  refusals: number
}

export interface TallyTable {
  code: RefusalCode
  readings: number
}

export interface RetryTable {
  request: Generated<number>
  seq: number
  idx: number
  code: RefusalCode
  device: string
  /** 1 when nobody asked for it; these are answered after those of people. */
  by_itself: Generated<number>
  /** JSON of the outcome; null while nobody has answered. */
  outcome: string | null
}

export interface StatusTable {
  device: string
  last_seen_at: number | null
  connected: number
  /** Position of the uplink that told whether it is connected. */
  connected_seq: number
  /** JSON list of `[key, value, position of the uplink that told it]`, the longest unchanged first. */
  attributes: string
}

/** One row: the position of the newest start of the broker, after which nobody was connected. */
export interface BrokerStartTable {
  id: number
  seq: number
}

export interface LedgerSchema {
  message: MessageTable
  entry: EntryTable
  kept: KeptTable
  dropped: DroppedTable
  counted: CountedTable
  tally: TallyTable
  retry: RetryTable
  status: StatusTable
  broker_start: BrokerStartTable
}

const entryId = /^(\d{1,15})-(\d{1,6})$/

/** Journal position and place in the message of an entry's id, or undefined when it is no such id. */
export function placeOf(id: string): { seq: number; idx: number } | undefined {
  const match = entryId.exec(id)
  return match === null ? undefined : { seq: Number(match[1]), idx: Number(match[2]) }
}

export function idOf(entry: { seq: number; idx: number }): string {
  return `${entry.seq}-${entry.idx}`
}
