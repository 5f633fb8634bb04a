/**
 * How many readings a payload claims to hold, found by walking its bytes once: no parsing, no text, one
 * small object. Admission writes the number into the journal, so that the balance of `/metrics` knows what
 * is in flight before anything is decoded.
 *
 * For valid JSON it is exactly what the decoder of `ingest/decoders/` finds (tested against it); a payload
 * that cannot be read counts as one. The form of payloads is described in contract section 2.
 */

import { properties } from '../domain/catalogue.ts'
import {
  closeBrace,
  closeBracket,
  comma,
  JsonScan,
  letterN,
  openBrace,
  openBracket,
} from './json-scan.ts'
import type { UplinkKind } from '../domain/uplink.ts'

/** How the members of one object count. */
const everyKey = 0
/** `ts` does not count, the members of an object `values` do, `metadata` beside it does not, any other key does. */
const element = 1
/** Members are devices with one element or a list of them. */
const devices = 2
/** Only keys that are device properties of the catalogue count. */
const facts = 3
/** Members are devices with facts. */
const devicesWithFacts = 4
/** The words that are looked for in keys. */
const deviceCodes = [...properties.values()]
  .filter((property) => property.domain === 'device')
  .map((property) => property.code)

type Counting =
  | typeof everyKey
  | typeof element
  | typeof devices
  | typeof facts
  | typeof devicesWithFacts

/** What a payload claims, before anybody decodes it. */
export interface Claim {
  readings: number
  /**
   * Elements without a time of their own: the most that any one device has in it. So many moments of receipt
   * the message needs. 1 for what cannot be read: it may be read one day.
   */
  untimed: number
}

const nothing: Claim = { readings: 0, untimed: 0 }
const unreadable: Claim = { readings: 1, untimed: 1 }
/** The broker's own notes about a message. */
const note: Claim = { readings: 1, untimed: 0 }

export function claimOf(kind: UplinkKind, payload: Uint8Array): Claim {
  switch (kind) {
    case 'telemetry':
      return claimIn(payload, element)
    case 'gateway-telemetry':
      return claimIn(payload, devices)
    case 'attributes':
      return claimIn(payload, facts)
    case 'gateway-attributes':
      return claimIn(payload, devicesWithFacts)
    case 'oversize':
    case 'denied':
      return note
    default:
      return nothing
  }
}

export function countReadings(kind: UplinkKind, payload: Uint8Array): number {
  return claimOf(kind, payload).readings
}

function claimIn(payload: Uint8Array, counting: Counting): Claim {
  const scan = new ElementScan(payload)
  const first = scan.next()
  if (first === openBrace) scan.readings = countMembers(scan, counting)
  else if (first === openBracket && counting === element) scan.readings = countItems(scan)
  else return unreadable
  return scan.next() === -1 && !scan.broken ? scan : unreadable
}

/** The walk and its claim in one object, because one is made for every message. */
class ElementScan extends JsonScan implements Claim {
  readings = 0
  untimed = 0
}

/** The devices that a gateway's payload names, as it names them; empty when it cannot be read. */
export function devicesClaimed(payload: Uint8Array): string[] {
  const scan = new JsonScan(payload)
  const names: string[] = []
  if (scan.next() !== openBrace) return names
  scan.at++
  while (scan.next() !== closeBrace) {
    const start = scan.at + 1
    if (!scan.skipKey()) return []
    names.push(scan.keyText(start))
    scan.next()
    scan.skipValue()
    if (scan.next() === comma) scan.at++
    if (scan.broken) return []
  }
  return names
}

/** From the opening brace to behind the closing one. */
function countMembers(scan: ElementScan, counting: Counting): number {
  let count = 0
  let metadata = 0
  let hasValues = false
  /** Of an element: it has a time of its own. */
  let timed = counting !== element && counting !== facts
  scan.at++
  if (scan.next() === closeBrace) {
    scan.at++
    return 0
  }
  for (;;) {
    const start = scan.at + 1
    if (!scan.skipKey()) return 0
    const first = scan.next()
    if (counting === everyKey) {
      count++
      scan.skipValue()
    } else if (counting === element) {
      if (first === openBrace && scan.keyIs(start, 'values')) {
        hasValues = true
        count += countMembers(scan, everyKey)
      } else {
        if (first === openBrace && scan.keyIs(start, 'metadata')) metadata++
        else if (scan.keyIs(start, 'ts')) timed = first !== letterN
        else count++
        scan.skipValue()
      }
    } else if (counting === facts) {
      if (isDeviceCode(scan, start)) count++
      scan.skipValue()
    } else count += countDevice(scan, counting, first)
    const separator = scan.next()
    scan.at++
    if (separator === comma) {
      scan.next()
      continue
    }
    if (separator !== closeBrace) return scan.fail()
    if (!hasValues) count += metadata
    if (!timed && count > 0) scan.untimed++
    return count
  }
}

/** What stands behind the name of one device. Afterwards `untimed` is of the device that has most. */
function countDevice(scan: ElementScan, counting: Counting, first: number): number {
  const most = scan.untimed
  scan.untimed = 0
  let count = 1
  if (first === openBrace) count = countMembers(scan, counting === devices ? element : facts)
  else if (first === openBracket && counting === devices) count = countItems(scan)
  else scan.skipValue()
  if (scan.untimed < most) scan.untimed = most
  return count
}

function isDeviceCode(scan: JsonScan, start: number): boolean {
  for (const code of deviceCodes) if (scan.keyIs(start, code)) return true
  return false
}

/** A list of elements; whatever else is in it counts as one. */
function countItems(scan: ElementScan): number {
  let count = 0
  scan.at++
  if (scan.next() === closeBracket) {
    scan.at++
    return 0
  }
  for (;;) {
    if (scan.next() === openBrace) count += countMembers(scan, element)
    else {
      count++
      scan.skipValue()
    }
    const separator = scan.next()
    scan.at++
    if (separator !== comma) return separator === closeBracket ? count : scan.fail()
  }
}
