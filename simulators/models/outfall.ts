/** Outfalls: treated water and, after rain, what the storm drains carry; near a broken main raw sewage. */

import type { CityDevice } from '../device.ts'
import { bumpOfDay, hourMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, drift, rounded } from '../noise.ts'
import { rainBetween } from './rain.ts'
import { spillAtOutfall } from './spill.ts'

export function outfallSample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const { key } = device
  const rainMm = rainBetween(scene, device.place, { fromMs: atMs - 2 * hourMs, toMs: atMs })
  const spill = spillAtOutfall(scene, device.place, atMs)
  const use = 1 + 0.35 * bumpOfDay(atMs, 8, 2.5) + 0.4 * bumpOfDay(atMs, 20, 3)
  const usual = between(key, 80, [0.02, 0.35])
  const slow = drift(key, atMs, 7 * hourMs)
  return {
    flow: rounded(usual * (use + rainMm / 12 + spill), 4),
    ph: rounded(7.2 + 0.2 * slow, 2),
    cod: rounded(between(key, 81, [18, 34]) + 4 * slow + 260 * spill, 1),
    nh3n: rounded(between(key, 82, [0.6, 2.4]) + 0.3 * slow + 32 * spill, 2),
    tp: rounded(between(key, 83, [0.12, 0.36]) + 0.05 * slow + 4 * spill, 2),
    conductivity: rounded(640 + 70 * slow + 500 * spill, 0),
  }
}
