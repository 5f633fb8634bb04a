/** One device of the simulated city. */

import type { DeviceModel } from './inventory.ts'
import type { Place } from './places.ts'

export interface CityDevice {
  id: string
  site: string
  model: DeviceModel
  /** The gateway that speaks for it, or null when it signs in itself. */
  gateway: string | null
  place: Place
  /** Its own chance: everything particular to this device follows from it. */
  key: number
  sampleMs: number
  /** Samples per report; above 1 the device sleeps in between and sends them together. */
  samplesPerReport: number
  radio: 'wired' | 'nbiot'
}
