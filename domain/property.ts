/** What can be observed: one entry of the property catalogue, and the lookup over all of them. */

import type { BothLanguages } from './text.ts'

export const propertyDomains = ['air', 'weather', 'water', 'hydro', 'utility', 'device'] as const
export type PropertyDomain = (typeof propertyDomains)[number]

/** How values of one series combine over time. `vector` is for directions in degrees. */
export type Accumulation = 'mean' | 'sum' | 'last' | 'vector'

export interface Property {
  /** Key in payloads and in the API, such as `pm25`. */
  code: string
  name: BothLanguages
  domain: PropertyDomain
  /** UCUM code of the unit values are stored in. */
  unit: string
  /** Plausible range in that unit, both ends inclusive; outside it a reading is refused as `out_of_range`. */
  min: number
  max: number
  accumulation: Accumulation
  /** Pollutant factor code of HJ 212, or null where the standard has none. */
  hj212: string | null
  /** Other UCUM units that are understood: `value in unit = sent × scale + offset`. */
  convertible: Readonly<Record<string, { scale: number; offset: number }>>
}
