/**
 * What Aedes asks us: may this be published, subscribed, delivered. A hook that throws would end the
 * process, so each one is wrapped and an exception becomes a refusal.
 *
 * `authorizePublish` is also the slow path of admission: Aedes writes PUBACK or PUBREC only after its
 * callback, which comes after the commit. Uplinks never fan out to subscribers (see `publish`).
 */

import type { Aedes, Client } from 'aedes'
import type { IPublishPacket, ISubscription } from 'mqtt-packet'
import { countReadings } from '../domain/count.ts'
import type { Clock, Log, Timers } from '../domain/ports.ts'
import { downlinkTopic, uplinkKindOf } from '../domain/topic.ts'
import type { UplinkDraft } from '../domain/uplink.ts'
import { mayHear, mayPublishAsService, outerTopic } from './access.ts'
import type { Admission } from './admission.ts'
import type { Connection } from './connection.ts'
import type { BrokerMeters } from './meters.ts'
import { matches, type StoredSessions } from './stored-sessions.ts'

export interface HooksOptions {
  aedes: Aedes
  admission: Admission
  stored: StoredSessions
  connectionOf(client: Client): Connection | undefined
  clock: Clock
  timers: Timers
  log: Log
  meters: BrokerMeters
  subscriptionsMax: number
  /** Whether devices may leave wills and retained messages. */
  deviceWills: boolean
}

type Done = (error?: Error | null) => void

export function installHooks(options: HooksOptions): void {
  const { aedes, admission, stored, connectionOf, timers, meters, log } = options
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

  function deny(connection: Connection | undefined, topic: string, done: Done): void {
    meters.denied(1, { action: 'publish' })
    log.warn(
      { device: connection?.presence?.identity.id, topic: topic.slice(0, 200) },
      'A publish to a topic that is not its own: the connection is closed.',
    )
    connection?.end('denied')
    done(new Error('not allowed to publish there'))
  }

  function admitPublish(client: Client | null, packet: IPublishPacket, done: Done): void {
    const connection = client === null ? undefined : connectionOf(client)
    const presence = connection?.presence
    const isService = presence?.identity.kind === 'service'
    const kind = isService ? undefined : uplinkKindOf(packet.topic)
    if (isService && mayPublishAsService(packet.topic)) {
      done(null)
      return
    }
    if (connection === undefined || !presence || kind === undefined) {
      deny(connection, packet.topic, done)
      return
    }
    if (!options.deviceWills) packet.retain = false
    const payload = Buffer.from(packet.payload)
    const draft: UplinkDraft = {
      kind,
      device: presence.identity.id,
      receivedAt: options.clock.now(),
      payload,
      readings: countReadings(kind, payload),
    }
    if (packet.qos === 2) admitOnce(connection, draft, packet.messageId ?? 0, done)
    else admit(connection, draft, done)
  }

  function admit(connection: Connection, draft: UplinkDraft, done: Done): void {
    if (connection.presence) connection.sent(connection.presence.messages)
    admission.takeThen(draft, connection, (fault) => {
      connection.acknowledge(null, 1)
      if (fault !== null) connection.end('unwritable')
      done(fault)
    })
  }

  /** A repeat of a QoS 2 message that was not released yet is acknowledged again, not admitted again (§4.3.3). */
  function admitOnce(connection: Connection, draft: UplinkDraft, id: number, done: Done): void {
    if (stored.isArriving(connection.clientId, id)) {
      done(null)
      return
    }
    const key = `${id} ${connection.clientId}`
    if (arriving.has(key)) {
      admission.settled(done)
      return
    }
    arriving.add(key)
    admit(connection, draft, (fault) => {
      arriving.delete(key)
      done(fault)
    })
  }

  function judgeFilter(
    client: Client,
    subscription: ISubscription,
    done: (error: Error | null, subscription?: ISubscription | null) => void,
  ): void {
    const connection = connectionOf(client)
    const identity = connection?.presence?.identity
    const held = connection?.subscriptions ?? new Map<string, number>()
    const room = held.has(subscription.topic) || held.size < options.subscriptionsMax
    const allowed =
      identity !== undefined &&
      mayHear(identity, subscription.topic) &&
      (room || identity.kind === 'service')
    if (!allowed || connection === undefined) {
      meters.denied(1, { action: 'subscribe' })
      log.warn(
        { device: identity?.id, filter: subscription.topic.slice(0, 200) },
        'A subscription that is not allowed: refused in the SUBACK.',
      )
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
