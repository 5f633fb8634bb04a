/**
 * What a city owns: for each kind of device how many, how often it measures, how it is connected and where it stands.
 * Shares follow what Chinese cities of this size run: few costly stations, many cheap street sensors and meters.
 */

import type { Site } from '../domain/site.ts'
import { hourMs, minuteMs } from './calendar.ts'

export const deviceModels = [
  'air',
  'river',
  'reservoir',
  'rain',
  'street',
  'surface-water',
  'plant',
  'outfall',
  'soil',
  'meter',
] as const
export type DeviceModel = (typeof deviceModels)[number]

export interface ModelPlan {
  kind: Site['kind']
  /** Short form in ids. */
  tag: string
  /** Of all devices. */
  share: number
  /** However large the city, never more than this. */
  most: number
  devicesPerSite: number
  sampleMs: number
  /** How many of them are NB-IoT devices that sleep. */
  nbiotShare: number
  samplesPerReport: number
  /** On the river in order from the hills to the mouth, in the hills above it, or anywhere in town. */
  lies: 'river' | 'hills' | 'town'
}

const town = { devicesPerSite: 1, nbiotShare: 0, samplesPerReport: 1, lies: 'town' } as const
const river = { ...town, lies: 'river' } as const

export const modelPlans: Readonly<Record<DeviceModel, ModelPlan>> = {
  air: { ...town, kind: 'air-station', tag: 'air', share: 0.12, most: 300, sampleMs: 5 * minuteMs },
  river: {
    ...river,
    kind: 'river-gauge',
    tag: 'river',
    share: 0.1,
    most: 24,
    sampleMs: 5 * minuteMs,
  },
  reservoir: {
    ...town,
    lies: 'hills',
    kind: 'reservoir',
    tag: 'reservoir',
    share: 0.02,
    most: 3,
    sampleMs: 10 * minuteMs,
  },
  rain: {
    ...town,
    kind: 'rain-gauge',
    tag: 'rain',
    share: 0.1,
    most: 400,
    sampleMs: 5 * minuteMs,
    nbiotShare: 0.5,
    samplesPerReport: 2,
  },
  street: {
    ...town,
    kind: 'street',
    tag: 'street',
    share: 0.2,
    most: 3_000,
    sampleMs: 5 * minuteMs,
    nbiotShare: 1,
    samplesPerReport: 12,
  },
  'surface-water': {
    ...river,
    kind: 'surface-water',
    tag: 'wq',
    share: 0.08,
    most: 60,
    sampleMs: 15 * minuteMs,
  },
  plant: {
    ...river,
    kind: 'water-plant',
    tag: 'plant',
    share: 0.02,
    most: 6,
    sampleMs: 5 * minuteMs,
  },
  outfall: {
    ...river,
    kind: 'outfall',
    tag: 'outfall',
    share: 0.08,
    most: 200,
    sampleMs: 15 * minuteMs,
  },
  soil: {
    ...town,
    lies: 'hills',
    kind: 'soil',
    tag: 'soil',
    share: 0.05,
    most: 500,
    sampleMs: 30 * minuteMs,
    nbiotShare: 1,
    samplesPerReport: 4,
  },
  meter: {
    ...town,
    kind: 'meter',
    tag: 'meter',
    share: 1,
    most: 50_000,
    devicesPerSite: 25,
    sampleMs: hourMs,
    nbiotShare: 1,
    samplesPerReport: 6,
  },
}

/** How many of each model a city of `devices` owns; at least one of each as far as they reach, meters fill up. */
export function inventory(devices: number): Map<DeviceModel, number> {
  const counts = new Map<DeviceModel, number>()
  let left = devices
  for (const [i, model] of deviceModels.entries()) {
    const plan = modelPlans[model]
    const wanted = Math.min(plan.most, Math.max(1, Math.round(devices * plan.share)))
    const keptForOthers = model === 'meter' ? 0 : Math.max(0, deviceModels.length - 1 - i)
    const count = Math.max(left > 0 ? 1 : 0, Math.min(wanted, left - keptForOthers))
    counts.set(model, Math.min(count, left))
    left -= Math.min(count, left)
  }
  return counts
}
