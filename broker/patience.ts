/**
 * How long the broker waits, for whom. One coarse timer for all connections instead of one for each:
 * sign-in, keep-alive, slow readers, closing, and those that wait for their rate or for room in the journal.
 */

import type { Cancel, Clock, Timers } from '../domain/ports.ts'
import type { Connection } from './connection.ts'
import { block } from './connection-host.ts'
import type { Allowance } from './limits.ts'

const tickEveryMs = 100
const walkEveryTicks = 5
/** For a client to take what was written to it, and to close once we have. */
const graceMs = 5_000

/** For ourselves, to judge a sign-in and to answer it. */
const signInMs = 30_000

export interface PatienceOptions {
  clock: Clock
  timers: Timers
  connectTimeoutMs: number
  keepaliveSecondsMax: number
}

export interface Patience {
  /** Monotonic milliseconds of the last tick. */
  readonly tickMs: number
  /** Must send a CONNECT in time. */
  stranger(connection: Connection): void
  signingIn(connection: Connection): void
  /** Must not be silent for longer than 1.5 times its keep-alive (MQTT 3.1.1 §3.1.2.10). */
  signedIn(connection: Connection, keepaliveSeconds: number): void
  expectClose(connection: Connection): void
  waitForRate(connection: Connection, allowance: Allowance): void
  waitForRoom(connection: Connection): void
  onRoom(): void
  forget(connection: Connection): void
  stop(): void
}

export function createPatience(
  options: PatienceOptions,
  all: () => Iterable<Connection>,
): Patience {
  const { clock, timers, connectTimeoutMs, keepaliveSecondsMax } = options
  let tickMs = clock.monotonic()
  let ticks = 0
  /** In the order of their deadlines. */
  const strangers = new Map<Connection, number>()
  const closing = new Map<Connection, number>()
  const forRate = new Map<Connection, Allowance>()
  let forRoom = new Set<Connection>()

  function tick(): void {
    tickMs = clock.monotonic()
    expire(strangers, (connection) => connection.end('no_connect'))
    expire(closing, (connection) => connection.conn.destroy())
    for (const [connection, allowance] of forRate) {
      allowance.refill(tickMs)
      if (allowance.empty) continue
      forRate.delete(connection)
      connection.unblock(block.rate)
    }
    if (++ticks % walkEveryTicks === 0) for (const connection of all()) look(connection)
  }

  function expire(waiting: Map<Connection, number>, act: (connection: Connection) => void): void {
    for (const [connection, deadline] of waiting) {
      if (deadline > tickMs) return
      waiting.delete(connection)
      act(connection)
    }
  }

  /** Silence counts only while we listen. A client that does not read what we send has less time. */
  function look(connection: Connection): void {
    const silentMs = tickMs - connection.lastSeenMs
    if (connection.isBlockedBy(block.reader)) {
      if (silentMs > graceMs) connection.end('stuck')
    } else if (connection.blocked && !connection.isBlockedBy(block.signIn)) {
      connection.lastSeenMs = tickMs
      connection.excuseFrame(tickMs)
    } else if (silentMs > connection.patienceMs) connection.end('silent')
    else if (connection.isDripping(tickMs)) connection.end('dripping')
  }

  const cancel: Cancel = timers.every(tickEveryMs, tick)

  return {
    get tickMs() {
      return tickMs
    },
    stranger: (connection) => void strangers.set(connection, clock.monotonic() + connectTimeoutMs),
    signingIn(connection) {
      strangers.delete(connection)
      connection.patienceMs = signInMs
      connection.lastSeenMs = tickMs
    },
    signedIn(connection, keepaliveSeconds) {
      const seconds = keepaliveSeconds > 0 ? keepaliveSeconds : keepaliveSecondsMax
      connection.patienceMs = Math.min(seconds, keepaliveSecondsMax) * 1_500
      connection.lastSeenMs = tickMs
    },
    expectClose: (connection) => void closing.set(connection, clock.monotonic() + graceMs),
    waitForRate: (connection, allowance) => void forRate.set(connection, allowance),
    waitForRoom: (connection) => void forRoom.add(connection),
    onRoom() {
      const waiting = forRoom
      forRoom = new Set()
      for (const connection of waiting) connection.unblock(block.journal)
    },
    forget(connection) {
      strangers.delete(connection)
      closing.delete(connection)
      forRate.delete(connection)
      forRoom.delete(connection)
    },
    stop: cancel,
  }
}
