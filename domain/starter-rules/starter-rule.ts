/**
 * A rule to start from: valid as it stands, with the place its bounds come from and what to know before people
 * are woken by it. Once installed it is a rule like any other, to be edited or removed.
 */

import type { z } from 'zod'
import { type Rule, ruleSchema } from '../rule.ts'
import type { Confidence } from '../standards/definition.ts'
import type { StartingBounds } from '../standards/flood/starting-bounds.ts'
import type { BothLanguages } from '../text.ts'

export interface Basis {
  /** Standard and clause of the bounds, or "local practice". */
  source: string
  /** How sure we are that the source says so. */
  confidence: Confidence
  /** What to check or set before relying on it. */
  notes: readonly string[]
}

export interface StarterRule extends Basis {
  rule: Rule
}

export interface StarterGroup {
  /** What `bellwether rules install --only` takes. */
  id: string
  title: BothLanguages
  /** What holds for all of its rules. */
  notes: readonly string[]
  rules: readonly StarterRule[]
}

type GivenRule = z.input<typeof ruleSchema> & { name: BothLanguages }

export function starterRule(given: GivenRule, basis: Basis): StarterRule {
  return { rule: ruleSchema.parse(given), ...basis }
}

/** Property, direction, levels and basis are those of the bounds. */
export function ruleFromBounds(
  bounds: StartingBounds,
  given: Omit<GivenRule, 'property' | 'direction' | 'levels'>,
): StarterRule {
  const { property, direction, levels, clause: source, confidence, notes } = bounds
  return starterRule({ ...given, property, direction, levels }, { source, confidence, notes })
}
