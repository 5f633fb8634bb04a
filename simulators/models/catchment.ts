/**
 * From rain to runoff: the basin's rain passes a chain of equal linear reservoirs (Nash's unit hydrograph) and a
 * lag that grows downstream. Returns the runoff that arrives, in mm per hour of basin rain.
 */

import { hourMs, minuteMs } from '../calendar.ts'
import type { Scene } from '../episodes.ts'
import type { Place } from '../places.ts'
import { rainDepth } from './rain.ts'

export interface Catchment {
  /** Where its rain is felt. */
  centre: Place
  lagMs: number
  /** Time constant of each of the three reservoirs. */
  storeMs: number
}

const stepMs = 10 * minuteMs

/** Largest ordinate of the three-reservoir unit hydrograph times its time constant: 2² e⁻² / 2. */
const peakOrdinate = 2 * Math.exp(-2)

export function runoff(scene: Scene, catchment: Catchment, atMs: number): number {
  const toMs = atMs - catchment.lagMs
  const steps = Math.ceil((14 * catchment.storeMs) / stepMs)
  const fromMs = toMs - steps * stepMs
  const depth = rainDepth(scene, catchment.centre, { fromMs, toMs })
  let later = depth(toMs)
  if (later - depth(fromMs) === 0) return 0
  let sum = 0
  for (let i = 0; i < steps; i++) {
    const earlier = depth(toMs - (i + 1) * stepMs)
    const u = ((i + 0.5) * stepMs) / catchment.storeMs
    sum += (later - earlier) * ((u * u) / 2) * Math.exp(-u)
    later = earlier
  }
  return sum / (catchment.storeMs / hourMs)
}

/** Runoff at the crest after so much rain at once: the measure that channels are sized by. */
export function crestRunoff(catchment: Catchment, rainMm: number): number {
  return (rainMm * peakOrdinate) / (catchment.storeMs / hourMs)
}
