/**
 * One connection: bytes in, whole frames out. Uplinks of a signed-in device take the fast path from here
 * straight into the journal and are acknowledged from here; every other frame goes to `host.onFrame`.
 *
 * A frame is measured before it is kept: nothing larger than the limit is ever buffered. While anything
 * blocks the connection (sign-in, too many unacknowledged messages, its rate, a full journal queue, a slow
 * reader) it is not read, and TCP holds the sender back.
 */

import type { Duplex } from 'node:stream'
import {
  block,
  type ConnectionHost,
  type EndReason,
  type Origin,
  outstandingMax,
} from './connection-host.ts'
import {
  bodyStart,
  frameLength,
  incomplete,
  malformed,
  packetType,
  pingResponse,
  uint16,
  uplinkKindAt,
} from './frame.ts'
import type { AckTarget } from './group.ts'
import type { TokenBucket } from './limits.ts'
import type { Link, LinkOwner } from './link.ts'
import { awaitsTopic } from './oversize.ts'
import type { Presence } from './presence.ts'
import { Remainder } from './remainder.ts'

/** A frame may take so long; one that takes longer must come at this pace. The slowest radio is ten times quicker. */
const frameMsMax = 60_000
const frameBytesPerSecondMin = 64

export class Connection implements AckTarget, LinkOwner {
  readonly conn: Duplex
  readonly address: string
  readonly #host: ConnectionHost<Connection>
  /** Common name of a client certificate that our authority has signed. */
  readonly certificate: string | undefined
  /** Who it is; null before sign-in. */
  presence: Presence | null = null
  /** How it proved that: the hash of its token, or null for a certificate. */
  tokenHash: string | null = null
  link: Link<Connection> | null = null
  clientId = ''
  /** The client id as Aedes and the stored sessions know it: of this identity only. */
  sessionId = ''
  /** Filters as Aedes knows them, with their QoS; null until the first. */
  subscriptions: Map<string, number> | null = null
  frameBytesMax: number
  /** Its socket has closed, and everybody who had to know has been told. */
  gone = false
  lastSeenMs: number
  /** Silence after which it is closed. */
  patienceMs = Number.POSITIVE_INFINITY
  #blocks = 0
  #inflight = 0
  #remainder: Remainder | null = null
  #frameSinceMs = 0
  /** What arrived while blocked and is not looked at yet. */
  #held: Buffer | null = null

  lastGroup = 0
  dueMessages = 0
  dueAcks = 0
  ackAt = 0

  constructor(
    conn: Duplex,
    origin: Origin,
    host: ConnectionHost<Connection>,
    frameBytesMax: number,
  ) {
    this.conn = conn
    this.address = origin.address
    this.certificate = origin.certificate
    this.#host = host
    this.frameBytesMax = frameBytesMax
    this.lastSeenMs = host.tickMs
  }

  get blocked(): boolean {
    return this.#blocks !== 0
  }

  get closing(): boolean {
    return this.isBlockedBy(block.closing)
  }

