/**
 * A rule as it applies at one site: bounds that refer to site attributes become numbers.
 * A level whose attribute is missing or no number at the site does not exist there.
 */

import { createHash } from 'node:crypto'
import { boundAt, tidySum } from '../../domain/bound.ts'
import { type AlertLevel, alertLevels, type Rule } from '../../domain/rule.ts'
import type { Site } from '../../domain/site.ts'
import { durationMs } from '../../domain/text.ts'

export interface Threshold {
  level: AlertLevel
  bound: number
  /** The signal is clear of the level from here on, away from the bound. */
  clear: number
}

export interface Criteria {
  direction: Rule['direction']
  /** Rising severity; at least one. */
  thresholds: readonly Threshold[]
  raiseAfterMs: number
  clearAfterMs: number
  /** Names what the timers of a watch were measured against; when it changes they begin again. */
  basis: string
  /** Names all that alerts of a series follow from but its readings; what was observed under other terms stands. */
  terms: string
}

/** Null when the rule has no level at this site. */
export function criteriaOf(rule: Rule, site: Site | undefined): Criteria | null {
  const sign = rule.direction === 'above' ? 1 : -1
  const thresholds: Threshold[] = []
  for (const level of alertLevels) {
    const bound = boundAt(rule.levels[level], site)
    if (bound === null) continue
    thresholds.push({ level, bound, clear: tidySum(bound, -sign * rule.clearMargin) })
  }
  if (thresholds.length === 0) return null
  const bounds = thresholds.map(({ level, bound, clear }) => `${level}:${bound}:${clear}`)
  const basis = `${rule.direction} ${bounds.join(' ')}`
  return {
    direction: rule.direction,
    thresholds,
    raiseAfterMs: durationMs(rule.raiseAfter),
    clearAfterMs: durationMs(rule.clearAfter),
    basis,
    terms: termsOf([basis, rule.raiseAfter, rule.clearAfter, rule.signal, site?.id]),
  }
}

/** Short, because thousands of watches are written a second. */
function termsOf(all: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(all)).digest('base64url').slice(0, 8)
}
