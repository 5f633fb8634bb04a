/**
 * What the world hands to a part: time, waiting, chance, a place to write notes and numbers.
 * Parts receive these as arguments and never reach for the globals, so a test decides what time it is.
 * The real ones are made in `system.ts`.
 */

export interface Clock {
  /** Milliseconds since 1970-01-01 UTC; may jump when the host's clock is set. */
  now(): number
  /** Milliseconds since an arbitrary start; never goes back. For durations and limits. */
  monotonic(): number
}

/** Ends a timer; calling it again does nothing. */
export type Cancel = () => void

export interface Timers {
  after(delayMs: number, run: () => void): Cancel
  every(periodMs: number, run: () => void): Cancel
  /** After the I/O that is already waiting in this turn of the event loop. */
  soon(run: () => void): void
}

export interface Random {
  /** Cryptographically strong bytes, for secrets and identifiers. */
  bytes(count: number): Uint8Array
  /** A number in [0, 1), for jitter. */
  fraction(): number
}

type Fields = Readonly<Record<string, unknown>>

/** Structured notes: fields first, then a sentence. Secrets never go in. */
export interface Log {
  debug(fields: Fields, sentence: string): void
  info(fields: Fields, sentence: string): void
  warn(fields: Fields, sentence: string): void
  error(fields: Fields, sentence: string): void
}

type Labels = Readonly<Record<string, string>>

/** Numbers about ourselves. Names follow Prometheus: `bellwether_<what>_<unit>` and `_total` for counters. */
export interface Meter {
  counter(
    name: string,
    help: string,
    labels?: readonly string[],
  ): (by?: number, labels?: Labels) => void
  gauge(
    name: string,
    help: string,
    labels?: readonly string[],
  ): (value: number, labels?: Labels) => void
  /** Seconds, in buckets from 0.5 ms to 60 s. */
  histogram(
    name: string,
    help: string,
    labels?: readonly string[],
  ): (seconds: number, labels?: Labels) => void
}

export interface Ports {
  clock: Clock
  timers: Timers
  random: Random
  log: Log
  meter: Meter
}

/**
 * Doorbells between roles. A ring carries no truth: it only says "look in the store now".
 * A missed ring costs latency, never data, because every listener also looks by itself from time to time.
 */
export interface Bus {
  ring(bell: Bell): void
  /** Returns a function that ends the subscription. */
  onRing(bell: Bell, run: () => void): Cancel
}

/** What may have changed: new uplinks journaled, readings stored, registry edited, alerts or deliveries recorded. */
export type Bell = 'journal' | 'readings' | 'registry' | 'alerts'
