/**
 * Bounds that no national standard gives as a plain number for every place, or that need a site's own figures.
 * A city starts from them and edits them; starter rules and the tables of `flood-signal` are made from them.
 */

import type { Bound, Levels } from '../../rule.ts'
import { alertLevels } from '../../rule.ts'
import type { BothLanguages } from '../../text.ts'
import type { Confidence, StandardTable } from '../definition.ts'

export interface StartingBounds {
  title: BothLanguages
  /** Where the idea and the numbers come from, with "local practice" where that is all there is. */
  clause: string
  confidence: Confidence
  /** Code of the catalogue; bounds are in its unit. */
  property: string
  /** Both include the bound itself. */
  direction: 'above' | 'below'
  /** As a rule has them: numbers, or attributes of the site. */
  levels: Levels
  notes: readonly string[]
}

function shown(bound: Bound | undefined): string | number | null {
  if (bound === undefined) return null
  if (typeof bound === 'number') return bound
  const { attribute, plus } = bound
  return plus === 0 ? attribute : `${attribute} ${plus > 0 ? '+' : '−'} ${Math.abs(plus)}`
}

export function tableOf(bounds: StartingBounds): StandardTable {
  const sign = bounds.direction === 'above' ? '≥' : '≤'
  return {
    title: bounds.title,
    clause: bounds.clause,
    confidence: bounds.confidence,
    columns: ['level', `${bounds.property} ${sign}`],
    rows: alertLevels.map((level) => [level, shown(bounds.levels[level])]),
    notes: bounds.notes,
  }
}
