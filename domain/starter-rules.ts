/**
 * Rules for a city to start from, group by group: `bellwether rules install` puts them into the registry, where they
 * are edited. `docs/standards.md` shows each with its source.
 */

import { airRules } from './starter-rules/air.ts'
import { deviceRules } from './starter-rules/devices.ts'
import { drinkingWaterRules } from './starter-rules/drinking-water.ts'
import { droughtRules } from './starter-rules/drought.ts'
import { reservoirRules, riverRules, streetRules } from './starter-rules/flood.ts'
import { rainRules } from './starter-rules/rain.ts'
import type { StarterGroup } from './starter-rules/starter-rule.ts'
import { surfaceWaterRules } from './starter-rules/surface-water.ts'

export const starterGroups: readonly StarterGroup[] = [
  airRules,
  surfaceWaterRules,
  drinkingWaterRules,
  rainRules,
  riverRules,
  reservoirRules,
  streetRules,
  droughtRules,
  deviceRules,
]
