/**
 * What Aedes keeps between packets: sessions of clients that asked for one, messages that wait for them,
 * retained messages, QoS 2 packets that wait for their release, wills. In memory, and every part bounded
 * (the memory store of Aedes has no limits). Nothing here is promised to survive a restart: a device then
 * meets "session present = 0" and subscribes again, as MQTT 3.1.1 §3.1.2.4 has it. Uplinks never come here.
 *
 * Implements the persistence interface of Aedes 1.2: asynchronous, keyed by client id.
 */

import { Readable } from 'node:stream'
import type { ISubscription } from 'mqtt-packet'
import { downlinkOwner } from '../domain/topic.ts'
import { PacketIds } from './packet-ids.ts'

/** A message as Aedes hands it over; `brokerId` and `brokerCounter` name it. */
export interface StoredPacket {
  topic: string
  payload: string | Buffer
  messageId?: number
  brokerId?: string
  brokerCounter?: number
  retain?: boolean
  cmd: string
}

interface ClientKey {
  id: string
}

interface Session {
  subscriptions: Map<string, ISubscription>
  outgoing: StoredPacket[]
  incoming: PacketIds
}

function emptySession(): Session {
  return { subscriptions: new Map(), outgoing: [], incoming: new PacketIds() }
}

/**
 * Stands for the subscriptions of a kept session that has none, such as that of a device which only publishes. Told that
 * there is no session, it would use packet ids anew that still stand for its earlier messages. Granted to nobody.
 */
export const sessionMark = '$bellwether/session'

export interface StoredSessionsOptions {
  offlineMessagesMax: number
  retainedMessagesMax: number
  /** Which filters were granted to this client: Aedes would also store those it has just refused. */
  isGranted(client: object, filter: string): boolean
  isConnected(clientId: string): boolean
  /** A message was left out because a limit was reached. */
  onDropped(what: 'offline' | 'retained'): void
}

/** On top of what waits for an offline client: messages that a connected one has not acknowledged yet. */
const unacknowledgedMax = 100

export class StoredSessions {
  readonly #options: StoredSessionsOptions
  readonly #sessions = new Map<string, Session>()
  /** Client ids by the device whose downlinks they hear; those with wider filters under ''. */
  readonly #listeners = new Map<string, Set<string>>()
  readonly #retained = new Map<string, StoredPacket>()
  readonly #wills = new Map<string, StoredPacket>()

  constructor(options: StoredSessionsOptions) {
    this.#options = options
  }

  async setup(): Promise<void> {}

