/** Every index there is, by its name. The API, the rules, the boards and `docs/standards.md` are made from this map. */

import { cnAqiDaily, cnAqiHourly } from './air/cn-definitions.ts'
import { euAqi } from './air/eu-aqi.ts'
import { usAqiDefinition } from './air/us-definitions.ts'
import { usNowcastDefinition } from './air/us-nowcast.ts'
import type { IndexDefinition, IndexName } from './definition.ts'

const definitions: readonly IndexDefinition[] = [
  cnAqiDaily,
  cnAqiHourly,
  usAqiDefinition,
  usNowcastDefinition,
  euAqi,
]

export const indexDefinitions: ReadonlyMap<IndexName, IndexDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
)
