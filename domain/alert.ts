/** An alert: one rule at or beyond a bound on one series, with everything that ever happened to it. */

import type { AlertLevel } from './rule.ts'
import type { BothLanguages, Name } from './text.ts'

export const alertStates = ['firing', 'acknowledged', 'stale', 'resolved'] as const
export type AlertState = (typeof alertStates)[number]

/** The changes that are told to webhooks, and `resumed` (data came back to a stale alert), which is only recorded. */
export const alertChangeTypes = [
  'alert.raised',
  'alert.escalated',
  'alert.deescalated',
  'alert.acknowledged',
  'alert.stale',
  'alert.resumed',
  'alert.resolved',
] as const
export type AlertChangeType = (typeof alertChangeTypes)[number]

/** The alert as webhooks and the API show it (contract section 5). Times are RFC 3339 UTC. */
export interface AlertView {
  id: string
  rule: string
  level: AlertLevel
  previousLevel: AlertLevel | null
  state: AlertState
  site: {
    id: string
    name: Name
    location: [number, number] | null
    district: string | null
  } | null
  device: string
  property: string
  value: number | null
  unit: string
  bound: number
  observedAt: string
  raisedAt: string
  summary: BothLanguages
  url: string
}

/** One recorded change; `id` is the `webhook-id` of every delivery of it. */
export interface AlertChange {
  id: string
  alert: string
  type: AlertChangeType
  level: AlertLevel
  previousLevel: AlertLevel | null
  /** Milliseconds since 1970 UTC: of the reading that caused it, or of the act of a person or the clock. */
  observedAt: number
  /** Milliseconds since 1970 UTC. */
  recordedAt: number
  value: number | null
  bound: number | null
  /** Token name of the person, for acknowledgements. */
  actor: string | null
  note: string | null
  /** The alert as it stood right after this change. */
  view: AlertView
}
