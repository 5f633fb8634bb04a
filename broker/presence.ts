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
export interface Presence<V extends Visitor> {
  readonly identity: Identity
  readonly connections: Set<V>
  /** Messages it may still send this second, over all its connections. */
  readonly messages: TokenBucket
}

export interface PresencesOptions {
  messagesPerSecondMax: number
  monotonic(): number
  now(): number
  note(draft: UplinkDraft): void
}

export interface Presences<V extends Visitor> {
  join(identity: Identity, visitor: V): Presence<V>
  leave(presence: Presence<V>, visitor: V): void
  readonly size: number
  /** Writes down again who is here, for events that were lost while the journal could not be written. */
  tellAll(): void
}

export function createPresences<V extends Visitor>(options: PresencesOptions): Presences<V> {
  const here = new Map<string, Presence<V>>()
  const encoder = new TextEncoder()

  function tell(kind: UplinkKind, device: string, about: Readonly<Record<string, string>>): void {
    const payload = encoder.encode(JSON.stringify(about))
    options.note({ kind, device, receivedAt: options.now(), payload, readings: 0 })
  }

  function tellOpen({ identity, connections }: Presence<V>): void {
    if (identity.kind !== 'device') return
    for (const { clientId, address } of connections) {
      tell('session-open', identity.id, { client: clientId, address })
      return
    }
  }

  return {
    join(identity, visitor) {
      const key = `${identity.kind}:${identity.id}`
      let presence = here.get(key)
      if (presence === undefined) {
        presence = {
          identity,
          connections: new Set(),
          messages: new TokenBucket(options.messagesPerSecondMax, options.monotonic()),
        }
        here.set(key, presence)
      }
      presence.connections.add(visitor)
      if (presence.connections.size === 1) tellOpen(presence)
      return presence
    },
    leave(presence, visitor) {
      const { identity, connections } = presence
      if (!connections.delete(visitor) || connections.size > 0) return
      here.delete(`${identity.kind}:${identity.id}`)
      if (identity.kind === 'device') {
        tell('session-close', identity.id, { client: visitor.clientId, address: visitor.address })
      }
    },
    get size() {
      return here.size
    },
    tellAll() {
      tell('broker-start', '', {})
      for (const presence of here.values()) tellOpen(presence)
    },
  }
}