  get sizes(): { sessions: number; retained: number } {
    return { sessions: this.#sessions.size, retained: this.#retained.size }
  }

  /** Drops everything of one client. */
  forget(clientId: string): void {
    const session = this.#sessions.get(clientId)
    if (session === undefined) return
    for (const filter of session.subscriptions.keys()) this.#unlisten(clientId, filter)
    this.#sessions.delete(clientId)
  }

  // Retained messages

  async storeRetained(packet: StoredPacket): Promise<void> {
    this.#retained.delete(packet.topic)
    if (packet.payload.length === 0) return
    if (this.#retained.size >= this.#options.retainedMessagesMax) {
      this.#options.onDropped('retained')
      return
    }
    this.#retained.set(packet.topic, ownCopy(packet))
  }

  createRetainedStreamCombi(filters: readonly string[]): Readable {
    return Readable.from(this.#retainedUnder(filters))
  }

  *#retainedUnder(filters: readonly string[]): Generator<StoredPacket> {
    for (const filter of filters) {
      for (const [topic, packet] of this.#retained) if (matches(filter, topic)) yield packet
    }
  }

  // Subscriptions

  async addSubscriptions(
    client: ClientKey,
    subscriptions: readonly ISubscription[],
  ): Promise<void> {
    for (const subscription of subscriptions) {
      if (!this.#options.isGranted(client, subscription.topic)) continue
      this.#session(client.id).subscriptions.set(subscription.topic, { ...subscription })
      const device = downlinkOwner(subscription.topic)
      const listeners = this.#listeners.get(device) ?? new Set()
      this.#listeners.set(device, listeners.add(client.id))
    }
  }

  async removeSubscriptions(client: ClientKey, filters: readonly string[]): Promise<void> {
    const session = this.#sessions.get(client.id)
    if (session === undefined) return
    for (const filter of filters) {
      if (session.subscriptions.delete(filter)) this.#unlisten(client.id, filter)
    }
  }

  #unlisten(clientId: string, filter: string): void {
    const device = downlinkOwner(filter)
    const rest = this.#sessions.get(clientId)?.subscriptions.keys() ?? []
    for (const other of rest) if (other !== filter && downlinkOwner(other) === device) return
    const listeners = this.#listeners.get(device)
    listeners?.delete(clientId)
    if (listeners?.size === 0) this.#listeners.delete(device)
  }

  /** Never empty while something is kept: Aedes says by it whether the session is present ([MQTT-3.2.2-2]). */
  async subscriptionsByClient(client: ClientKey): Promise<ISubscription[]> {
    const { subscriptions, incoming, outgoing } = this.#sessions.get(client.id) ?? emptySession()
    if (subscriptions.size > 0) return [...subscriptions.values()]
    return incoming.size > 0 || outgoing.length > 0 ? [{ topic: sessionMark, qos: 0 }] : []
  }

  /** Those that want a message kept: with QoS above 0, once per client and filter. */
  async subscriptionsByTopic(topic: string): Promise<(ISubscription & { clientId: string })[]> {
    const device = downlinkOwner(topic)
    const clients = new Set([
      ...(this.#listeners.get(device) ?? []),
      ...(this.#listeners.get('') ?? []),
    ])
    const found: (ISubscription & { clientId: string })[] = []
    for (const clientId of clients) {
      for (const subscription of this.#sessions.get(clientId)?.subscriptions.values() ?? []) {
        if (subscription.qos === 0 || !matches(subscription.topic, topic)) continue
        found.push({ ...subscription, clientId })
        break
      }
    }
    return found
  }

  async cleanSubscriptions(client: ClientKey): Promise<void> {
    this.forget(client.id)
  }

  // Messages on their way to a client

  async outgoingEnqueue(subscription: { clientId: string }, packet: StoredPacket): Promise<void> {
    const session = this.#sessions.get(subscription.clientId)
    if (session === undefined) return
    const spare = this.#options.isConnected(subscription.clientId) ? unacknowledgedMax : 0
    if (session.outgoing.length >= this.#options.offlineMessagesMax + spare) {
      this.#options.onDropped('offline')
      return
    }
    // What waits for a client is no retained message when it comes (§3.3.1-9).
    session.outgoing.push({ ...ownCopy(packet), retain: false })
  }

  async outgoingEnqueueCombi(
    subscriptions: readonly { clientId: string }[],
    packet: StoredPacket,
  ): Promise<void> {
    for (const subscription of subscriptions) await this.outgoingEnqueue(subscription, packet)
  }

  outgoingStream(client: ClientKey): Readable {
    return Readable.from([...(this.#sessions.get(client.id)?.outgoing ?? [])])
  }

  async outgoingUpdate(client: ClientKey, packet: StoredPacket): Promise<void> {
    const outgoing = this.#sessions.get(client.id)?.outgoing ?? []
    for (const [i, kept] of outgoing.entries()) {
      const same = kept.brokerId === packet.brokerId && kept.brokerCounter === packet.brokerCounter
      if (same && packet.messageId !== undefined) kept.messageId = packet.messageId
      else if (kept.messageId === packet.messageId) outgoing[i] = packet
      else continue
      return
    }
    throw new Error('no such packet')
  }

  async outgoingClearMessageId(
    client: ClientKey,
    packet: StoredPacket,
  ): Promise<StoredPacket | undefined> {
    const outgoing = this.#sessions.get(client.id)?.outgoing ?? []
    const i = outgoing.findIndex((kept) => kept.messageId === packet.messageId)
    return i < 0 ? undefined : outgoing.splice(i, 1)[0]
  }

  // QoS 2 from a client, between PUBLISH and PUBREL; only the packet id is needed

  async incomingStorePacket(client: ClientKey, packet: StoredPacket): Promise<void> {
    this.#session(client.id).incoming.add(packet.messageId ?? 0)
  }

  /** Whether a QoS 2 message with this packet id waits for its release. */
  isArriving(clientId: string, packetId: number): boolean {
    return this.#sessions.get(clientId)?.incoming.has(packetId) ?? false
  }

  async incomingGetPacket(client: ClientKey, packet: StoredPacket): Promise<StoredPacket> {
    const messageId = packet.messageId ?? 0
    if (!this.isArriving(client.id, messageId)) throw new Error('no such packet')
    return { cmd: 'publish', topic: '', payload: '', messageId }
  }

  async incomingDelPacket(client: ClientKey, packet: StoredPacket): Promise<void> {
    const gone = this.#sessions.get(client.id)?.incoming.delete(packet.messageId ?? 0) ?? false
    if (!gone) throw new Error('no such packet')
  }

  /** Also at the end of a clean session: then nothing of it is left. */
  async cleanIncoming(client: ClientKey): Promise<void> {
    const session = this.#sessions.get(client.id)
    session?.incoming.clear()
    if (session?.subscriptions.size === 0) this.#sessions.delete(client.id)
  }

  // Wills

  async putWill(client: ClientKey, packet: StoredPacket): Promise<void> {
    this.#wills.set(client.id, packet)
  }

  async getWill(client: ClientKey): Promise<StoredPacket | undefined> {
    return this.#wills.get(client.id)
  }

  async delWill(client: ClientKey): Promise<StoredPacket | undefined> {
    const will = this.#wills.get(client.id)
    this.#wills.delete(client.id)
    return will
  }

  /** Wills of brokers that died: there is only this one. */
  streamWill(): Readable {
    return Readable.from([])
  }

  #session(clientId: string): Session {
    let session = this.#sessions.get(clientId)
    if (session === undefined) {
      session = emptySession()
      this.#sessions.set(clientId, session)
    }
    return session
  }
}

/** Without the large buffer that the payload may be a small part of. */
function ownCopy(packet: StoredPacket): StoredPacket {
  const payload = typeof packet.payload === 'string' ? packet.payload : Buffer.from(packet.payload)
  return { ...packet, payload }
}

/** MQTT 3.1.1 §4.7; topics that begin with `$` are not matched by a filter that begins with a wildcard. */
export function matches(filter: string, topic: string): boolean {
  if (topic.startsWith('$') && !filter.startsWith('$')) return false
  const wanted = filter.split('/')
  const levels = topic.split('/')
  for (const [i, level] of wanted.entries()) {
    if (level === '#') return true
    if (i >= levels.length || (level !== '+' && level !== levels[i])) return false
  }
  return wanted.length === levels.length
}
