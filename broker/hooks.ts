/**
 * What Aedes asks us: may this be published, subscribed, delivered. A hook that throws would end the
 * process, so each one is wrapped and an exception becomes a refusal.
 *
 * `authorizePublish` is also the slow path of admission: Aedes writes PUBACK or PUBREC only after its
 * callback, which comes after the commit. Uplinks never fan out to subscribers (see `publish`).
 */

import type { Aedes, Client } from 'aedes'
import type { IPublishPacket, ISubscription } from 'mqtt-packet'
import type { Log, Timers } from '../domain/ports.ts'
import { downlinkTopic, uplinkKindOf } from '../domain/topic.ts'
import type { UplinkDraft } from '../domain/uplink.ts'
import { mayHear, outerTopic } from './access.ts'
import type { Admission } from './admission.ts'
import type { Connection } from './connection.ts'
import { type Denials, deniedTopic } from './denials.ts'
import { mayPublish, unmaskRepeated } from './inner-packet.ts'
import type { BrokerMeters } from './meters.ts'
import type { Receipts } from './receipts.ts'
import { matches, type StoredSessions, sessionMark } from './stored-sessions.ts'

export interface HooksOptions {
  aedes: Aedes
  admission: Admission
  stored: StoredSessions
  connectionOf(client: Client): Connection | undefined
  receipts: Receipts
  denials: Denials
  timers: Timers
  log: Log
  meters: BrokerMeters
  subscriptionsMax: number
  /** Whether devices may leave wills and retained messages. */
  deviceWills: boolean
}

type Uplink = Pick<UplinkDraft, 'device' | 'kind' | 'payload'>
type Done = (error?: Error | null) => void

