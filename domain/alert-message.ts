/** The message of contract section 5: what a webhook receives of one change of an alert. */

import type { AlertChangeType, AlertState, AlertView } from './alert.ts'
import type { Debt } from './webhook-route.ts'

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

const occasions = {
  silence: 'silence_ended',
  switched_off: 'endpoint_enabled',
  catch_up: 'catch_up',
} as const satisfies Record<Debt, string>

/** Where an open alert stands, told to one endpoint later than it happened; `because` says what that waited for. */
export function laterMessage(told: {
  type: AlertChangeType
  at: number
  view: AlertView
  owed: Debt
}): string {
  const timestamp = new Date(told.at).toISOString()
  const data = { alert: told.view, because: occasions[told.owed] }
  return JSON.stringify({ type: told.type, timestamp, data })
}

/** The message of `POST /webhooks/{id}/test`. */
export function testMessage(webhook: string, at: number): string {
  return JSON.stringify({
    type: 'webhook.test',
    timestamp: new Date(at).toISOString(),
    data: { webhook, note: 'A test message; no alert is behind it.' },
  })
}
