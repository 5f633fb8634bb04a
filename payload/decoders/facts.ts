/**
 * Free facts that a device tells about itself (firmware, cell, …), within limits: they are for people to
 * look at, and a device must not be able to fill a store with them.
 */

import { type Fact, type Facts, wellFormed } from './sample.ts'

const factsMax = 64
const keyCharsMax = 128
const textCharsMax = 500

/** The first 64 facts; longer keys are left out, longer texts cut, lists and objects kept as JSON text. */
export function factsOf(told: Readonly<Record<string, unknown>>): Facts {
  const facts: [string, Fact][] = []
  for (const key in told) {
    if (facts.length === factsMax) break
    /** `__proto__` is refused for ids too: as a key of an object it can change what the object is. */
    if (key.length > keyCharsMax || key === '__proto__') continue
    facts.push([wellFormed(key), factOf(told[key])])
  }
  return Object.fromEntries(facts)
}

function factOf(value: unknown): Fact {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null
  if (typeof value === 'boolean' || value === null) return value
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return wellFormed(text.slice(0, textCharsMax))
}
