/**
 * Water on streets and in underpasses: what falls beyond the capacity of the drains gathers at the low point and
 * runs off like a linear reservoir. So depth follows rain by minutes to half an hour.
 */

import type { CityDevice } from '../device.ts'
import { hourMs, minuteMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, clamp, drift, rounded, unit } from '../noise.ts'
import { rainDepth } from './rain.ts'

/** Underpasses gather water of the streets around and are pumped. */
export function isUnderpass(device: { key: number }): boolean {
  return unit(device.key, 20) < 0.4
}

const memoryMs = 8 * hourMs
const stepMs = 2 * minuteMs

/** Metres of water above the road, 0 on a dry one. */
export function streetDepth(scene: Scene, device: CityDevice, atMs: number): number {
  const fromMs = atMs - memoryMs
  const depth = rainDepth(scene, device.place, { fromMs, toMs: atMs })
  let before = depth(fromMs)
  if (depth(atMs) - before < 1) return 0
  const underpass = isUnderpass(device)
  const drainMmPerStep = (between(device.key, 21, [24, 38]) * stepMs) / hourMs
  const gathers = underpass ? between(device.key, 22, [32, 52]) : between(device.key, 22, [9, 20])
  const keptPerStep = Math.exp(-stepMs / (between(device.key, 23, [18, 35]) * minuteMs))
  let stored = 0
  for (let t = fromMs + stepMs; t <= atMs; t += stepMs) {
    const now = depth(t)
    stored = stored * keptPerStep + Math.max(0, now - before - drainMmPerStep) * gathers
    before = now
  }
  return Math.min(2, stored / 1_000)
}

/** `water_depth` in m, to a centimetre as ultrasonic and pressure probes give it. */
export function streetSample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const depth = streetDepth(scene, device, atMs)
  const ripple = depth > 0.02 ? 0.01 * drift(device.key, atMs, 3 * minuteMs) : 0
  return { water_depth: rounded(clamp(depth + ripple, 0, 2), 2) }
}

/** At this depth a sleeping sensor wakes and reports at once (half the height of a kerb). */
export const wakeDepthM = 0.1
