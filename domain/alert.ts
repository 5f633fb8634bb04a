/** An alert: one rule at or beyond a bound on one series, with everything that ever happened to it. */

import type { AlertLevel, Bound } from './rule.ts'
import type { Site } from './site.ts'
import type { BothLanguages, Name } from './text.ts'

export const alertStates = ['firing', 'acknowledged', 'stale', 'resolved'] as const
export type AlertState = (typeof alertStates)[number]

/** `resumed`: data came back to a stale alert. */
export const alertChangeTypes = [
  'alert.raised',
  'alert.escalated',
  'alert.deescalated',
  'alert.acknowledged',
  'alert.stale',
  'alert.resumed',
  'alert.corrected',
  'alert.resolved',
] as const
export type AlertChangeType = (typeof alertChangeTypes)[number]

/**
 * What ended an alert: the value came back inside, or the rule, an attribute of the site, the device was changed or
 * taken away, or a person ended it.
 */
export const enders = ['value', 'rule', 'site', 'device', 'operator'] as const
export type EndedBy = (typeof enders)[number]

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
    /** Absent in alerts of earlier versions. */
    kind?: Site['kind']
  } | null
  /** Null for an alert of a site as a whole, as rules on an index raise them; `site` is there then. */
  device: string | null
  /** Of the catalogue, or the name of an index. */
  property: string
  value: number | null
  unit: string
  bound: number
  /** The attribute of the site that the bound comes from; null for a number of the rule. Absent in alerts of earlier versions. */
  boundFrom?: Exclude<Bound, number> | null
  observedAt: string
  raisedAt: string
  /** When what the last change tells became known; the same as `observedAt` unless it is late. Absent in alerts of earlier versions. */
  learnedAt?: string
  /** It became known long after it was observed, or after what came later was known: it is told as past. */
  late?: boolean
  /** Null while it is open, and of alerts that an earlier version ended. */
  endedBy: EndedBy | null
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
  /** Silences that were on when it was recorded; set by the log. Nobody was told then, but of an end those who had heard of the alert. */
  mutedBy?: readonly string[]
  /** Known late: `recordedAt` is when it was learned. */
  late?: true
  /** Milliseconds since 1970 UTC; set by the log when what was learned later shows that it did not happen. */
  withdrawnAt?: number
  /** The alert as it stood right after this change. */
  view: AlertView
}

/**
 * Where the series of an alert is kept, in the place of a device: the device itself, or `/` and the site for an
 * alert of a site as a whole. No identifier holds a "/", so the two never meet.
 */
export function subjectOf({ device, site }: Pick<AlertView, 'device' | 'site'>): string {
  return device ?? siteSubject(site?.id ?? '')
}

export function siteSubject(site: string): string {
  return `/${site}`
}

/** The site of a subject, or null when it is a device. */
export function siteOfSubject(subject: string): string | null {
  return subject.startsWith('/') ? subject.slice(1) : null
}
