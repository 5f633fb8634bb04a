/** What a healthy device would measure at a moment: one pure function over all models. */

import type { CityDevice } from './device.ts'
import type { Scene } from './episodes.ts'
import { airSample } from './models/air.ts'
import { meterSample } from './models/meter.ts'
import { outfallSample } from './models/outfall.ts'
import { plantSample } from './models/plant.ts'
import { rainSample } from './models/rain.ts'
import { reservoirSample } from './models/reservoir.ts'
import { riverSample } from './models/river.ts'
import { soilSample } from './models/soil.ts'
import { streetSample } from './models/street.ts'
import { waterQualitySample } from './models/water-quality.ts'

/** Values by property code of the catalogue, in its units. */
export type Values = Record<string, number>

export function observe(scene: Scene, device: CityDevice, atMs: number): Values {
  switch (device.model) {
    case 'air':
      return airSample(scene, device, atMs)
    case 'river':
      return riverSample(scene, device, atMs)
    case 'reservoir':
      return reservoirSample(scene, device, atMs)
    case 'rain':
      return rainSample(scene, device, atMs)
    case 'street':
      return streetSample(scene, device, atMs)
    case 'surface-water':
      return waterQualitySample(scene, device, atMs)
    case 'plant':
      return plantSample(scene, device, atMs)
    case 'outfall':
      return outfallSample(scene, device, atMs)
    case 'soil':
      return soilSample(scene, device, atMs)
    case 'meter':
      return meterSample(device, atMs)
  }
}
