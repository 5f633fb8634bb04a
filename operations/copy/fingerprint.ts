/**
 * A checksum of many readings that depends neither on their order nor on how they are cut into parts, so that two stores
 * can be compared. It finds mistakes, not malice.
 */

import type { Reading } from '../../domain/reading.ts'

/** Two words of 32 bits; the fingerprint of many is the sum of each. */
export type Fingerprint = readonly [number, number]

export const noFingerprint: Fingerprint = [0, 0]

const numbers = new Float64Array(5)
const words = new Uint32Array(numbers.buffer)
const separator = 0x1f

/** Everything of the reading counts; a missing `tests` is the same as 0. */
export function fingerprintOf(reading: Reading): Fingerprint {
  const { device, property, observedAt, receivedAt, value, quality, tests = 0 } = reading
  let a = 0x811c9dc5
  let b = 0x9747b28c
  const mix = (word: number) => {
    a = Math.imul(a ^ word, 0x01000193)
    a ^= a >>> 15
    b = Math.imul(b ^ word, 0x5bd1e995)
    b ^= b >>> 13
  }
  for (let i = 0; i < device.length; i++) mix(device.charCodeAt(i))
  mix(separator)
  for (let i = 0; i < property.length; i++) mix(property.charCodeAt(i))
  // −0 and 0 are the same moment and the same value.
  numbers[0] = observedAt + 0
  numbers[1] = receivedAt + 0
  numbers[2] = value === null ? Number.NaN : value + 0
  numbers[3] = quality
  numbers[4] = tests
  for (const word of words) mix(word)
  return [avalanche(a), avalanche(b)]
}

export function sumOf(a: Fingerprint, b: Fingerprint): Fingerprint {
  return [(a[0] + b[0]) >>> 0, (a[1] + b[1]) >>> 0]
}

export function fingerprintText([a, b]: Fingerprint): string {
  return a.toString(16).padStart(8, '0') + b.toString(16).padStart(8, '0')
}

function avalanche(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
