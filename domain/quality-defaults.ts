/**
 * What quality control asks of each property unless a plan says otherwise. Generous on purpose: a false alarm in a
 * flash flood, a dust storm or a spill keeps a true alert back, which is worse than a small fault that is missed.
 *
 * A property without an entry has the gross range test alone: its plausible range of the catalogue, outside of which
 * readings were refused before. No property has a default for climatology (it belongs to a place), for the attenuated
 * signal, or for neighbours but temperature: a fire beside one station is exactly what people want to be told of.
 */

import { air } from './quality-defaults/air.ts'
import type { QualityDefault } from './quality-defaults/default.ts'
import { device } from './quality-defaults/device.ts'
import { hydro } from './quality-defaults/hydro.ts'
import { utility } from './quality-defaults/utility.ts'
import { water } from './quality-defaults/water.ts'
import { weather } from './quality-defaults/weather.ts'
import type { TestSettings } from './quality-plan.ts'

/** By property code. */
export const qualityDefaults: ReadonlyMap<string, QualityDefault> = new Map(
  Object.entries({ ...air, ...weather, ...water, ...hydro, ...utility, ...device }),
)

const none: TestSettings = {}

/** Thresholds of a property where no plan applies. */
export function defaultTests(property: string): TestSettings {
  return qualityDefaults.get(property)?.tests ?? none
}
