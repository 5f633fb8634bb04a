/**
 * The frames of MQTT 3.1.1 as bytes: where one ends, which kind it is, and the few fields that the fast path
 * needs. Pure, and without any allocation: this runs for every message.
 *
 * Nothing here trusts a length: every function is told where the bytes end and never looks beyond.
 */

import { topicOf } from '../domain/topic.ts'
import { type UplinkKind, uplinkKinds } from '../domain/uplink.ts'

/** Control packet types (MQTT 3.1.1 §2.2.1). */
export const packetType = {
  connect: 1,
  publish: 3,
  puback: 4,
  pubrec: 5,
  pubrel: 6,
  pubcomp: 7,
  subscribe: 8,
  unsubscribe: 10,
  pingreq: 12,
  disconnect: 14,
} as const

/** More bytes are needed to say how long the frame is. */
export const incomplete = 0
/** The remaining length has more than four bytes (§2.2.3): no frame can follow from here. */
export const malformed = -1

/**
 * Bytes of the whole frame that starts at `at`, fixed header included, whether or not they are all there
 * before `end`; or `incomplete`, or `malformed`.
 */
export function frameLength(bytes: Uint8Array, at: number, end: number): number {
  let length = 0
  let factor = 1
  for (let i = 1; i <= 4; i++) {
    if (at + i >= end) return incomplete
    const digit = bytes[at + i] ?? 0
    length += (digit & 0x7f) * factor
    if (digit < 0x80) return 1 + i + length
    factor *= 128
  }
  return malformed
}

/** Where the variable header starts, in a frame whose length is known. */
export function bodyStart(bytes: Uint8Array, at: number): number {
  let i = at + 1
  while ((bytes[i] ?? 0) >= 0x80) i++
  return i + 1
}

export function uint16(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
}

/** Client packets that only a server may send, and the reserved types 0 and 15 (§2.2.1). */
export function isForClientsOnly(type: number): boolean {
  return type === 0 || type === 2 || type === 9 || type === 11 || type === 13 || type === 15
}

interface KnownTopic {
  bytes: Uint8Array
  kind: UplinkKind
}

/** Uplink topics by their length in bytes: at most two share one. */
const topicsByLength: readonly KnownTopic[][] = (() => {
  const table: KnownTopic[][] = []
  const encoder = new TextEncoder()
  for (const kind of uplinkKinds) {
    const bytes = encoder.encode(topicOf(kind))
    if (bytes.length === 0) continue
    while (table.length <= bytes.length) table.push([])
    table[bytes.length]?.push({ bytes, kind })
  }
  return table
})()

/** What a device publishes on the topic that stands at `at`, or undefined when it is no uplink topic. */
export function uplinkKindAt(
  bytes: Uint8Array,
  at: number,
  length: number,
): UplinkKind | undefined {
  const candidates = topicsByLength[length]
  if (candidates === undefined) return undefined
  for (const topic of candidates) {
    // From the end, where the topics differ.
    let i = length - 1
    while (i >= 0 && bytes[at + i] === topic.bytes[i]) i--
    if (i < 0) return topic.kind
  }
  return undefined
}

/**
 * Protocol name and level of a CONNECT (§3.1.2.1–2): `supported` for 3.1 and 3.1.1, `other` for a version we
 * do not speak (answered with code 1), `foreign` for something that is not MQTT at all (not answered).
 */
export function protocolOf(
  bytes: Uint8Array,
  at: number,
  end: number,
): 'supported' | 'other' | 'foreign' {
  const body = bodyStart(bytes, at)
  const nameLength = uint16(bytes, body)
  const nameEnd = body + 2 + nameLength
  if (nameLength > 6 || nameEnd >= end) return 'foreign'
  const name = String.fromCharCode(...bytes.subarray(body + 2, nameEnd))
  const level = bytes[nameEnd]
  if (name === 'MQTT') return level === 4 ? 'supported' : 'other'
  if (name === 'MQIsdp') return level === 3 ? 'supported' : 'other'
  return 'foreign'
}

/** CONNACK that refuses, with its return code (§3.2.2.3). */
export function connackRefusal(code: number): Uint8Array {
  return Uint8Array.of(0x20, 2, 0, code)
}

export const pingResponse: Uint8Array = Uint8Array.of(0xd0, 0)
