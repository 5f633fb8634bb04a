/** Soil stations in the hills: each rain lifts the moisture, days of sun bring it down. */

import type { CityDevice } from '../device.ts'
import { bumpOfDay, dayMs, hourMs, summer } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, clamp, drift, rounded } from '../noise.ts'
import { rainDepth } from './rain.ts'

const memoryMs = 6 * dayMs
const dryingMs = 40 * hourMs
const stepMs = 3 * hourMs

/** `soil_moisture` in % by volume and `soil_temperature` in °C at 20 cm. */
export function soilSample(scene: Scene, device: CityDevice, atMs: number): Record<string, number> {
  const fromMs = atMs - memoryMs
  const depth = rainDepth(scene, device.place, { fromMs, toMs: atMs })
  const keptPerStep = Math.exp(-stepMs / dryingMs)
  let stored = 0
  let before = depth(fromMs)
  for (let t = fromMs + stepMs; t <= atMs; t += stepMs) {
    const now = depth(t)
    stored = stored * keptPerStep + (now - before)
    before = now
  }
  const dry = between(device.key, 110, [16, 24])
  const porosity = between(device.key, 111, [40, 48])
  const moisture = dry + (porosity - dry) * (1 - Math.exp(-stored / 45))
  const warmth = 17 + 9 * summer(atMs) + 1.5 * bumpOfDay(atMs, 17, 5)
  return {
    soil_moisture: rounded(clamp(moisture + 0.4 * drift(device.key, atMs, 5 * hourMs), 5, 55), 1),
    soil_temperature: rounded(warmth + 0.5 * drift(device.key, atMs, dayMs), 1),
  }
}
