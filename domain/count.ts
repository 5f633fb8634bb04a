/**
 * How many readings a payload claims to hold, found by walking its bytes once: no parsing, no text, one
 * small object. Admission writes the number into the journal, so that the balance of `/metrics` knows what
 * is in flight before anything is decoded.
 *
 * For valid JSON it is exactly what the decoder of `ingest/decoders/` finds (tested against it); a payload
 * that can not be read counts as one. The form of payloads is described in contract section 2.
 */

import { properties } from './catalogue.ts'
import type { UplinkKind } from './uplink.ts'

const quote = 0x22
const backslash = 0x5c
const colon = 0x3a
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

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

export function countReadings(kind: UplinkKind, payload: Uint8Array): number {
  switch (kind) {
    case 'telemetry':
      return countIn(payload, element)
    case 'gateway-telemetry':
      return countIn(payload, devices)
    case 'attributes':
      return countIn(payload, facts)
    case 'gateway-attributes':
      return countIn(payload, devicesWithFacts)
    case 'oversize':
      return 1
    default:
      return 0
  }
}

function countIn(payload: Uint8Array, counting: Counting): number {
  const scan = new Scan(payload)
  const first = scan.next()
  let count = 1
  if (first === openBrace) count = countMembers(scan, counting)
  else if (first === openBracket && counting === element) count = countItems(scan)
  else return 1
  return scan.next() === -1 && !scan.broken ? count : 1
}

/** From the opening brace to behind the closing one. */
function countMembers(scan: Scan, counting: Counting): number {
  let count = 0
  let metadata = 0
  let hasValues = false
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
        else if (!scan.keyIs(start, 'ts')) count++
        scan.skipValue()
      }
    } else if (counting === facts) {
      if (isDeviceCode(scan, start)) count++
      scan.skipValue()
    } else if (first === openBrace) {
      count += countMembers(scan, counting === devices ? element : facts)
    } else if (first === openBracket && counting === devices) {
      count += countItems(scan)
    } else {
      count++
      scan.skipValue()
    }
    const separator = scan.next()
    scan.at++
    if (separator === comma) scan.next()
    else if (separator !== closeBrace) return scan.fail()
    else return hasValues ? count : count + metadata
  }
}

function isDeviceCode(scan: Scan, start: number): boolean {
  for (const code of deviceCodes) if (scan.keyIs(start, code)) return true
  return false
}

/** A list of elements; whatever else is in it counts as one. */
function countItems(scan: Scan): number {
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

/** A position in the payload. After `fail` it stands at the end, so that every loop over it stops. */
class Scan {
  readonly #bytes: Uint8Array
  at: number
  broken = false
  /** Where the key that was passed last ends, and whether it holds a backslash. */
  #keyEnd = 0
  #escaped = false

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    /** A byte order mark is passed over, as RFC 8259 section 8.1 allows. */
    this.at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  }

  fail(): number {
    this.broken = true
    this.at = this.#bytes.length
    return 0
  }

  /** Passes white space and returns the byte there, −1 at the end. */
  next(): number {
    const bytes = this.#bytes
    let at = this.at
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte > 0x20 || (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09)) {
        this.at = at
        return byte
      }
    }
    this.at = at
    return -1
  }

  /** Passes a string, from its opening quote to behind the closing one. */
  #skipString(): void {
    const bytes = this.#bytes
    for (let at = this.at + 1; at < bytes.length; at++) {
      const byte = bytes[at]
      if (byte === quote) {
        this.at = at + 1
        return
      }
      if (byte === backslash) {
        at++
        this.#escaped = true
      }
    }
    this.fail()
  }

  /** Passes a key and its colon; false when there is none. */
  skipKey(): boolean {
    if (this.#bytes[this.at] !== quote) return this.fail() !== 0
    this.#escaped = false
    this.#skipString()
    this.#keyEnd = this.at - 1
    if (this.next() !== colon) return this.fail() !== 0
    this.at++
    return true
  }

  /** Passes any value, whatever it is and however deep, without recursion. */
  skipValue(): void {
    const bytes = this.#bytes
    const first = bytes[this.at]
    if (first === quote) {
      this.#skipString()
      return
    }
    if (first === openBrace || first === openBracket) {
      this.#skipNested()
      return
    }
    let at = this.at
    for (; at < bytes.length; at++) {
      const byte = bytes[at] ?? 0
      if (byte === comma || byte === closeBrace || byte === closeBracket || byte <= 0x20) break
    }
    if (at === this.at) this.fail()
    else this.at = at
  }

  #skipNested(): void {
    const bytes = this.#bytes
    let depth = 0
    while (this.at < bytes.length) {
      const byte = bytes[this.at]
      if (byte === quote) {
        this.#skipString()
        continue
      }
      this.at++
      if (byte === openBrace || byte === openBracket) depth++
      else if (byte === closeBrace || byte === closeBracket) {
        depth--
        if (depth === 0) return
      }
    }
    this.fail()
  }

  /** Whether the key that was passed last, and began at `start`, spells this word, with or without escapes. */
  keyIs(start: number, word: string): boolean {
    if (this.#escaped) return this.#escapedKey(start) === word
    if (this.#keyEnd - start !== word.length) return false
    const bytes = this.#bytes
    for (let i = 0; i < word.length; i++) {
      if (bytes[start + i] !== word.charCodeAt(i)) return false
    }
    return true
  }

  /** Bytes are taken as Latin-1, which is right for ASCII: all that the words looked for are made of. */
  #escapedKey(start: number): string {
    if (this.#keyEnd - start > longestEscapedWord) return ''
    const text = String.fromCharCode(...this.#bytes.subarray(start, this.#keyEnd))
    try {
      return String(JSON.parse(`"${text}"`))
    } catch {
      this.fail()
      return ''
    }
  }
}

/** A longer key can not spell a word that is looked for, even with each character written as six bytes. */
const longestEscapedWord = 32 * 6
