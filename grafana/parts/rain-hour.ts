/** Bounds of rain within an hour, as the rule to start from has them: boards and rules never differ. */

import { rainRules } from '../../domain/starter-rules/rain.ts'
import type { StarterRule } from '../../domain/starter-rules/starter-rule.ts'

function found(): StarterRule {
  const rule = rainRules.rules.find(({ rule: { id } }) => id === 'starter-rain-hour')
  if (rule === undefined) throw new Error('There is no rule to start from on the rain of an hour.')
  return rule
}

const { rule, source } = found()

export const rainHour = { levels: rule.levels, source } as const
