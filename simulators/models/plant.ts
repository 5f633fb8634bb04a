/** Water works: clear water within GB 5749-2022 (turbidity below 1 NTU, residual chlorine from 0.3 mg/L), pumped by demand. */

import type { CityDevice } from '../device.ts'
import { hourMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, drift, rounded } from '../noise.ts'
import { demandAt } from './meter.ts'
import { rainBetween } from './rain.ts'

export function plantSample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const { key } = device
  const rainMm = rainBetween(scene, device.place, { fromMs: atMs - 10 * hourMs, toMs: atMs })
  const demand = demandAt(atMs)
  return {
    meter_flow: rounded(between(key, 90, [3_500, 8_000]) * demand, 0),
    pressure_head: rounded(42 - 3 * (demand - 1) + 0.8 * drift(key, atMs, hourMs), 1),
    residual_chlorine: rounded(0.58 + 0.1 * drift(key, atMs, 3 * hourMs) - 0.0008 * rainMm, 2),
    turbidity: rounded(0.22 + 0.06 * drift(key, atMs, 5 * hourMs) + 0.003 * rainMm, 2),
    ph: rounded(7.4 + 0.1 * drift(key, atMs, 8 * hourMs), 2),
    tank_level: rounded(3.6 - 0.9 * (demand - 1) + 0.2 * drift(key, atMs, 12 * hourMs), 2),
  }
}
