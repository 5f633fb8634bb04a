/** What follows from an attempt to deliver: done, again later, or given up. Contract section 5. */

import type { DeliveryState } from '../../domain/webhook.ts'

const secondMs = 1_000
const minuteMs = 60 * secondMs
const hourMs = 60 * minuteMs

/** After the first, second … attempt that failed; after the last one of these the delivery has failed. */
const delaysMs = [
  5 * secondMs,
  30 * secondMs,
  2 * minuteMs,
  10 * minuteMs,
  30 * minuteMs,
  2 * hourMs,
  6 * hourMs,
  12 * hourMs,
  24 * hourMs,
]
/** Up to this part is added, so that endpoints are not met by all retries at once. */
const jitter = 0.2
/** A receiver may ask for more time, but not for so much that an alert is forgotten. */
const retryAfterMsMax = hourMs

export interface AttemptOutcome {
  /** HTTP status, or null when there was no answer. */
  status: number | null
  /** What `Retry-After` asked for, or null. */
  retryAfterMs: number | null
}

export interface Next {
  state: DeliveryState
  nextAttemptAt: number | null
  /** The endpoint said that it wants nothing more (410 Gone). */
  gone: boolean
}

/**
 * `attempts` counts those made, this one included; `now` is when this one ended (ms since 1970 UTC);
 * `fraction` in [0, 1) is chance.
 */
export function nextOf(
  outcome: AttemptOutcome,
  { attempts, now, fraction }: { attempts: number; now: number; fraction: number },
): Next {
  const { status } = outcome
  if (status !== null && status >= 200 && status < 300) {
    return { state: 'delivered', nextAttemptAt: null, gone: false }
  }
  if (status === 410) return { state: 'failed', nextAttemptAt: null, gone: true }
  const delayMs = delaysMs[attempts - 1]
  if (delayMs === undefined) return { state: 'failed', nextAttemptAt: null, gone: false }
  const asked = status === 429 || status === 503 ? (outcome.retryAfterMs ?? 0) : 0
  const waitMs = Math.max(delayMs, Math.min(asked, retryAfterMsMax)) * (1 + jitter * fraction)
  return { state: 'pending', nextAttemptAt: now + Math.round(waitMs), gone: false }
}

/** Seconds or an HTTP date (RFC 9110 §10.2.3), as milliseconds from `now`; null when it is neither. */
export function retryAfterMs(header: string | undefined, now: number): number | null {
  if (header === undefined) return null
  if (/^\d{1,9}$/.test(header)) return Number(header) * secondMs
  const at = Date.parse(header)
  return Number.isNaN(at) ? null : Math.max(0, at - now)
}
