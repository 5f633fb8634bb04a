/**
 * Smart water meters of quarters of the town. The counter is the exact integral of the demand, so it only grows
 * and the flow is always its slope.
 */

import type { CityDevice } from '../device.ts'
import { dayMs, hourMs, hourOfDay } from '../calendar.ts'
import { between, drift, rounded } from '../noise.ts'

/** Waves per day with their weight and the hour of their first height: morning and evening peaks, quiet nights. */
const waves = [
  { perDay: 1, weight: 0.42, hour: 15 },
  { perDay: 2, weight: 0.33, hour: 7.8 },
  { perDay: 3, weight: 0.1, hour: 4 },
] as const

/** Demand relative to the day's mean, between about 0.3 and 1.8. */
export function demandAt(atMs: number): number {
  const hour = hourOfDay(atMs)
  let demand = 1
  for (const { perDay, weight, hour: peak } of waves) {
    demand += weight * Math.cos((2 * Math.PI * perDay * (hour - peak)) / 24)
  }
  return demand
}

/** Days' worth of mean demand since local midnight of some day; the integral of `demandAt`. */
function demandOfDay(atMs: number): number {
  const hour = hourOfDay(atMs)
  let sum = hour / 24
  for (const { perDay, weight, hour: peak } of waves) {
    const wave = (h: number) => Math.sin((2 * Math.PI * perDay * (h - peak)) / 24)
    sum += (weight / (2 * Math.PI * perDay)) * (wave(hour) - wave(0))
  }
  return sum
}

/** Installed on 2024-01-01, local time. */
const installedMs = Date.UTC(2023, 11, 31, 16)

export function meterSample(device: CityDevice, atMs: number): Record<string, number> {
  const { key } = device
  const perDayM3 = between(key, 100, [0.25, 45])
  const days = Math.floor((atMs - installedMs) / dayMs)
  const volume = perDayM3 * (days + demandOfDay(atMs))
  return {
    meter_volume: rounded(Math.max(0, volume), 3),
    meter_flow: rounded((perDayM3 / 24) * demandAt(atMs), 4),
    pressure_head: rounded(28 - 2 * demandAt(atMs) + 0.5 * drift(key, atMs, hourMs), 1),
  }
}
