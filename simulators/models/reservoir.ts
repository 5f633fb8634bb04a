/** Reservoirs in the hills: the level keeps what the rain of days brought and is let down slowly. */

import type { CityDevice } from '../device.ts'
import { dayMs, hourMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, drift, rounded } from '../noise.ts'
import { rainDepth } from './rain.ts'

const memoryMs = 4 * dayMs
const lagMs = 2 * hourMs
const releaseMs = 30 * hourMs

/** Metres of lake per mm of rain on its basin. */
const riseMPerMm = 0.025

function usualLevel(device: CityDevice): number {
  return between(device.key, 40, [118, 132])
}

/** Site attributes in m above the datum. */
export function reservoirLevels(device: CityDevice): Record<string, number> {
  const usual = usualLevel(device)
  return {
    floodLimitLevel: rounded(usual + 0.8, 2),
    normalStorageLevel: rounded(usual + 2.5, 2),
    designFloodLevel: rounded(usual + 4, 2),
  }
}

export function reservoirSample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const toMs = atMs - lagMs
  const fromMs = toMs - memoryMs
  const depth = rainDepth(scene, device.place, { fromMs, toMs })
  const keptPerStep = Math.exp(-hourMs / releaseMs)
  let stored = 0
  let before = depth(fromMs)
  for (let t = fromMs + hourMs; t <= toMs; t += hourMs) {
    const now = depth(t)
    stored = stored * keptPerStep + (now - before)
    before = now
  }
  const level = usualLevel(device) + stored * riseMPerMm + 0.05 * drift(device.key, atMs, 3 * dayMs)
  return { water_level: rounded(level, 2) }
}
