/** Why a message or a reading was refused. The codes are part of the contract: they only grow. */

import type { Reading } from './reading.ts'
import type { Uplink } from './uplink.ts'

export const refusalCodes = [
  'malformed',
  'unknown_device',
  'unknown_property',
  'not_a_number',
  'out_of_range',
  'too_old',
  'in_future',
  'too_large',
  'not_allowed',
  'unsupported_format',
  /** Good by our own judgement; the readings store does not take it. */
  'refused_by_store',
] as const

export type RefusalCode = (typeof refusalCodes)[number]

/**
 * Codes of readings of known devices that can be read: a person may want them after raising the age limit, setting a
 * clock, mapping a key or mending the store. Their messages are kept whole until somebody decides. `unknown_device` is
 * not among them, because a gateway can name any number of devices that nobody has.
 */
export const awaitingCodes: ReadonlySet<RefusalCode> = new Set<RefusalCode>([
  'too_old',
  'in_future',
  'unknown_property',
  'refused_by_store',
])

export interface Refusal {
  code: RefusalCode
  /** One sentence that names the field, the value and what is allowed. */
  reason: string
  /** The device the reading was said to be of (not the gateway that sent it). */
  device: string
  /** Key as sent, when one reading is refused (of `refused_by_store` the property); absent when the whole message is. */
  key?: string
  /** It is tried again without being asked for. */
  again?: true
  /**
   * How many readings are refused by it, 1 if absent: all that a message claimed to hold when it cannot be read, and
   * none for facts and announcements.
   */
  readings?: number
}

/**
 * The judgement of one uplink: some readings accepted, some refused, never a fourth outcome.
 * A fault of the world (store down, disk full) is no verdict: it throws, and the uplink stays in the journal.
 */
export interface Verdict {
  accepted: readonly Reading[]
  refused: readonly Refusal[]
  /** What an attributes message says of devices: id → facts. */
  attributes?: ReadonlyMap<string, Readonly<Record<string, string | number | boolean | null>>>
  /** Who has come or gone, as a gateway says of a device behind it: id → connected. */
  presence?: ReadonlyMap<string, boolean>
}

/**
 * The pure judgement of one uplink against the registry as it stands; with `only`, of the readings of one
 * key of one device in it, named as a refusal names them.
 */
export type Judge = (uplink: Uplink, only?: { device: string; key: string }) => Verdict
