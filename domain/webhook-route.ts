/**
 * Which endpoints are told of a change of an alert: those enabled, whose levels and `where` match, unless a
 * silence is on. Pure; the alerts role asks for changes it finds, the API for acknowledgements.
 */

import type { AlertView } from './alert.ts'
import { covers } from './scope.ts'
import type { Silence } from './silence.ts'
import type { Webhook } from './webhook.ts'

export interface Routing {
  webhooks: readonly Webhook[]
  silences: readonly Silence[]
  /** Kind of the alert's site, which the view does not carry; null without a site. */
  kind: string | null
  /** Milliseconds since 1970 UTC at which the change is recorded; decides which silences are on. */
  at: number
}

/** Ids of the webhooks to tell, in the order given. */
export function webhooksFor(view: AlertView, routing: Routing): readonly string[] {
  if (routing.silences.some((silence) => silences(silence, view, routing.at))) return []
  const place = {
    device: view.device,
    site: view.site?.id ?? null,
    kind: routing.kind,
    district: view.site?.district ?? null,
  }
  return routing.webhooks
    .filter(
      (webhook) => webhook.enabled && wantsLevel(webhook, view) && covers(webhook.where, place),
    )
    .map((webhook) => webhook.id)
}

/** Someone who asked for red is also told when red is over: the level before counts as well. */
function wantsLevel({ levels }: Webhook, view: AlertView): boolean {
  if (levels.length === 0 || levels.includes(view.level)) return true
  return view.previousLevel !== null && levels.includes(view.previousLevel)
}

function silences(silence: Silence, view: AlertView, at: number): boolean {
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
