/**
 * Rain over the city. Storms move from west to east and fade from their core; each has a closed form, so the
 * depth between any two moments is exact and cheap, and everything that rain drives can be computed from it.
 */

import type { CityDevice } from '../device.ts'
import { dayMs, hourMs, hydroDayStart } from '../calendar.ts'
import type { Episode, Scene } from '../episodes.ts'
import { between, mix, rounded, unit } from '../noise.ts'
import type { Place } from '../places.ts'

interface Storm {
  startMs: number
  durationMs: number
  /** At its core and height. */
  peakMmPerHour: number
  core: Place
  radiusKm: number
}

/** An intense convective cell over the hills and the western town; 85 mm at its core. */
function cloudburst(episode: Episode): Storm {
  return {
    startMs: episode.startMs,
    durationMs: episode.durationMs,
    peakMmPerHour: 85 * episode.intensity,
    core: { eastKm: -7, northKm: 0 },
    radiusKm: 16,
  }
}

/** Everyday rain: in every second pair of days or so a few hours of it, too light for any alert. */
const slotMs = 2 * dayMs

function everydayStorm(sceneKey: number, slot: number): Storm | null {
  const key = mix(mix(sceneKey, 0x7261696e), slot)
  if (unit(key, 0) > 0.4) return null
  return {
    startMs: slot * slotMs + between(key, 1, [0, 38 * hourMs]),
    durationMs: between(key, 2, [2, 7]) * hourMs,
    peakMmPerHour: between(key, 3, [1, 6]),
    core: { eastKm: between(key, 4, [-20, 20]), northKm: between(key, 5, [-10, 10]) },
    radiusKm: between(key, 6, [15, 40]),
  }
}

function stormsBetween(scene: Scene, fromMs: number, toMs: number): Storm[] {
  const storms: Storm[] = []
  for (const episode of scene.episodes) {
    if (episode.kind === 'cloudburst') storms.push(cloudburst(episode))
  }
  const lastSlot = Math.floor((toMs + 2 * hourMs) / slotMs)
  for (let slot = Math.floor((fromMs - 2 * hourMs) / slotMs); slot <= lastSlot; slot++) {
    const storm = everydayStorm(scene.key, slot)
    if (storm !== null) storms.push(storm)
  }
  return storms
}

const stormSpeedKmPerHour = 30

/** Depth in mm that has fallen at a place since the storm began; a squared sine over its duration, integrated. */
function fallen(storm: Storm, place: Place, atMs: number): number {
  const arrivalMs =
    storm.startMs + ((place.eastKm - storm.core.eastKm) / stormSpeedKmPerHour) * hourMs
  const x = Math.min(1, Math.max(0, (atMs - arrivalMs) / storm.durationMs))
  if (x === 0) return 0
  const away = Math.hypot(place.eastKm - storm.core.eastKm, place.northKm - storm.core.northKm)
  const local = Math.exp(-((away / storm.radiusKm) ** 2) / 2)
  const hours = storm.durationMs / hourMs
  return storm.peakMmPerHour * local * hours * (x / 2 - Math.sin(2 * Math.PI * x) / (4 * Math.PI))
}

/** Cumulative depth in mm at a place, as a function of time that holds from `fromMs` to `toMs`. */
export function rainDepth(
  scene: Scene,
  place: Place,
  span: { fromMs: number; toMs: number },
): (atMs: number) => number {
  const storms = stormsBetween(scene, span.fromMs, span.toMs)
  return (atMs) => {
    let depth = 0
    for (const storm of storms) depth += fallen(storm, place, atMs)
    return depth
  }
}

/** Rain in mm between two moments. */
export function rainBetween(
  scene: Scene,
  place: Place,
  span: { fromMs: number; toMs: number },
): number {
  const depth = rainDepth(scene, place, span)
  return depth(span.toMs) - depth(span.fromMs)
}

/** Bucket size of the city's tipping-bucket gauges. */
const tipMm = 0.2

/** `rainfall`: mm since the sample before; `rain_total`: mm since 08:00 local time. */
export function rainSample(scene: Scene, device: CityDevice, atMs: number): Record<string, number> {
  const dayStartMs = hydroDayStart(atMs - 1)
  const fromMs = atMs - device.sampleMs
  const catches = between(device.key, 10, [0.93, 1.03])
  const depth = rainDepth(scene, device.place, { fromMs: Math.min(dayStartMs, fromMs), toMs: atMs })
  const tips = (a: number, b: number) =>
    Math.floor((catches * depth(b)) / tipMm) - Math.floor((catches * depth(a)) / tipMm)
  return {
    rainfall: rounded(tips(fromMs, atMs) * tipMm, 1),
    rain_total: rounded(tips(dayStartMs, atMs) * tipMm, 1),
  }
}
