/**
 * River gauges along the Lan: stage from the runoff of the hills, later and flatter the further downstream.
 * A cloudburst of intensity 1 passes the guarantee level at the upper gauges.
 */

import type { CityDevice } from '../device.ts'
import { hourMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import { between, drift, rounded } from '../noise.ts'
import { riverEndKm } from '../places.ts'
import { type Catchment, crestRunoff, runoff } from './catchment.ts'

/** The rain of a cloudburst of intensity 1 as the hills feel it. */
const designRainMm = 62

interface Reach {
  catchment: Catchment
  zeroM: number
  usualDepthM: number
  /** How much the design rain lifts the river here. */
  riseM: number
}

/** 0 where the river enters the map, 1 where it leaves. */
function downstream(device: CityDevice): number {
  return (device.place.eastKm + riverEndKm) / (2 * riverEndKm)
}

function reachOf(device: CityDevice): Reach {
  const share = downstream(device)
  return {
    catchment: {
      centre: { eastKm: -16, northKm: 0 },
      lagMs: (0.5 + 3.5 * share) * hourMs,
      storeMs: (0.45 + 0.35 * share) * hourMs,
    },
    zeroM: rounded(41 - 16 * share, 2),
    usualDepthM: 1.4 + 1.2 * share + between(device.key, 30, [-0.1, 0.1]),
    riseM: 3.4 - 0.9 * share + between(device.key, 31, [-0.15, 0.15]),
  }
}

/** Site attributes in m above the datum. Warning and guarantee levels are passed at 50 and 72 % of the design rise. */
export function riverLevels(device: CityDevice): Record<string, number> {
  const reach = reachOf(device)
  const usual = reach.zeroM + reach.usualDepthM
  return {
    gaugeZero: reach.zeroM,
    warningLevel: rounded(usual + 0.5 * reach.riseM, 2),
    guaranteeLevel: rounded(usual + 0.72 * reach.riseM, 2),
    historicMaximum: rounded(usual + 1.25 * reach.riseM, 2),
  }
}

/** Depth of the water above the gauge's zero, in m. */
function riverDepth(scene: Scene, device: CityDevice, atMs: number): number {
  const reach = reachOf(device)
  const crest = crestRunoff(reach.catchment, designRainMm * (1 + 0.35 * downstream(device)))
  const share = runoff(scene, reach.catchment, atMs) / crest
  return reach.usualDepthM + reach.riseM * share ** 0.8 + 0.03 * drift(device.key, atMs, 5 * hourMs)
}

/** `water_level` in m above the datum, `flow` in m³/s by the gauge's rating curve, `velocity` in m/s. */
export function riverSample(
  scene: Scene,
  device: CityDevice,
  atMs: number,
): Record<string, number> {
  const reach = reachOf(device)
  const depth = riverDepth(scene, device, atMs)
  const relative = depth / reach.usualDepthM
  return {
    water_level: rounded(reach.zeroM + depth, 2),
    flow: rounded((35 + 45 * downstream(device)) * relative ** 1.67, 1),
    velocity: rounded(0.7 * relative ** 0.5, 2),
  }
}
