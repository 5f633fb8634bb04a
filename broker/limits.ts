/**
 * Limits of rate: token buckets per address and per device, and the memory of failed sign-ins.
 * Each keeps a bounded number of keys and forgets those that were not used for long, so that nobody can fill
 * memory by coming from many addresses.
 */

const keysMax = 20_000
const failureWindowMs = 60_000
/** How long the answer to a failed sign-in waits once its address has failed too often. */
const failureDelayMs = 2_000

/** What somebody has to wait for. */
export interface Allowance {
  readonly empty: boolean
  /** @param now monotonic milliseconds */
  refill(now: number): void
}

/** Nothing until a moment, by the monotonic clock. */
export class Pause implements Allowance {
  readonly #until: number
  empty = true

  constructor(until: number) {
    this.#until = until
  }

  refill(now: number): void {
    this.empty = now < this.#until
  }
}

/** Refills steadily; holds at most one second's worth. Times are monotonic milliseconds. */
export class TokenBucket implements Allowance {
  readonly #perSecond: number
  #tokens: number
  #filledAt: number

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond
    this.#tokens = perSecond
    this.#filledAt = now
  }

  /** Takes one token. The balance may sink below zero: what has been read already has been read. */
  spend(): void {
    this.#tokens--
  }

  get empty(): boolean {
    return this.#tokens < 1
  }

  refill(now: number): void {
    const tokens = this.#tokens + ((now - this.#filledAt) / 1_000) * this.#perSecond
    this.#tokens = Math.min(this.#perSecond, tokens)
    this.#filledAt = now
  }
}

/**
 * Keys that were used lately, in two generations: when the young one is full it becomes the old one, and what
 * was in the old one and not used since is forgotten. Takes the same short time whoever floods it.
 */
export class Recent<V> {
  #young = new Map<string, V>()
  #old = new Map<string, V>()

  use(key: string, make: () => V): V {
    const known = this.#young.get(key)
    if (known !== undefined) return known
    const value = this.#old.get(key) ?? make()
    if (this.#young.size >= keysMax / 2) {
      this.#old = this.#young
      this.#young = new Map()
    }
    this.#young.set(key, value)
    return value
  }

  get size(): number {
    return this.#young.size + this.#old.size
  }
}

export interface RateLimit {
  /** False when this key has had its share of this second. */
  allow(key: string, now: number): boolean
  readonly keys: number
}

export function createRateLimit(perSecond: number): RateLimit {
  const buckets = new Recent<TokenBucket>()
  return {
    allow(key, now) {
      const bucket = buckets.use(key, () => new TokenBucket(perSecond, now))
      bucket.refill(now)
      if (bucket.empty) return false
      bucket.spend()
      return true
    },
    get keys() {
      return buckets.size
    },
  }
}

export interface FailureLog {
  /** Counts a failed sign-in; how many milliseconds its answer has to wait. */
  failed(address: string, now: number): number
  readonly keys: number
}

/** Answers wait, not the listener: who signs in well from the same address is never slowed. */
export function createFailureLog(failuresPerMinuteMax: number): FailureLog {
  const failures = new Recent<{ count: number; since: number }>()
  return {
    failed(address, now) {
      const entry = failures.use(address, () => ({ count: 0, since: now }))
      if (now - entry.since >= failureWindowMs) {
        entry.count = 0
        entry.since = now
      }
      entry.count++
      return entry.count > failuresPerMinuteMax ? failureDelayMs : 0
    },
    get keys() {
      return failures.size
    },
  }
}
