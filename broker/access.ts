/**
 * Who may publish and subscribe where. Deny by default.
 *
 * Devices say `me`; inside Aedes each device has its own branch, `devices/<id>/` before the topic, so that a
 * downlink reaches one device and cannot be heard by another. A service account (an `admin` API token)
 * reads everything and publishes downlinks to `devices/<id>/v1/devices/me/…`, or on topics of its own.
 */

import { downlinkTopic, maySubscribe, uplinkKindOf } from '../domain/topic.ts'

/** Who signed in. A service account is named by its API token. */
export interface Identity {
  kind: 'device' | 'service'
  id: string
}

/** The client id as Aedes knows it: two devices with the same one have nothing to do with each other. */
export function innerId({ kind, id }: Identity, clientId: string): string {
  return `${kind}/${id}/${clientId}`
}

/** The filter as Aedes knows it, or null when this identity may not subscribe to it. */
export function innerFilter(identity: Identity, filter: string): string | null {
  if (identity.kind === 'service') return isFilter(filter) ? filter : null
  return maySubscribe(filter) ? downlinkTopic(identity.id, filter) : null
}

/** Whether the inner filter, which may come from a stored session, is this identity's to hear. */
export function mayHear(identity: Identity, inner: string): boolean {
  if (identity.kind === 'service') return true
  const own = downlinkTopic(identity.id, '')
  return inner.startsWith(own) && maySubscribe(inner.slice(own.length))
}

/** The topic as the device knows it, or null when it is not its own. For service accounts it stays as it is. */
export function outerTopic(identity: Identity, inner: string): string | null {
  if (identity.kind === 'service') return inner
  const own = downlinkTopic(identity.id, '')
  return inner.startsWith(own) ? inner.slice(own.length) : null
}

/** A service account does not speak for devices, and nobody speaks for the broker (`$…`). */
export function mayPublishAsService(topic: string): boolean {
  return isShallow(topic) && !/^\$|^$|[+#\0]/.test(topic) && uplinkKindOf(topic) === undefined
}

/** MQTT 3.1.1 §4.7.1: `+` and `#` stand for whole levels, `#` only for the last. */
function isFilter(filter: string): boolean {
  return (
    filter !== '' && isShallow(filter) && /^(?:(?:\+|[^+#/]*)\/)*(?:[+#]|[^+#/]*)$/.test(filter)
  )
}

/** Aedes closes a connection that asks for more levels. */
const levelsMax = 100

function isShallow(topic: string): boolean {
  return topic.split('/').length <= levelsMax
}
