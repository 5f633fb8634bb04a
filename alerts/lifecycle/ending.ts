/**
 * What ended an alert when its value did not: an edit of the rule or of the site. A receiver must not take it for
 * good news that somebody has raised a bound above the water.
 */

import type { AlertView } from '../../domain/alert.ts'
import type { Bound, Rule } from '../../domain/rule.ts'
import { covers } from '../../domain/scope.ts'
import type { Site } from '../../domain/site.ts'
import type { Reason } from './summary.ts'

/** The attribute of the site that gives the bound of a level, or null when the rule gives a number or nothing. */
export function sourceOf(
  { levels }: Rule,
  level: AlertView['level'],
): Exclude<Bound, number> | null {
  const bound = levels[level]
  return typeof bound === 'object' ? bound : null
}

/**
 * The edit behind an end that a reading has brought about; null when the value itself came back. `last` is the alert
 * before, with the bound that it stood on.
 */
export function editThatEnded(
  last: AlertView,
  value: number,
  { rule, site }: { rule: Rule; site: Site | undefined },
): Reason | null {
  // Seconds of silence end with a reading, whatever the bound.
  if (rule.signal.type === 'silence') return null
  const stillBeyond = rule.direction === 'above' ? value >= last.bound : value <= last.bound
  if (!stillBeyond) return null
  return isSameBound(rule, last) ? siteBound(rule, last, site) : 'rule_bound_changed'
}

/** Why a rule that is there and on does not watch the series of an alert any more. */
export function whyUnwatched(alert: AlertView, rule: Rule, site: Site | undefined): Reason {
  if (site === undefined || alert.site === null) return 'not_watched'
  const place = { device: alert.device, site: site.id, kind: site.kind, district: site.district }
  const asItWas = { ...place, kind: alert.site.kind ?? site.kind, district: alert.site.district }
  const covered = covers(rule.where, place)
  if (!covered) return covers(rule.where, asItWas) ? 'site_changed' : 'not_watched'
  return isSameBound(rule, alert) ? siteBound(rule, alert, site) : 'not_watched'
}

/** Whether the rule takes the bound of the alert from where it did. */
function isSameBound({ levels }: Rule, { level, bound, boundFrom }: AlertView): boolean {
  const now = levels[level]
  if (boundFrom === undefined) return typeof now === 'object'
  if (typeof now !== 'object') return boundFrom === null && now === bound
  return now.attribute === boundFrom?.attribute && now.plus === boundFrom.plus
}

function siteBound(rule: Rule, { level }: AlertView, site: Site | undefined): Reason {
  const from = sourceOf(rule, level)
  const isThere = from !== null && typeof site?.attributes[from.attribute] === 'number'
  return isThere ? 'site_bound_changed' : 'site_bound_removed'
}
