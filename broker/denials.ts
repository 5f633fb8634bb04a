/**
 * Publishes to topics that are none of the sender's. They are acknowledged and dropped, because a client that is cut off
 * sends the same again forever, and its readings never get through. The device's first ones, and then one a
 * minute, leave a note in the journal with the topic and the beginning of the payload.
 */

import type { Clock, Log } from '../domain/ports.ts'
import type { UplinkDraft } from '../domain/uplink.ts'
import type { Identity } from './access.ts'
import { Recent } from './limits.ts'
import type { BrokerMeters } from './meters.ts'

/** Stands for every topic that is not allowed once it is past the guard, so that Aedes does its part of QoS 2. */
export const deniedTopic = '$bellwether/denied'

const notesAtOnce = 3
const noteEveryMs = 60_000
const topicCharsMax = 256
const payloadCharsMax = 500

interface Account {
  /** Notes that may still be written. */
  notes: number
  since: number
  /** Messages without a note since the last one. */
  unnoted: number
}

export interface DenialsOptions {
  clock: Clock
  log: Log
  meters: BrokerMeters
}

export class Denials {
  readonly #options: DenialsOptions
  readonly #accounts = new Recent<Account>()

  constructor(options: DenialsOptions) {
    this.#options = options
  }

  /** The note about one message; null when there have been enough of late, or nobody would look for it. */
  note({ kind, id }: Identity, topic: string, payload: Uint8Array): UplinkDraft | null {
    const { clock, log, meters } = this.#options
    meters.denied(1, { action: 'publish' })
    const now = clock.monotonic()
    const fresh = () => ({ notes: notesAtOnce, since: now, unnoted: 0 })
    const account = this.#accounts.use(`${kind}:${id}`, fresh)
    const earned = Math.floor((now - account.since) / noteEveryMs)
    if (earned > 0) {
      account.notes = Math.min(notesAtOnce, account.notes + earned)
      account.since += earned * noteEveryMs
    }
    if (account.notes === 0) {
      account.unnoted++
      return null
    }
    account.notes--
    const { unnoted } = account
    account.unnoted = 0
    const named = topic.slice(0, topicCharsMax)
    log.warn(
      { [kind]: id, topic: named, unnoted },
      'A publish to a topic that is none of the sender: it is acknowledged and dropped.',
    )
    if (kind === 'service') return null
    const text = Buffer.from(payload.subarray(0, payloadCharsMax * 4)).toString('utf8')
    const about = { topic: named, bytes: payload.length, payload: text.slice(0, payloadCharsMax) }
    return {
      kind: 'denied',
      device: id,
      receivedAt: clock.now(),
      payload: new TextEncoder().encode(JSON.stringify({ ...about, unnoted })),
      readings: 1,
    }
  }
}
