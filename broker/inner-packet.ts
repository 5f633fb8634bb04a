/**
 * Packets on their way to Aedes: topics as it knows them. Filters of a device become those of its own branch; what the
 * sender may not have becomes a name that is refused, so that Aedes answers it and does not close the connection.
 */

import type { QoS } from 'mqtt-packet'
import type { Packet } from 'mqtt-packet'
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
    for (const [i, subscription] of packet.subscriptions.entries()) {
      const inner = innerFilter(identity, subscription.topic)
      if (inner === null) {
        log.warn(
          { [identity.kind]: identity.id, filter: subscription.topic.slice(0, 200) },
          'A subscription that is not allowed: refused in the SUBACK.',
        )
      }
      subscription.topic = inner ?? `${deniedTopic}/${i}`
      if (subscription.qos > grantedMax) subscription.qos = grantedMax
    }
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

export function mayPublish({ kind }: Identity, topic: string): boolean {
  return kind === 'service' ? mayPublishAsService(topic) : uplinkKindOf(topic) !== undefined
}

function toBytes(payload: string | Buffer): Uint8Array {
  return typeof payload === 'string' ? Buffer.from(payload) : payload
}
