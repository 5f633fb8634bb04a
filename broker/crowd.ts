/**
 * How many connections there are, in all and from each address. When there is no room, the one that has waited longest
 * without a CONNECT makes some: it may be a socket that never says anything. Who has signed in is never sent away
 * for somebody new.
 */

import { addressKey } from '../domain/address-key.ts'

interface Member {
  readonly address: string
  readonly conn: { destroy(): unknown }
}

export interface CrowdOptions {
  connectionsMax: number
  perAddressMax: number
  /** A stranger had to make room. */
  onCrowdedOut(): void
}

export class Crowd<M extends Member> {
  readonly #options: CrowdOptions
  readonly #members = new Set<M>()
  readonly #perAddress = new Map<string, { count: number; strangers: Set<M> }>()
  /** Those that have not sent a CONNECT, in the order in which they came. */
  readonly #strangers = new Set<M>()

  constructor(options: CrowdOptions) {
    this.#options = options
  }

  get members(): ReadonlySet<M> {
    return this.#members
  }

  /** Null when one more may come from there; otherwise what is full. */
  refusal(address: string): 'full' | 'address' | null {
    const mine = this.#perAddress.get(addressKey(address))
    if (mine !== undefined && mine.count >= this.#options.perAddressMax) {
      if (!this.#makeRoom(mine.strangers)) return 'address'
    }
    if (this.#members.size < this.#options.connectionsMax) return null
    return this.#makeRoom(this.#strangers) ? null : 'full'
  }

  join(member: M): void {
    const key = addressKey(member.address)
    const mine = this.#perAddress.get(key) ?? { count: 0, strangers: new Set<M>() }
    this.#perAddress.set(key, mine)
    mine.count++
    mine.strangers.add(member)
    this.#members.add(member)
    this.#strangers.add(member)
  }

  /** It has sent its CONNECT. */
  introduced(member: M): void {
    this.#strangers.delete(member)
    this.#perAddress.get(addressKey(member.address))?.strangers.delete(member)
  }

  /** False when it had left already. */
  leave(member: M): boolean {
    if (!this.#members.delete(member)) return false
    this.introduced(member)
    const key = addressKey(member.address)
    const mine = this.#perAddress.get(key)
    if (mine !== undefined && --mine.count <= 0) this.#perAddress.delete(key)
    return true
  }

  #makeRoom(strangers: ReadonlySet<M>): boolean {
    for (const oldest of strangers) {
      this.leave(oldest)
      this.#options.onCrowdedOut()
      oldest.conn.destroy()
      return true
    }
    return false
  }
}
