/**
 * Checks that a webhook really comes from the server: Standard Webhooks 1.0.0. What is signed is
 * `id.timestamp.body` with HMAC-SHA256; the header may hold several signatures, one of which must fit.
 */

import { createHmac, timingSafeEqual } from 'node:crypto'

export interface SignedMessage {
  /** Header `webhook-id`. */
  id: string | undefined
  /** Header `webhook-timestamp`: whole seconds since 1970 UTC. */
  timestamp: string | undefined
  /** Header `webhook-signature`: `v1,<base64>`, several separated by spaces. */
  signature: string | undefined
  /** The body byte for byte. */
  body: Uint8Array
}

/** A message much older may be one that somebody recorded and plays again. */
const toleranceMs = 5 * 60_000

/** Null when the message is genuine, otherwise why not. `secret` is `whsec_` and base64. */
export function whyNotGenuine(
  message: SignedMessage,
  { secret, nowMs }: { secret: string; nowMs: number },
): string | null {
  const { id, timestamp, signature, body } = message
  if (id === undefined || timestamp === undefined || signature === undefined) {
    return 'a webhook header is missing'
  }
  if (!/^\d{1,12}$/.test(timestamp)) return 'the timestamp is no number of seconds'
  if (Math.abs(nowMs - Number(timestamp) * 1_000) > toleranceMs) {
    return 'the timestamp is more than 5 minutes off'
  }
  const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest()
  const fits = signature.split(' ').some((one) => {
    if (!one.startsWith('v1,')) return false
    const given = Buffer.from(one.slice(3), 'base64')
    return given.length === expected.length && timingSafeEqual(given, expected)
  })
  return fits ? null : 'no signature fits'
}
