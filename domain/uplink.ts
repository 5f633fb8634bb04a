/**
 * One message as a device sent it, or one event of its session, as the journal keeps it.
 * The journal is the truth: everything behind it can be computed again from uplinks in order.
 */

export const uplinkKinds = [
  'telemetry',
  'attributes',
  'gateway-telemetry',
  'gateway-attributes',
  'gateway-connect',
  'gateway-disconnect',
  'oversize',
  'session-open',
  'session-close',
  'broker-start',
  'denied',
] as const

/**
 * `oversize` stands for a PUBLISH that was cut off because it was larger than the broker takes: its payload
 * is a small JSON `{"bytes", "topic"}`. `denied` stands for one or more PUBLISHes to a topic that is none of the
 * device's: `{"topic", "bytes", "payload", "unnoted"}`. `session-*` and `broker-start` are events of the broker itself.
 */
export type UplinkKind = (typeof uplinkKinds)[number]

export interface UplinkDraft {
  kind: UplinkKind
  /** The identity that signed in (a gateway's own id for `gateway-*`); empty for `broker-start`. */
  device: string
  /** Milliseconds since 1970 UTC at which the broker took it. */
  receivedAt: number
  /** The payload byte for byte, undecoded. */
  payload: Uint8Array
  /** How many readings the payload claims to hold: what the balance in `/metrics` counts before decoding. */
  readings: number
}

export interface Uplink extends UplinkDraft {
  /** Position in the journal: 1, 2, 3, … without gaps. */
  seq: number
}
