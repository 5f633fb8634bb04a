/** A sewage spill: leaves one outfall, travels down the river with the water and thins out on the way. */

import { hourMs } from '../calendar.ts'
import { type Scene, swell } from '../episodes.ts'
import type { Place } from '../places.ts'

/** Where the broken main meets the river. */
export const spillEastKm = -4
const travelKmPerHour = 3
const halvesAfterKm = 12

/** How strongly the spill is felt in the river, 0 to its intensity; nothing upstream of it. */
export function spillInRiver(scene: Scene, place: Place, atMs: number): number {
  const wayKm = place.eastKm - spillEastKm
  if (wayKm < 0) return 0
  const delayMs = (wayKm / travelKmPerHour) * hourMs
  return strength(scene, atMs - delayMs) * 0.5 ** (wayKm / halvesAfterKm)
}

/** How strongly the spill is felt in what leaves an outfall: only outfalls close to the break. */
export function spillAtOutfall(scene: Scene, place: Place, atMs: number): number {
  return Math.abs(place.eastKm - spillEastKm) > 4 ? 0 : strength(scene, atMs)
}

function strength(scene: Scene, atMs: number): number {
  let sum = 0
  for (const episode of scene.episodes) {
    if (episode.kind === 'spill') sum += episode.intensity * swell(episode, atMs)
  }
  return sum
}
