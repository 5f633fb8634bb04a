/**
 * Bytes → JSON, guarded: size, nesting and encoding are checked before the parser sees anything, because
 * `JSON.parse` takes a text a million levels deep and holds the thread for a third of a second.
 *
 * Accepted: RFC 8259 in UTF-8, with or without a byte order mark. Of duplicate keys the last wins. Bare NaN and Infinity
 * in else good JSON become texts, so that only they are refused. Comments and trailing commas are not JSON.
 */

import { quoteBareNumbers } from './bare-numbers.ts'
import { type Problem, shown, wellFormed } from './sample.ts'

/** The deepest form of the contract has four levels; attributes may hold some structure of their own. */
export const jsonDepthMax = 8

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** The value, or why there is none. */
export function parseJson(payload: Uint8Array): { value: unknown } | { problem: Problem } {
  const { opened, isAscii } = survey(payload)
  /** A text with few opening brackets cannot be deep, wherever they stand; only others are looked at closely. */
  const mayBeDeep = opened > jsonDepthMax && beginsLikeJson(payload)
  if (mayBeDeep && nesting(payload, jsonDepthMax) > jsonDepthMax) {
    return malformed(`the JSON is nested deeper than ${jsonDepthMax} levels`)
  }
  let text: string | undefined
  try {
    text = isAscii ? asciiText(payload) : utf8.decode(payload)
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    const quoted = text === undefined ? undefined : quoteBareNumbers(text)
    const mended = quoted === undefined ? undefined : parsed(quoted)
    /** Nothing is lost here: what cannot be read goes to quarantine whole, with this reason. */
    return mended ?? whyNotJson(payload, error)
  }
}

/** Undefined when this is no JSON. */
function parsed(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown }
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Plain ASCII, as nearly all messages are, needs no UTF-8 decoder. */
function survey(payload: Uint8Array): { opened: number; isAscii: boolean } {
  let opened = 0
  let all = 0
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at] ?? 0
    all |= byte
    if ((byte | 0x20) === 0x7b) opened++
  }
  return { opened, isAscii: all < 0x80 }
}

function asciiText(payload: Uint8Array): string {
  return Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString('latin1')
}

function whyNotJson(payload: Uint8Array, error: unknown): { problem: Problem } {
  if (firstByte(payload) === undefined) return malformed('the payload is empty')
  if (!beginsLikeJson(payload)) {
    const start = shown(asciiText(payload.subarray(0, 16)))
    return unsupported(`the payload begins with ${start}; JSON in UTF-8 is understood`)
  }
  if (!(error instanceof SyntaxError)) return malformed('the payload is not UTF-8')
  return malformed(`the payload is not JSON: ${wellFormed(error.message)}`)
}

function malformed(reason: string): { problem: Problem } {
  return { problem: { code: 'malformed', reason } }
}

function unsupported(reason: string): { problem: Problem } {
  return { problem: { code: 'unsupported_format', reason } }
}

/** With an object or a list; other JSON cannot be deep. */
function beginsLikeJson(payload: Uint8Array): boolean {
  const first = firstByte(payload)
  return first === 0x7b || first === 0x5b
}

function firstByte(payload: Uint8Array): number | undefined {
  const start = payload[0] === 0xef && payload[1] === 0xbb && payload[2] === 0xbf ? 3 : 0
  for (let at = start; at < payload.length; at++) {
    const byte = payload[at] ?? 0
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0a && byte !== 0x0d) return byte
  }
  return undefined
}

/** Levels of nesting, brackets in strings left out; stops counting beyond `enough`. */
function nesting(payload: Uint8Array, enough: number): number {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let at = 0; at < payload.length && deepest <= enough; at++) {
    const byte = payload[at] ?? 0
    if (inString) {
      if (byte === 0x5c) at++
      else if (byte === 0x22) inString = false
    } else if (byte === 0x22) inString = true
    else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth)
    else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return deepest
}
