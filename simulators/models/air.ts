/**
 * Air stations: a town's breath of traffic and weather over the day, smog when an episode says so, and rain that
 * washes it out. PM10 always holds PM2.5; ozone follows the sun.
 */

import type { CityDevice } from '../device.ts'
import { bumpOfDay, dayMs, hourMs, summer } from '../calendar.ts'
import { type Scene, swell } from '../episodes.ts'
import { between, bell, clamp, drift, rounded } from '../noise.ts'
import { rainBetween } from './rain.ts'

/** Added by a smog episode of intensity 1 at its height, in µg/m³. */
const smogPm25 = 285

function smog(scene: Scene, device: CityDevice, atMs: number): number {
  let strength = 0
  for (const episode of scene.episodes) {
    if (episode.kind === 'pollution') strength += episode.intensity * swell(episode, atMs)
  }
  return smogPm25 * strength * between(device.key, 60, [0.8, 1.05])
}

/** Share of particles that are still in the air after the rain of the last hours. */
function leftAfterRain(recentRainMm: number): number {
  return 0.3 + 0.7 * Math.exp(-recentRainMm / 12)
}

export function airSample(scene: Scene, device: CityDevice, atMs: number): Record<string, number> {
  const { key } = device
  const rainMm = rainBetween(scene, device.place, { fromMs: atMs - 4 * hourMs, toMs: atMs })
  const traffic = 0.6 * bumpOfDay(atMs, 8, 2.5) + 0.7 * bumpOfDay(atMs, 19, 3)
  const local = between(key, 61, [0.9, 1.1])
  const grain = (places: number, n: number) =>
    1 + places * bell(key, Math.floor(atMs / 60_000) * 16 + n)
  const everyday = (26 + 7 * drift(scene.key, atMs, 36 * hourMs)) * (1 - 0.2 * summer(atMs))
  const pm25 =
    (everyday * local * (1 + 0.15 * traffic) + smog(scene, device, atMs)) *
    leftAfterRain(rainMm) *
    grain(0.015, 1)
  const dust = (16 + 6 * drift(key, atMs, 9 * hourMs)) * leftAfterRain(rainMm)
  const no2 = (18 + 24 * traffic) * local * grain(0.03, 2) + 0.08 * pm25
  const sun = bumpOfDay(atMs, 14, 4)
  return {
    pm25: rounded(pm25, 1),
    pm10: rounded(pm25 * 1.2 + dust, 1),
    so2: rounded((7 + 2 * drift(key, atMs, 11 * hourMs)) * grain(0.05, 3) + 0.03 * pm25, 1),
    no2: rounded(no2, 1),
    co: rounded(0.4 + 0.25 * traffic + pm25 / 280, 2),
    o3: rounded((28 + 85 * sun * (0.65 + 0.35 * summer(atMs))) * grain(0.03, 4), 1),
    ...weather({ scene, device, atMs, rainMm, sun }),
  }
}

interface Moment {
  scene: Scene
  device: CityDevice
  atMs: number
  rainMm: number
  sun: number
}

function weather({ scene, device, atMs, rainMm, sun }: Moment): Record<string, number> {
  const wet = 1 - Math.exp(-rainMm / 8)
  const temperature =
    17 + 11 * summer(atMs) + 6 * sun - 5 * wet + 2.5 * drift(scene.key, atMs, 2 * dayMs)
  const humidity = 66 - 18 * sun + 28 * wet + 6 * drift(device.key, atMs, 6 * hourMs)
  const turn = 90 + 150 * drift(scene.key, atMs + dayMs, 14 * hourMs)
  return {
    temperature: rounded(temperature + 0.3 * drift(device.key, atMs, hourMs), 1),
    humidity: rounded(clamp(humidity, 15, 100), 0),
    pressure: rounded(1_012 - 9 * summer(atMs) + 4 * drift(scene.key, atMs, 3 * dayMs), 1),
    wind_speed: rounded(2 + 1.1 * drift(device.key, atMs, 2 * hourMs) + 3 * wet, 1),
    wind_direction: Math.floor((turn + 360) % 360),
  }
}