  isBlockedBy(reasons: number): boolean {
    return (this.#blocks & reasons) !== 0
  }

  /** The first `end` bytes of `bytes` came from the network. They are valid only during this call. */
  receive(bytes: Buffer, end: number): void {
    this.lastSeenMs = this.#host.tickMs
    if (this.blocked) {
      if (this.closing) return
      this.#hold(bytes, 0, end)
      this.conn.pause()
    } else this.#consume(bytes, end)
  }

  block(reason: number): void {
    if (this.#blocks === 0) this.conn.pause()
    this.#blocks |= reason
  }

  unblock(reason: number): void {
    if ((this.#blocks & reason) === 0) return
    this.#blocks &= ~reason
    if (this.#blocks !== 0) return
    const held = this.#held
    this.#held = null
    if (held !== null) this.#consume(held, held.length)
    if (this.#blocks === 0) this.conn.resume()
  }

  /** Whatever a device sends, a bug that it meets must not end the process: it costs this connection only. */
  #consume(bytes: Buffer, end: number): void {
    try {
      this.#scan(bytes, end)
    } catch (error) {
      this.#host.onBug(error)
      this.end('failed')
    }
  }

  #scan(bytes: Buffer, end: number): void {
    let at = 0
    if (this.#remainder !== null) {
      at = this.#completeRemainder(this.#remainder, bytes, end)
      if (at < 0) return
    }
    while (at < end) {
      if (this.#blocks !== 0) {
        if (!this.closing) this.#hold(bytes, at, end)
        return
      }
      const length = frameLength(bytes, at, end)
      if (length === malformed) this.end('malformed')
      else if (length > this.frameBytesMax) this.#refuseOversize(bytes, at, end, length)
      if (length <= incomplete || at + length > end || this.closing) break
      this.#takeFrame(bytes, at, length)
      at += length
    }
    if (at < end && !this.closing) {
      this.#remainder = new Remainder(bytes, at, end)
      this.#frameSinceMs = this.#host.tickMs
    }
  }

  /** Returns where the next frame starts in `bytes`, or −1 when the frame is still not whole. */
  #completeRemainder(remainder: Remainder, bytes: Buffer, end: number): number {
    const taken = remainder.fill(bytes, end)
    const { filled } = remainder
    const length = frameLength(remainder.bytes, 0, filled)
    if (length === malformed) this.end('malformed')
    else if (length > this.frameBytesMax) this.#refuseOversize(remainder.bytes, 0, filled, length)
    if (length <= incomplete || filled < length || this.closing) return -1
    this.#remainder = null
    this.#takeFrame(remainder.bytes, 0, length)
    return taken
  }

  /** Whether the rest of a frame comes so slowly that it is not meant to come. */
  isDripping(nowMs: number): boolean {
    if (this.#remainder === null) return false
    const ms = nowMs - this.#frameSinceMs
    return ms > frameMsMax && (this.#remainder.filled / ms) * 1_000 < frameBytesPerSecondMin
  }

  /** The time in which it is not read does not count. */
  excuseFrame(nowMs: number): void {
    this.#frameSinceMs = nowMs
  }

  /** Keeps a copy: the memory that was read into is used again for the next connection. */
  #hold(bytes: Buffer, at: number, end: number): void {
    const rest = Buffer.from(bytes.subarray(at, end))
    this.#held = this.#held === null ? rest : Buffer.concat([this.#held, rest])
  }

  /** Ends the connection once the topic of the message that is too large is known, or will not come. */
  #refuseOversize(bytes: Buffer, at: number, end: number, length: number): void {
    const start = bytes.subarray(at, end)
    if (this.presence !== null && awaitsTopic(start)) return
    this.#host.onOversize(this, start, length)
    this.end('oversize')
  }

  #takeFrame(bytes: Buffer, at: number, length: number): void {
    const first = bytes[at] ?? 0
    const type = first >> 4
    if (type === packetType.publish) {
      if (this.#takePublish(bytes, at, length, first)) return
    } else if (type === packetType.pingreq && this.link !== null) {
      if (length === 2 && first === 0xc0) this.#write(pingResponse)
      else this.end('malformed')
      return
    }
    this.#host.onFrame(this, bytes.subarray(at, at + length))
  }

  /** The fast path. False when this PUBLISH is not one for it. */
  #takePublish(bytes: Buffer, at: number, length: number, first: number): boolean {
    const { presence } = this
    const qos = (first >> 1) & 0b11
    if (presence === null || presence.identity.kind !== 'device' || qos === 3) return false
    const frameEnd = at + length
    const topic = bodyStart(bytes, at) + 2
    const topicLength = uint16(bytes, topic - 2)
    const payloadAt = topic + topicLength + (qos > 0 ? 2 : 0)
    if (payloadAt > frameEnd) return false
    const kind = uplinkKindAt(bytes, topic, topicLength)
    const packetId = qos > 0 ? uint16(bytes, payloadAt - 2) : 0
    // A packet id of 0 (§2.3.1-1) and a repeat of QoS 0 (§3.3.1-2) break the protocol.
    if (qos > 0 ? packetId === 0 : (first & 0b1000) !== 0) {
      this.end('malformed')
      return true
    }
    if (kind === undefined) {
      const denied = {
        topic: bytes.subarray(topic, topic + topicLength),
        payload: bytes.subarray(payloadAt, frameEnd),
      }
      if (!this.#host.deny(this, denied, qos === 2 ? null : packetId)) this.end('unwritable')
      else if (qos < 2) this.sent(presence.messages)
      return qos < 2 || this.closing
    }
    // QoS 2, and what asks to be retained.
    if (qos === 2 || (first & 1) !== 0) return false
    const payload = new Uint8Array(bytes.buffer, bytes.byteOffset + payloadAt, frameEnd - payloadAt)
    const draft = this.#host.draft(presence.identity.id, kind, payload)
    if (!this.#host.take(draft, this, packetId)) this.end('unwritable')
    else this.sent(presence.messages)
    return true
  }

  /** Counts one message of this connection that waits for the journal, and holds it back when it must. */
  sent(messages: TokenBucket): void {
    if (++this.#inflight >= this.#host.inflightMax) this.block(block.inflight)
    messages.spend()
    if (messages.empty && !this.#host.refill(this, messages)) this.block(block.rate)
    if (this.#host.runsAhead(this)) this.block(block.rate)
    if (this.#host.isCongested(this)) this.block(block.journal)
  }

  acknowledge(pubacks: Uint8Array | null, messages: number): void {
    this.#inflight -= messages
    if (pubacks !== null) this.#write(pubacks)
    if (this.#inflight < this.#host.inflightMax) this.unblock(block.inflight)
  }

  fail(): void {
    this.end('unwritable')
  }

  onAedesDone(error: Error | null): void {
    if (error !== null) this.end('violation')
    else if (this.link !== null && this.link.outstanding < outstandingMax) this.unblock(block.aedes)
  }

  /** A client that does not read its answers is not read either, so that they cannot pile up. */
  #write(bytes: Uint8Array): void {
    if (this.conn.destroyed || this.conn.writableEnded) return
    if (this.conn.write(bytes) || this.isBlockedBy(block.reader)) return
    this.block(block.reader)
    this.conn.once('drain', () => this.unblock(block.reader))
  }

  /** Drops what has arrived and is not looked at yet. */
  forgetInput(): void {
    this.#held = null
    this.#remainder = null
  }

  /** Closes after what was written has gone out, with `last` as the last bytes. */
  end(reason: EndReason, last?: Uint8Array): void {
    if (this.closing) return
    this.block(block.closing)
    this.forgetInput()
    this.#host.onEnd(this, reason)
    if (this.conn.destroyed) return
    if (last === undefined) this.conn.end()
    else this.conn.end(last)
    // What still arrives is read and dropped: unread bytes would turn our FIN into a reset.
    this.conn.resume()
  }
}
