/**
 * The property catalogue: every property that readings can be of, by its code. The codes, units and meanings
 * only grow; devices and stored readings rely on them.
 */

import { air } from './catalogue/air.ts'
import { device } from './catalogue/device.ts'
import { hydro } from './catalogue/hydro.ts'
import { utility } from './catalogue/utility.ts'
import { water } from './catalogue/water.ts'
import { weather } from './catalogue/weather.ts'
import type { Property, Quantity } from './property.ts'

/** All properties by code, domain by domain. */
export const properties: ReadonlyMap<string, Property> = new Map(
  [...air, ...weather, ...water, ...hydro, ...utility, ...device].map((property) => [
    property.code,
    property,
  ]),
)

/** The property with this code, or undefined when the catalogue does not have it. */
export function propertyOf(code: string): Property | undefined {
  return properties.get(code)
}

/** What kind of quantity a property is; a state of the moment where the catalogue does not have it. */
export function quantityOf(code: string): Quantity {
  return properties.get(code)?.quantity ?? 'instant'
}

/** True for the state of devices (`battery`, `rsrp`, …), which attributes messages may carry as well. */
export function isDeviceProperty(code: string): boolean {
  return properties.get(code)?.domain === 'device'
}
