/** The MQTT topics of the contract (section 2); the only place where they are spelled. */

import type { UplinkKind } from './uplink.ts'

const publishTopics: Readonly<Record<string, UplinkKind>> = {
  'v1/devices/me/telemetry': 'telemetry',
  'v1/devices/me/attributes': 'attributes',
  'v1/gateway/telemetry': 'gateway-telemetry',
  'v1/gateway/attributes': 'gateway-attributes',
  'v1/gateway/connect': 'gateway-connect',
  'v1/gateway/disconnect': 'gateway-disconnect',
}
const kindByTopic = new Map(Object.entries(publishTopics))
const topicByKind = new Map([...kindByTopic].map(([topic, kind]) => [kind, topic]))

/** What a device publishes on this topic, or undefined when it may not publish there at all. */
export function uplinkKindOf(topic: string): UplinkKind | undefined {
  return kindByTopic.get(topic)
}

/** The topic of an uplink kind; empty for the broker's own session events. */
export function topicOf(kind: UplinkKind): string {
  return topicByKind.get(kind) ?? ''
}

/**
 * Filters a device may subscribe to: its own downlinks, as devices set up for ThingsBoard do.
 * `+` is only allowed where that API has a request id.
 */
const subscribable: readonly RegExp[] = [
  /^v1\/devices\/me\/attributes$/,
  /^v1\/devices\/me\/attributes\/response\/(\+|\d{1,10})$/,
  /^v1\/devices\/me\/rpc\/request\/(\+|\d{1,10})$/,
  /^v1\/devices\/me\/rpc\/response\/(\+|\d{1,10})$/,
  /^v1\/gateway\/attributes$/,
  /^v1\/gateway\/attributes\/response$/,
  /^v1\/gateway\/rpc$/,
]

export function maySubscribe(filter: string): boolean {
  return subscribable.some((pattern) => pattern.test(filter))
}

/** Where a service account publishes what one device shall hear on `topic`; ids hold no `/`, so none collide. */
export function downlinkTopic(device: string, topic: string): string {
  return `devices/${device}/${topic}`
}

/** The device of a downlink topic or filter; empty when it is of no particular one. */
export function downlinkOwner(topic: string): string {
  const device = /^devices\/([^/+#]+)\//.exec(topic)?.[1]
  return device ?? ''
}
