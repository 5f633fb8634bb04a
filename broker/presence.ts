/**
 * Who is here: the live connections of each identity. A device comes when its first connection signs in and
 * leaves when its last one ends, and both are written to the journal, so that "connected" is computed from
 * the same log as everything else.
 */

import type { UplinkDraft, UplinkKind } from '../domain/uplink.ts'
import type { Identity } from './access.ts'
import { TokenBucket } from './limits.ts'

export interface Visitor {
  readonly clientId: string
  readonly address: string
}

/** One identity that is here. */
export interface Presence {
  readonly identity: Identity
  /** Its live connections. */
  connections: number
  /** The one that came last. */
  latest: Visitor
  /** Messages it may still send this second, over all its connections. */
  readonly messages: TokenBucket
}

export interface PresencesOptions {
  messagesPerSecondMax: number
  monotonic(): number
  now(): number
  note(draft: UplinkDraft): void
}

export interface Presences {
  join(identity: Identity, visitor: Visitor): Presence
  /** Once for each `join`. */
  leave(presence: Presence, visitor: Visitor): void
  readonly size: number
  /** Writes down again who is here, for events that were lost while the journal could not be written. */
  tellAll(): void
}

export function createPresences(options: PresencesOptions): Presences {
  const here = { device: new Map<string, Presence>(), service: new Map<string, Presence>() }
  const encoder = new TextEncoder()

  function tell(kind: UplinkKind, device: string, about: Readonly<Record<string, string>>): void {
    const payload = encoder.encode(JSON.stringify(about))
    options.note({ kind, device, receivedAt: options.now(), payload, readings: 0 })
  }

  function tellOpen({ identity, latest }: Presence): void {
    if (identity.kind !== 'device') return
    tell('session-open', identity.id, { client: latest.clientId, address: latest.address })
  }

  return {
    join(identity, visitor) {
      const there = here[identity.kind]
      let presence = there.get(identity.id)
      if (presence === undefined) {
        const messages = new TokenBucket(options.messagesPerSecondMax, options.monotonic())
        presence = { identity, connections: 0, latest: visitor, messages }
        there.set(identity.id, presence)
      }
      presence.latest = visitor
      if (++presence.connections === 1) tellOpen(presence)
      return presence
    },
    leave(presence, visitor) {
      const { identity } = presence
      if (--presence.connections > 0) return
      here[identity.kind].delete(identity.id)
      if (identity.kind !== 'device') return
      tell('session-close', identity.id, { client: visitor.clientId, address: visitor.address })
    },
    get size() {
      return here.device.size + here.service.size
    },
    tellAll() {
      tell('broker-start', '', {})
      for (const presence of here.device.values()) tellOpen(presence)
    },
  }
}
