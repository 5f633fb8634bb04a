/** The message of contract section 5: what a webhook receives of one change of an alert. */

import type { AlertState, AlertView } from './alert.ts'

/** What an alert's state follows from; the first that holds decides. */
export interface AlertFlags {
  resolved: boolean
  stale: boolean
  acknowledged: boolean
}

export function stateOf(flags: AlertFlags): AlertState {
  if (flags.resolved) return 'resolved'
  if (flags.stale) return 'stale'
  return flags.acknowledged ? 'acknowledged' : 'firing'
}

/**
 * JSON text of the message (Standard Webhooks 1.0.0: type, timestamp, data). Made once, when the change is
 * recorded, so that every attempt sends and signs the same bytes.
 */
export function alertMessage(change: {
  type: string
  recordedAt: number
  view: AlertView
}): string {
  const timestamp = new Date(change.recordedAt).toISOString()
  return JSON.stringify({ type: change.type, timestamp, data: { alert: change.view } })
}

/** The message of `POST /webhooks/{id}/test`. */
export function testMessage(webhook: string, at: number): string {
  return JSON.stringify({
    type: 'webhook.test',
    timestamp: new Date(at).toISOString(),
    data: { webhook, note: 'A test message; no alert is behind it.' },
  })
}
