/**
 * What an answer to a write means, the same for all versions of InfluxDB. Measured with 1.6.7; 2.x and 3.x as their
 * sources say. Only 204 is success: 201 is a partial write of 3.x, and 200 comes from something else than InfluxDB.
 */

import type { InfluxAnswer } from '../http/client.ts'

export type Outcome =
  | { kind: 'stored' }
  /** Stored but for so many points that are older than the database keeps, which nobody can keep there. */
  | { kind: 'aged'; reason: string; dropped: number }
  /** The world's fault: later, all of it again. */
  | { kind: 'wait'; reason: string; retryAfterMs: number }
  /** Somebody has to set something right; kept and tried again. */
  | { kind: 'alarm'; reason: string }
  /** Too much at once. */
  | { kind: 'halve'; reason: string }
  /**
   * Some lines are refused for good; `field` when the answer names the one that conflicts. At least `dropped` of them:
   * 1.x and 2.x count those of one shard, and what they could not parse not at all.
   */
  | { kind: 'bisect'; reason: string; field: string | undefined; dropped: number }

const waiting = new Set([408, 425, 429])

/** The server is there and cannot answer now. */
export function isBusy(status: number): boolean {
  return waiting.has(status) || status >= 500
}
const poisoned = new Set([201, 400, 422])

export function outcomeOf(answer: InfluxAnswer, now: number): Outcome {
  const { status } = answer
  if (status === 204) return { kind: 'stored' }
  const reason = reasonOf(answer)
  if (isBusy(status)) {
    return { kind: 'wait', reason, retryAfterMs: retryAfterMs(answer.header('retry-after'), now) }
  }
  if (status === 413) return { kind: 'halve', reason }
  if (!poisoned.has(status)) return { kind: 'alarm', reason }
  const told = messageOf(answer.body)
  // A shard that its retention takes away at this moment; it is gone in the next one.
  if (/shard \d+ is pending deletion/.test(told)) return { kind: 'wait', reason, retryAfterMs: 0 }
  const dropped = Number(/\bdropped=(\d+)/.exec(told)?.[1] ?? 0)
  if (isOnlyOfAge(told)) return { kind: 'aged', reason, dropped }
  return { kind: 'bisect', reason, field: conflictingField(told), dropped }
}

/**
 * 1.x and 2.x say this only when everything else was stored. Up to 1.11 and 2.6 "points beyond retention policy", later
 * "dropped 3 points outside retention policy of duration 1h0m0s - …". 1.12 may name a write window beside it, and then
 * begins with 0 points outside of the retention: what lies outside of a window may be ahead of the server's time and is
 * no older than the database keeps.
 */
function isOnlyOfAge(told: string): boolean {
  if (/write window/i.test(told)) return false
  return /points (beyond|outside) retention policy/.test(told)
}

/** `Retry-After` in seconds or as a date (RFC 9110 §10.2.3), as milliseconds from now; 0 when there is none. */
export function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0
  const seconds = /^\s*\d+\s*$/.test(header) ? Number(header) : (Date.parse(header) - now) / 1_000
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), retrySecondsMax) * 1_000 : 0
}

/** A server that asks for more is asked again all the same. */
const retrySecondsMax = 3_600
const reasonCharactersMax = 300

export function reasonOf({ status, body }: InfluxAnswer): string {
  const told = messageOf(body).replace(/\s+/g, ' ').trim()
  return `${status} ${told}`.trim().slice(0, reasonCharactersMax)
}

/** 1.x and 3.x: `{"error"}`, 3.x with details in `data`; 2.x: `{"code", "message"}`. */
function messageOf(body: unknown): string {
  if (typeof body === 'string') return body
  if (typeof body !== 'object' || body === null) return ''
  const texts = ['error', 'message', 'err'].flatMap((key) => {
    const text: unknown = Reflect.get(body, key)
    return typeof text === 'string' ? [text] : []
  })
  const details: unknown = Reflect.get(body, 'data')
  const data = details === undefined || details === null ? [] : [JSON.stringify(details)]
  return [...new Set([...texts, ...data])].join(': ')
}

function conflictingField(reason: string): string | undefined {
  return (
    /field type conflict: input field "((?:[^"\\]|\\.)+)"/.exec(reason)?.[1] ??
    /invalid column type for column '([^']+)'/.exec(reason)?.[1]
  )
}
