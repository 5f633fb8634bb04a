/**
 * Surface-water stations on the Lan: oxygen breathes with the day, rain muddies and dilutes the water, and a
 * sewage spill takes the oxygen and brings ammonia.
 */

import type { CityDevice } from '../device.ts'
import { bumpOfDay, dayMs, hourMs, summer } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, clamp, drift, rounded } from '../noise.ts'
import { rainBetween } from './rain.ts'
import { spillInRiver } from './spill.ts'

export function waterQualitySample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const { key } = device
  const rainMm = rainBetween(scene, device.place, { fromMs: atMs - 8 * hourMs, toMs: atMs })
  const spill = spillInRiver(scene, device.place, atMs)
  const sun = bumpOfDay(atMs, 15, 4)
  const slow = drift(key, atMs, 2 * dayMs)
  const diluted = 1 / (1 + rainMm / 80)
  const temperature = 17 + 9 * summer(atMs) + 0.8 * sun + 0.5 * slow
  const oxygen = 8.6 - 1.8 * summer(atMs) + 1.1 * sun + 0.3 * slow - 7 * Math.tanh(spill)
  const ammonia = (between(key, 70, [0.12, 0.4]) + 0.05 * slow) * diluted + 7 * spill
  return {
    ph: rounded(7.5 + between(key, 71, [-0.2, 0.3]) + 0.25 * sun - 0.5 * Math.tanh(spill), 2),
    dissolved_oxygen: rounded(clamp(oxygen, 0.2, 16), 2),
    water_temperature: rounded(temperature, 1),
    conductivity: rounded((360 + 40 * slow) * diluted + 420 * spill, 0),
    turbidity: rounded(between(key, 72, [5, 14]) + 1.5 * slow + 4 * rainMm + 60 * spill, 1),
    nh3n: rounded(ammonia, 3),
    tp: rounded(
      (between(key, 73, [0.05, 0.12]) + 0.01 * slow) * (1 + rainMm / 60) + 0.6 * spill,
      3,
    ),
    tn: rounded(1.2 + 0.2 * slow + ammonia * 1.3, 2),
    codmn: rounded(2.6 + 0.3 * slow + rainMm / 40 + 9 * spill, 2),
  }
}
