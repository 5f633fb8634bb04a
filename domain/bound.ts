/** The bound of a level as a number: as the rule gives it, or from an attribute of a site. */

import type { Bound } from './rule.ts'
import type { Site } from './site.ts'

/** Null when there is none: the site has no such attribute, or it is no number. */
export function boundAt(
  bound: Bound | undefined,
  site: Pick<Site, 'attributes'> | undefined,
): number | null {
  if (bound === undefined) return null
  if (typeof bound === 'number') return bound
  const base = site?.attributes[bound.attribute]
  return typeof base === 'number' && Number.isFinite(base) ? tidySum(base, bound.plus) : null
}

/** 0.1 + 0.2 is 0.3 to the people who set the bound: 12 significant digits are kept. */
export function tidySum(a: number, b: number): number {
  return Number((a + b).toPrecision(12))
}
