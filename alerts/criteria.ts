/**
 * A rule as it applies at one site: bounds that refer to site attributes become numbers.
 * A level whose attribute is missing or no number at the site does not exist there.
 */

import { type AlertLevel, alertLevels, type Bound, type Rule } from '../domain/rule.ts'
import type { Site } from '../domain/site.ts'
import { durationMs } from '../domain/text.ts'

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
}

/** Null when the rule has no level at this site. */
export function criteriaOf(rule: Rule, site: Site | undefined): Criteria | null {
  const sign = rule.direction === 'above' ? 1 : -1
  const thresholds: Threshold[] = []
  for (const level of alertLevels) {
    const bound = numberOf(rule.levels[level], site)
    if (bound === null) continue
    thresholds.push({ level, bound, clear: tidy(bound - sign * rule.clearMargin) })
  }
  if (thresholds.length === 0) return null
  const bounds = thresholds.map(({ level, bound, clear }) => `${level}:${bound}:${clear}`)
  return {
    direction: rule.direction,
    thresholds,
    raiseAfterMs: durationMs(rule.raiseAfter),
    clearAfterMs: durationMs(rule.clearAfter),
    basis: `${rule.direction} ${bounds.join(' ')}`,
  }
}

function numberOf(bound: Bound | undefined, site: Site | undefined): number | null {
  if (bound === undefined) return null
  if (typeof bound === 'number') return bound
  const base = site?.attributes[bound.attribute]
  return typeof base === 'number' && Number.isFinite(base) ? tidy(base + bound.plus) : null
}

/** 0.1 + 0.2 is 0.3 to the people who set the bound: 12 significant digits are kept. */
function tidy(sum: number): number {
  return Number(sum.toPrecision(12))
}
