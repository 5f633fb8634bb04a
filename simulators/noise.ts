/**
 * Chance that can be repeated: every number follows from a key and a position, never from what was asked before.
 * So the city's state at any moment can be computed directly, in any order, and is the same on every machine.
 * Not for secrets.
 */

/** A 32-bit key of a text (FNV-1a over UTF-16 units, then mixed). */
export function keyOf(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) {
    hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  }
  return mix(hash, text.length)
}

/** A new 32-bit key from a key and a whole number (the finaliser of MurmurHash3 over both). */
export function mix(key: number, n: number): number {
  let h = (key ^ Math.imul(n | 0, 0x9e3779b1)) | 0
  h = Math.imul(h ^ (Math.floor(n / 4_294_967_296) | 0), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return (h ^ (h >>> 16)) >>> 0
}

/** A number in [0, 1) that belongs to `key` and `n`. */
export function unit(key: number, n: number): number {
  return mix(key, n) / 4_294_967_296
}

/** A number in [low, high) that belongs to `key` and `n`. */
export function between(key: number, n: number, [low, high]: readonly [number, number]): number {
  return low + unit(key, n) * (high - low)
}

/** Roughly normal, mean 0 and deviation 1, never beyond ±3.5. */
export function bell(key: number, n: number): number {
  const k = mix(key, n)
  return (unit(k, 1) + unit(k, 2) + unit(k, 3) + unit(k, 4) - 2) * 1.732
}

/** A curve that wanders between −1 and 1 and changes about once per `periodMs`. */
export function drift(key: number, atMs: number, periodMs: number): number {
  const position = atMs / periodMs
  const step = Math.floor(position)
  const t = position - step
  const eased = t * t * (3 - 2 * t)
  const from = unit(key, step)
  return 2 * (from + (unit(key, step + 1) - from) * eased) - 1
}

/** Decimal places as a sensor sends them; never −0. */
export function rounded(value: number, places: number): number {
  const factor = 10 ** places
  return Math.round(value * factor) / factor + 0
}

export function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value))
}
