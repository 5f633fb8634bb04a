/**
 * What a decoder hands on: the values of one message as the device sent them, before anybody asks whether the
 * device may speak, what the key means or whether the value makes sense. Every format decodes to this.
 */

import type { RefusalCode } from '../../domain/quarantine.ts'

/** Why something cannot be taken. */
export interface Problem {
  code: RefusalCode
  /** One sentence that names the field, the value and what is allowed. */
  reason: string
  /** Only the zone of its time is missing: what the clock of the device showed, in milliseconds as if it were UTC. */
  local?: number
}

/** One value as sent. Every sample has every field, so that all of them share one shape in memory. */
export interface Sample {
  /** Id of the device it is said to be of. */
  device: string
  /** Key as sent; null when the place where readings should be cannot be read. */
  key: string | null
  /** Whatever stood there. */
  value: unknown
  /** Milliseconds since 1970 UTC; null when the message gives no time. */
  observedAt: number | null
  /** Set when this sample cannot be read. */
  problem: Problem | null
}

export type Fact = string | number | boolean | null
export type Facts = Readonly<Record<string, Fact>>

/** What one message says. `problem` is set when nothing of it could be read; then all else is empty. */
export interface Decoded {
  samples: readonly Sample[]
  /** Facts that an attributes message tells, by device. */
  facts: ReadonlyMap<string, Facts>
  /** The device that a gateway says has come or gone. */
  presence: { device: string; connected: boolean } | null
  problem: Problem | null
}

const noFacts: ReadonlyMap<string, Facts> = new Map()

export function decodedSamples(samples: readonly Sample[]): Decoded {
  return { samples, facts: noFacts, presence: null, problem: null }
}

export function undecodable(code: RefusalCode, reason: string): Decoded {
  return { samples: [], facts: noFacts, presence: null, problem: { code, reason } }
}

const shownCharsMax = 64

/** A value as it may stand in a reason: JSON, short, and without half characters that no store takes. */
export function shown(value: unknown): string {
  const text = typeof value === 'number' ? String(value) : (JSON.stringify(value) ?? 'nothing')
  const short = text.length > shownCharsMax ? `${text.slice(0, shownCharsMax)}…` : text
  return wellFormed(short)
}

/** Lone surrogates become U+FFFD: they cannot be written as UTF-8. */
export function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\ufffd')
}
