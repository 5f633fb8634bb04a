/**
 * Moments of receipt. What a device sends without a time of its own is of the moment at which it came, and a
 * reading is known by device, property and time: so no two such messages of a device may get the same moment.
 * The later one takes the next free millisecond, in the order in which they came. It is decided here, once,
 * and written into the journal, so that every reader and every replay of it finds the same.
 *
 * A device that sends more than one message a millisecond runs ahead of the clock. It may do so by a minute;
 * then it is read more slowly. Moments far ahead are reserved on disk before they are given out, so that they
 * are not given out again after a crash.
 */

import { claimOf, devicesClaimed } from '../payload/count-readings.ts'
import type { Clock, Log } from '../domain/ports.ts'
import type { UplinkDraft, UplinkKind } from '../domain/uplink.ts'
import type { MomentStore } from '../stores/journal/moments.ts'

/** Nothing is reserved for a device that is ahead of the clock by no more than this. */
const freeMs = 250
const reserveMs = 2_000
const aheadMsMax = 60_000
/** Further ahead can only be what was given out before the clock was set back: then its word is taken. */
const clockSetBackMs = aheadMsMax + 5_000
/** Devices that are remembered before those whose moments have passed are forgotten. */
const rememberedMax = 50_000

/** Of one device. */
interface Moment {
  last: number
  reserved: number
}

export interface ReceiptsOptions {
  clock: Clock
  log: Log
  store: MomentStore
}

export class Receipts {
  readonly #clock: Clock
  readonly #log: Log
  readonly #store: MomentStore
  /** The last moment of each device that may still lie ahead. */
  readonly #moments = new Map<string, Moment>()
  readonly #reserved: Map<string, number>
  /** What may have been given to any device before this start. */
  readonly #before: number
  #sweepAt = rememberedMax
  #tooFarMs = 0

  constructor({ clock, log, store }: ReceiptsOptions) {
    this.#clock = clock
    this.#log = log
    this.#store = store
    this.#before = store.newest === null ? Number.NEGATIVE_INFINITY : store.newest + freeMs
    this.#reserved = new Map(Object.entries(store.read()))
  }

  /** A message as it goes into the journal. The payload is not copied. */
  draft(device: string, kind: UplinkKind, payload: Uint8Array): UplinkDraft {
    const { readings, untimed } = claimOf(kind, payload)
    let receivedAt = this.#clock.now()
    if (untimed > 0) {
      const now = receivedAt
      receivedAt = isOfMany(kind)
        ? this.#forAll(devicesClaimed(payload), untimed, now)
        : this.#next(this.#of(device), untimed, now)
      if (!isOfMany(kind)) this.#take(device, receivedAt, now)
      this.#tooFarMs = Math.max(0, receivedAt - now - aheadMsMax)
    }
    return { kind, device, receivedAt, payload, readings }
  }

  /** How long nothing more should be taken from the sender of the last draft; asked once for each. */
  waitMs(): number {
    const ms = this.#tooFarMs
    this.#tooFarMs = 0
    return ms
  }

  /** One moment for all devices of a message, free for each of them. */
  #forAll(names: readonly string[], untimed: number, now: number): number {
    const devices = names.map((name) => name.normalize('NFC'))
    let at = now
    for (const device of devices) at = Math.max(at, this.#next(this.#of(device), untimed, now))
    for (const device of devices) this.#take(device, at, now)
    return at
  }

  /** The moment of the last of `count` elements; those before it have the milliseconds before. */
  #next({ last }: Moment, count: number, now: number): number {
    return last - now > clockSetBackMs ? now : Math.max(now, last + count)
  }

  #take(device: string, at: number, now: number): void {
    const moment = this.#of(device)
    moment.last = at
    if (at - now > freeMs && at > moment.reserved) this.#reserve(device, moment, now)
  }

  #of(device: string): Moment {
    let moment = this.#moments.get(device)
    if (moment !== undefined) return moment
    if (this.#moments.size >= this.#sweepAt) this.#sweep()
    const reserved = this.#reserved.get(device) ?? 0
    moment = { last: Math.max(this.#before, reserved), reserved }
    this.#moments.set(device, moment)
    return moment
  }

  #reserve(device: string, moment: Moment, now: number): void {
    moment.reserved = moment.last + reserveMs
    this.#reserved.set(device, moment.reserved)
    for (const [other, until] of this.#reserved) if (until < now) this.#reserved.delete(other)
    try {
      this.#store.write(Object.fromEntries(this.#reserved))
    } catch (error) {
      this.#log.warn(
        { error, device },
        'Moments of receipt cannot be reserved; after a crash some could be given out again.',
      )
    }
  }

  #sweep(): void {
    const now = this.#clock.now()
    for (const [device, { last }] of this.#moments) if (last < now) this.#moments.delete(device)
    this.#sweepAt = Math.max(rememberedMax, this.#moments.size * 2)
  }
}

function isOfMany(kind: UplinkKind): boolean {
  return kind === 'gateway-telemetry' || kind === 'gateway-attributes'
}
