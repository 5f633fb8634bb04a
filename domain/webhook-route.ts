/**
 * Which endpoints are told of a change of an alert. Pure; what an endpoint has heard of the alert before is handed
 * in, because it decides as much as its filters:
 *
 * - A change of level is for those whose `where` covers the alert and whose `levels` list the new level, and for
 *   those that heard last of a level they list: someone who asked for red is also told when red is over.
 * - Acknowledged, stale, resumed are for those that have heard of the alert and list its level.
 * - A correction is for those that have heard of the alert, and for those that the alert concerns as it stands now.
 * - The end is for whoever has heard of the alert, also while a silence is on, and for nobody else.
 */

import type { AlertChangeType, AlertView } from './alert.ts'
import type { AlertLevel } from './rule.ts'
import { covers } from './scope.ts'
import type { Silence } from './silence.ts'
import type { Webhook } from './webhook.ts'

/** What is registered that decides who is told. */
export interface Audience {
  webhooks: readonly Webhook[]
  silences: readonly Silence[]
}

/** Why something was not told when it happened. */
export const debts = ['silence', 'switched_off', 'catch_up'] as const
export type Debt = (typeof debts)[number]

/** `heard`: the level that the endpoint was told last of this alert, or null. Whether it is switched on is not asked. */
export function isFor(
  webhook: Webhook,
  { type, view }: { type: AlertChangeType; view: AlertView },
  heard: AlertLevel | null,
): boolean {
  switch (type) {
    case 'alert.raised':
    case 'alert.escalated':
    case 'alert.deescalated':
      return isConcerned(webhook, view, heard)
    case 'alert.acknowledged':
    case 'alert.stale':
    case 'alert.resumed':
      return heard !== null && lists(webhook, view.level)
    case 'alert.corrected':
      return heard !== null || (view.state !== 'resolved' && isConcerned(webhook, view))
    case 'alert.resolved':
      return heard !== null
  }
}

/** Whether the endpoint should know of the level at which the alert stands. */
export function isConcerned(
  webhook: Webhook,
  view: AlertView,
  heard: AlertLevel | null = null,
): boolean {
  const place = {
    device: view.device,
    site: view.site?.id ?? null,
    kind: view.site?.kind ?? null,
    district: view.site?.district ?? null,
  }
  const wanted = lists(webhook, view.level) || (heard !== null && lists(webhook, heard))
  return wanted && covers(webhook.where, place)
}

/** Tells at which level the alert stands now. */
export function isOfLevel(type: AlertChangeType): boolean {
  return changesOfLevel.has(type)
}

const changesOfLevel: ReadonlySet<AlertChangeType> = new Set([
  'alert.raised',
  'alert.escalated',
  'alert.deescalated',
  'alert.corrected',
])

function lists({ levels }: Webhook, level: AlertLevel): boolean {
  return levels.length === 0 || levels.includes(level)
}

/** Ids of the silences that mute the alert at a moment, milliseconds since 1970 UTC. */
export function mutedBy(view: AlertView, silences: readonly Silence[], at: number): string[] {
  return silences.filter((silence) => mutes(silence, view, at)).map(({ id }) => id)
}

function mutes(silence: Silence, view: AlertView, at: number): boolean {
  const on = Date.parse(silence.from) <= at && at < Date.parse(silence.to)
  return (
    on &&
    names(silence.rule, view.rule) &&
    names(silence.property, view.property) &&
    names(silence.site, view.site?.id ?? null) &&
    names(silence.district, view.site?.district ?? null)
  )
}

function names(list: readonly string[], value: string | null): boolean {
  return list.length === 0 || (value !== null && list.includes(value))
}
