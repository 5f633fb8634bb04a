/** An alert stands on the bound that an attribute of its site gives: it is not taken away from under it by the way. */

import type { AlertView } from '../../domain/alert.ts'
import { Fault } from '../../domain/errors.ts'
import type { Rule } from '../../domain/rule.ts'
import type { Site } from '../../domain/site.ts'
import type { ApiContext } from '../context.ts'

const alertsMax = 10_000
const named = 3

/** Throws `conflict` when an open alert stands on an attribute that `after` has no number for. */
export async function keepBounds(
  { alerts, view }: Pick<ApiContext, 'alerts' | 'view'>,
  before: Site,
  after: Site,
): Promise<void> {
  const lost = Object.keys(before.attributes).filter(
    (name) => isNumber(before.attributes[name]) && !isNumber(after.attributes[name]),
  )
  if (lost.length === 0) return
  const state = ['firing', 'acknowledged', 'stale'] as const
  const open = await alerts.list({ site: before.id, state, limit: alertsMax })
  for (const attribute of lost) {
    const standing = open.filter(
      (alert) => attributeOf(alert, view.get('rule', alert.rule)) === attribute,
    )
    if (standing.length === 0) continue
    const which = standing
      .slice(0, named)
      .map(({ id, level, rule }) => `${id} (${level}, rule "${rule}")`)
    const more = standing.length > named ? ` and ${standing.length - named} more` : ''
    throw new Fault(
      'conflict',
      `attributes.${attribute}: an open alert stands on it and would end without the value coming back: ${which.join(', ')}${more}. Give it a number, or ask with ?force=true; then the alert ends with endedBy "site".`,
      { field: `attributes.${attribute}` },
    )
  }
}

/** An alert of an earlier version does not say it: then the rule does. */
function attributeOf({ level, boundFrom }: AlertView, rule: Rule | undefined): string | null {
  if (boundFrom !== undefined) return boundFrom?.attribute ?? null
  const bound = rule?.levels[level]
  return typeof bound === 'object' ? bound.attribute : null
}

function isNumber(value: number | string | undefined): boolean {
  return typeof value === 'number'
}
