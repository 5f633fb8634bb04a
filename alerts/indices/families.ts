/** Properties that feed the same indices are read and kept together. */

import {
  feedingProperties,
  isAirIndex,
  siteIndexNames,
} from '../../domain/standards/site/coverage.ts'

export interface Family {
  name: 'air' | 'rain' | 'level' | 'water' | 'soil'
  properties: ReadonlySet<string>
}

const families: readonly Family[] = [
  { name: 'air', properties: feeding(siteIndexNames.filter(isAirIndex)) },
  { name: 'rain', properties: feeding(['rain-grade', 'rainstorm-signal']) },
  { name: 'level', properties: feeding(['flood-signal', 'low-water-signal']) },
  { name: 'soil', properties: feeding(['drought-signal']) },
  { name: 'water', properties: feeding(['gb3838', 'gb5749']) },
]

function feeding(indices: readonly Parameters<typeof feedingProperties>[0][]): ReadonlySet<string> {
  return new Set(indices.flatMap((index) => [...feedingProperties(index)]))
}

const byProperty: ReadonlyMap<string, Family> = new Map(
  families.flatMap((family) => [...family.properties].map((property) => [property, family])),
)

/** Undefined for a property that feeds no index. */
export function familyOf(property: string): Family | undefined {
  return byProperty.get(property)
}