export function installHooks(options: HooksOptions): void {
  const { aedes, admission, stored, connectionOf, timers, meters, log, receipts, denials } = options
  /** QoS 2 messages between their admission and their PUBREC, by client id and packet id. */
  const arriving = new Set<string>()

  function guarded<A extends readonly unknown[]>(
    hook: (...args: A) => void,
    onThrow: (...args: A) => void,
  ): (...args: A) => void {
    return (...args) => {
      try {
        hook(...args)
      } catch (error) {
        meters.errors()
        log.error({ error }, 'A broker hook failed; the request is refused.')
        onThrow(...args)
      }
    }
  }

  function admitPublish(client: Client | null, packet: IPublishPacket, done: Done): void {
    const connection = client === null ? undefined : connectionOf(client)
    const presence = connection?.presence
    const isService = presence?.identity.kind === 'service'
    const kind = isService ? undefined : uplinkKindOf(packet.topic)
    if (isService && mayPublish(presence.identity, packet.topic)) {
      done(null)
      return
    }
    if (connection === undefined || !presence || kind === undefined) {
      dropDenied(connection, packet, done)
      return
    }
    if (!options.deviceWills) packet.retain = false
    const uplink = { device: presence.identity.id, kind, payload: Buffer.from(packet.payload) }
    if (packet.qos === 2) admitOnce(connection, uplink, packet.messageId ?? 0, done)
    else admit(connection, uplink, done)
  }

  /** Its acknowledgement comes in its turn; `fanOut` passes it over. A will has nobody who waits for one. */
  function dropDenied(
    connection: Connection | undefined,
    packet: IPublishPacket,
    done: Done,
  ): void {
    const presence = connection?.presence
    if (connection === undefined || !presence) {
      done(new Error('nobody published it'))
    } else if (packet.topic === deniedTopic) {
      connection.sent(presence.messages)
      admission.settled((fault) => {
        connection.acknowledge(null, 1)
        done(fault)
      })
    } else {
      const note = denials.note(presence.identity, packet.topic, Buffer.from(packet.payload))
      if (note !== null) admission.note(note)
      done(new Error('a will that is not allowed'))
    }
  }

  function admit(connection: Connection, { device, kind, payload }: Uplink, done: Done): void {
    const draft = receipts.draft(device, kind, payload)
    if (connection.presence) connection.sent(connection.presence.messages)
    admission.takeThen(draft, connection, (fault) => {
      connection.acknowledge(null, 1)
      if (fault !== null) connection.end('unwritable')
      done(fault)
    })
  }

  /** A repeat of a QoS 2 message that was not released yet is acknowledged again, not admitted again (§4.3.3). */
  function admitOnce(connection: Connection, uplink: Uplink, id: number, done: Done): void {
    if (stored.isArriving(connection.sessionId, id)) {
      done(null)
      return
    }
    const key = `${id} ${connection.sessionId}`
    if (arriving.has(key)) {
      admission.settled(done)
      return
    }
    arriving.add(key)
    admit(connection, uplink, (fault) => {
      arriving.delete(key)
      done(fault)
    })
  }

  function judgeFilter(
    client: Client,
    subscription: ISubscription,
    done: (error: Error | null, subscription?: ISubscription | null) => void,
  ): void {
    if (subscription.topic === sessionMark) {
      // Not at once: Aedes notes only after this call that it has found a session, and then says so.
      timers.soon(() => done(null, null))
      return
    }
    unmaskRepeated(subscription)
    const connection = connectionOf(client)
    const identity = connection?.presence?.identity
    const held = connection?.subscriptions ?? new Map<string, number>()
    const room = held.has(subscription.topic) || held.size < options.subscriptionsMax
    const allowed =
      identity !== undefined &&
      !subscription.topic.startsWith(deniedTopic) &&
      mayHear(identity, subscription.topic) &&
      (room || identity.kind === 'service')
    if (!allowed || connection === undefined) {
      meters.denied(1, { action: 'subscribe' })
      done(null, null)
      return
    }
    connection.subscriptions = held.set(subscription.topic, subscription.qos)
    done(null, subscription)
  }

  /** Judges once more at delivery, and gives a downlink the topic that the device knows. Aedes hands us a copy. */
  function deliver<P extends IPublishPacket>(client: Client, packet: P): P | null {
    const connection = connectionOf(client)
    if (connection?.presence?.identity.kind === 'service') return packet
    const identity = connection?.presence?.identity
    const topic = identity === undefined ? null : outerTopic(identity, packet.topic)
    if (topic === null) return null
    for (const [filter, qos] of connection?.subscriptions ?? []) {
      if (qos < packet.qos && matches(filter, packet.topic)) packet.qos = qos === 0 ? 0 : 1
    }
    packet.topic = topic
    return packet
  }

  const publish = aedes.publish.bind(aedes)

  /** After the acknowledgement. Uplinks are in the journal: there is nobody to fan them out to. */
  function fanOut(packet: IPublishPacket, from: unknown, done: Done | undefined): void {
    const client = isClient(from) ? from : null
    const identity = client === null ? undefined : connectionOf(client)?.presence?.identity
    const callback: Done = typeof from === 'function' ? (error) => from(error) : (done ?? nothing)
    if (packet.topic === deniedTopic) {
      timers.soon(() => callback(null))
      return
    }
    if (identity?.kind !== 'device') {
      forward(packet, client, callback)
      return
    }
    if (packet.retain && options.deviceWills) {
      const own = { ...packet, topic: downlinkTopic(identity.id, packet.topic) }
      stored.storeRetained(own).then(() => callback(null), callback)
    } else timers.soon(() => callback(null))
  }

  /** Aedes' own publish; its types know only one of its two forms. */
  function forward(packet: IPublishPacket, client: Client | null, done: Done): void {
    Reflect.apply(publish, aedes, client === null ? [packet, done] : [packet, client, done])
  }

  aedes.authenticate = guarded(
    (client, _username, _password, done) => {
      if (connectionOf(client)?.presence) done(null, true)
      else done(Object.assign(new Error('not signed in'), { returnCode: 5 }), false)
    },
    (_client, _username, _password, done) => done(null, false),
  )
  aedes.authorizePublish = guarded(admitPublish, (_client, _packet, done) =>
    done(new Error('refused')),
  )
  aedes.authorizeSubscribe = guarded(judgeFilter, (_client, _subscription, done) =>
    done(null, null),
  )
  aedes.authorizeForward = (client, packet) => {
    try {
      return deliver(client, packet)
    } catch (error) {
      meters.errors()
      log.error({ error }, 'A broker hook failed; the message is not delivered.')
      return null
    }
  }
  const publishGuarded = guarded(fanOut, (_packet, from, done) => {
    if (typeof from === 'function') from(new Error('refused'))
    else done?.(new Error('refused'))
  })
  aedes.publish = (packet: IPublishPacket, from: unknown, done?: Done) =>
    publishGuarded(packet, from, done)
}

function nothing(): void {}

function isClient(value: unknown): value is Client {
  return typeof value === 'object' && value !== null && 'conn' in value
}
