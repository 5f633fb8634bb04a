/**
 * The sessions of each identity: which client ids it uses, or has left a session under. Client ids come here as Aedes knows
 * them, each of one identity alone, which may take it over (MQTT 3.1.1 §3.1.4-2).
 *
 * The number of sessions an identity may leave behind is bounded: the oldest is forgotten for a new one.
 */

import type { Identity } from './access.ts'

const sessionsPerIdentityMax = 8

interface Owner {
  kind: Identity['kind']
  id: string
  /** Live connections under this client id: two for a moment while one takes over. */
  live: number
  /** Asked for a session that outlives the connection (clean session = 0). */
  kept: boolean
}

export interface Bindings {
  /** `clientId` is one of this identity's alone. `release` must follow. */
  claim(clientId: string, identity: Identity, clean: boolean): void
  release(clientId: string): void
  isLive(clientId: string): boolean
  readonly size: number
}

/** `forget` drops what is stored of a session whose client id is given up. */
export function createBindings(forget: (clientId: string) => void): Bindings {
  const owners = new Map<string, Owner>()
  /** Kept client ids of each identity, oldest first. */
  const keptBy = new Map<string, Set<string>>()

  function keep(clientId: string, owner: Owner): void {
    const name = `${owner.kind}:${owner.id}`
    const kept = keptBy.get(name) ?? new Set()
    keptBy.set(name, kept)
    kept.add(clientId)
    owner.kept = true
    if (kept.size <= sessionsPerIdentityMax) return
    for (const oldest of kept) {
      const other = owners.get(oldest)
      if (other === undefined || other.live > 0) continue
      unkeep(oldest, other)
      owners.delete(oldest)
      forget(oldest)
      return
    }
  }

  function unkeep(clientId: string, owner: Owner): void {
    owner.kept = false
    const name = `${owner.kind}:${owner.id}`
    const kept = keptBy.get(name)
    kept?.delete(clientId)
    if (kept?.size === 0) keptBy.delete(name)
  }

  return {
    claim(clientId, identity, clean) {
      const owner = owners.get(clientId)
      const mine = owner ?? { kind: identity.kind, id: identity.id, live: 0, kept: false }
      owners.set(clientId, mine)
      mine.live++
      if (clean) {
        if (mine.kept) unkeep(clientId, mine)
      } else if (!mine.kept) keep(clientId, mine)
    },
    release(clientId) {
      const owner = owners.get(clientId)
      if (owner === undefined) return
      owner.live--
      if (owner.live <= 0 && !owner.kept) owners.delete(clientId)
    },
    isLive: (clientId) => (owners.get(clientId)?.live ?? 0) > 0,
    get size() {
      return owners.size
    },
  }
}
