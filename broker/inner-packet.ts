/**
 * Packets on their way to Aedes: topics as it knows them. Filters of a device become those of its own branch; what the
 * sender may not have becomes a name that is refused, so that Aedes answers it and does not close the connection.
 */

import type { ISubscription, ISubscribePacket, Packet, QoS } from 'mqtt-packet'
import type { Log } from '../domain/ports.ts'
import { uplinkKindOf } from '../domain/topic.ts'
import { type Identity, innerFilter, mayPublishAsService } from './access.ts'
import { type Denials, deniedTopic } from './denials.ts'

/**
 * Highest QoS of a subscription. Aedes 1.2.0 mixes up packet ids of QoS 2 while it sends what has waited for a client:
 * some arrive twice and out of order. QoS 1 is right.
 */
const grantedMax: QoS = 1

export interface InnerOptions {
  denials: Denials
  log: Log
}

export function toInner(identity: Identity, packet: Packet, { denials, log }: InnerOptions): void {
  if (packet.cmd === 'subscribe') {
    subscribeInner(identity, packet, log)
  } else if (packet.cmd === 'unsubscribe') {
    packet.unsubscriptions = packet.unsubscriptions.map(
      (filter) => innerFilter(identity, filter) ?? deniedTopic,
    )
  } else if (packet.cmd === 'publish' && !mayPublish(identity, packet.topic)) {
    // The guard has already told of those of devices, whose QoS 2 comes here.
    if (identity.kind === 'service') denials.note(identity, packet.topic, toBytes(packet.payload))
    packet.topic = deniedTopic
    packet.retain = false
  }
}

function subscribeInner(identity: Identity, { subscriptions }: ISubscribePacket, log: Log): void {
  const named = new Set<string>()
  for (const [i, subscription] of subscriptions.entries()) {
    const inner = innerFilter(identity, subscription.topic)
    const isDenied = inner === null || inner.startsWith(deniedTopic)
    if (isDenied) {
      log.warn(
        { [identity.kind]: identity.id, filter: subscription.topic.slice(0, 200) },
        'A subscription that is not allowed: refused in the SUBACK.',
      )
    } else if (named.has(inner)) repeated.set(subscription, inner)
    else named.add(inner)
    const isInner = !isDenied && !repeated.has(subscription)
    subscription.topic = isInner ? inner : `${deniedTopic}/${i}`
    if (subscription.qos > grantedMax) subscription.qos = grantedMax
  }
}

/**
 * The filters of subscriptions that stand in their packet for the second time or more. Aedes 1.2.0 answers all of one name
 * with a single return code, where each has its own ([MQTT-3.8.4-5]): they go in under a name that no other has.
 */
const repeated = new WeakMap<ISubscription, string>()

/** Gives such a subscription its filter back, once Aedes has counted it. */
export function unmaskRepeated(subscription: ISubscription): void {
  subscription.topic = repeated.get(subscription) ?? subscription.topic
}

export function mayPublish({ kind }: Identity, topic: string): boolean {
  return kind === 'service' ? mayPublishAsService(topic) : uplinkKindOf(topic) !== undefined
}

function toBytes(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}
