/** Every index there is, by its name. The API, the rules, the boards and `docs/standards.md` are made from this map. */

import { cnAqiDaily, cnAqiHourly } from './air/cn-definitions.ts'
import { euAqi } from './air/eu-aqi.ts'
import { usAqiDefinition } from './air/us-definitions.ts'
import { usNowcastDefinition } from './air/us-nowcast.ts'
import type { IndexDefinition, IndexName } from './definition.ts'
import { floodSignal } from './flood/flood-signal.ts'
import { floodSize } from './flood/flood-size.ts'
import { droughtIndex, lowWaterIndex } from './flood/low-signals.ts'
import { rainGrade } from './rain/rain-grade.ts'
import { rainstormSignal } from './rain/rainstorm-signal.ts'
import { gb3838 } from './water/gb3838.ts'
import { gb5749 } from './water/gb5749.ts'

const definitions: readonly IndexDefinition[] = [
  cnAqiDaily,
  cnAqiHourly,
  usAqiDefinition,
  usNowcastDefinition,
  euAqi,
  gb3838,
  gb5749,
  rainGrade,
  rainstormSignal,
  floodSize,
  floodSignal,
  lowWaterIndex,
  droughtIndex,
]

export const indexDefinitions: ReadonlyMap<IndexName, IndexDefinition> = new Map(
  definitions.map((definition) => [definition.name, definition]),
)
