/**
 * Requests of the water indices at a site. What the standards ask about the place stands in its attributes:
 * `targetClass` (I … V), `waterBody` (`river` or `lake`; a reservoir is a lake unless it says otherwise),
 * `supplyPoint` (`plant` or `network`; a water plant is the plant unless it says otherwise) and `disinfectant`.
 * An attribute that the standard does not know is passed over.
 */

import type { Site } from '../../site.ts'
import type { IndexRequest, Indicator } from '../definition.ts'

export type WaterIndex = 'gb3838' | 'gb5749'
/** Null: missing now; undefined: never measured there. */
export type Figure = (property: string) => number | null | undefined

const targets: readonly unknown[] = ['I', 'II', 'III', 'IV', 'V']
const disinfectants: ReadonlyMap<unknown, string> = new Map(
  ['free_chlorine', 'total_chlorine', 'ozone', 'chlorine_dioxide'].map((name) => [name, name]),
)

/** May honestly lie below zero; all else is a little below it only by the scatter of instruments in clean water. */
const mayBeNegative: ReadonlySet<string> = new Set(['water_temperature'])

export function waterRequest(
  index: WaterIndex,
  { edition, indicators }: { edition: string; indicators: readonly Indicator[] },
  site: Pick<Site, 'kind' | 'attributes'>,
  figure: Figure,
): IndexRequest {
  const values: Record<string, number | null> = {}
  for (const { code, property } of indicators) {
    if (property === null) continue
    const value = figure(property)
    if (value === undefined) continue
    values[code] = value === null || mayBeNegative.has(property) ? value : Math.max(0, value)
  }
  return { edition, values, options: index === 'gb3838' ? surface(site) : drinking(site) }
}

function surface({ kind, attributes }: Pick<Site, 'kind' | 'attributes'>) {
  const { targetClass, waterBody } = attributes
  const lake =
    waterBody === 'lake' ||
    waterBody === 'reservoir' ||
    (kind === 'reservoir' && waterBody !== 'river')
  return {
    waterBody: lake ? 'lake' : 'river',
    ...(targets.includes(targetClass) ? { target: targetClass } : {}),
  }
}

function drinking({ kind, attributes }: Pick<Site, 'kind' | 'attributes'>) {
  const { supplyPoint, disinfectant } = attributes
  const plant = supplyPoint === 'plant' || (kind === 'water-plant' && supplyPoint !== 'network')
  const inUse = disinfectants.get(disinfectant)
  return {
    point: plant ? 'plant' : 'network',
    ...(inUse === undefined ? {} : { disinfectant: inUse }),
  }
}
