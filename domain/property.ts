/** What can be observed: one entry of the property catalogue, and the lookup over all of them. */

import type { BothLanguages } from './text.ts'

export const propertyDomains = ['air', 'weather', 'water', 'hydro', 'utility', 'device'] as const
export type PropertyDomain = (typeof propertyDomains)[number]

/**
 * What kind of quantity a property is; it decides how readings are taken together over time, everywhere.
 * - `instant`: a state at the moment of the reading, such as a temperature; its mean counts.
 * - `interval`: an amount of the interval that ends with the reading, such as rain; it adds up, and a reading of 08:00
 *   belongs to the window that ends at 08:00.
 * - `counter`: a register that goes on growing; its increments count (`counter.ts`), each as an amount of an interval.
 * - `level`: in decibels; averaged as energy (`decibel.ts`).
 * - `direction`: in degrees; averaged as unit vectors.
 */
export const quantities = ['instant', 'interval', 'counter', 'level', 'direction'] as const
export type Quantity = (typeof quantities)[number]

/** How values of one series combine over time unless asked otherwise. `vector` is for directions in degrees. */
export type Accumulation = 'mean' | 'sum' | 'last' | 'vector'

const accumulations: Readonly<Record<Quantity, Accumulation>> = {
  instant: 'mean',
  interval: 'sum',
  counter: 'last',
  level: 'mean',
  direction: 'vector',
}

export function accumulationOf({ quantity }: Pick<Property, 'quantity'>): Accumulation {
  return accumulations[quantity]
}

/** Whether readings belong to the window that ends with them, (from, to], and not to the one that begins, [from, to). */
export function closesWindow(quantity: Quantity): boolean {
  return quantity === 'interval' || quantity === 'counter'
}

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
  quantity: Quantity
  /** Pollutant factor code of HJ 212, or null where the standard has none. */
  hj212: string | null
  /** Other UCUM units that are understood: `value in unit = sent × scale + offset`. */
  convertible: Readonly<Record<string, { scale: number; offset: number }>>
}
