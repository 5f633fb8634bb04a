/** The simulated city that the boards are shown with: a day of smog, a cloudburst, a sewage spill, and silent places. */

import type { Rule } from '../../../domain/rule.ts'
import type { Site } from '../../../domain/site.ts'
import { hourMs } from '../../../simulators/calendar.ts'
import { type City, makeCity, sceneOf } from '../../../simulators/city.ts'
import type { CityDevice } from '../../../simulators/device.ts'
import { episode, type Scene } from '../../../simulators/episodes.ts'
import { type Values, observe } from '../../../simulators/observe.ts'
import { sampleTime } from '../../../simulators/reports.ts'
import { cityRules, usualPatience } from '../../../simulators/rules.ts'

export interface BoardCity {
  city: City
  scene: Scene
  sites: ReadonlyMap<string, Site>
  rules: readonly Rule[]
  /** "Now" of everything that is written. */
  end: number
  /** From when on a device says nothing any more, or `end`. */
  silentFrom(device: CityDevice): number
}

/** 2026-07-15 10:10 in the city: it still rains, streets are under water, and the wave runs down the river. */
export const boardsEnd = Date.parse('2026-07-15T02:10:00Z')

export function boardCity(devices: number, end = boardsEnd): BoardCity {
  const city = makeCity({ seed: 7, devices })
  const scene = sceneOf(city, [
    episode('pollution', end - 30 * hourMs, { intensity: 0.7, durationMs: 16 * hourMs }),
    episode('cloudburst', end - 2.4 * hourMs),
    episode('spill', end - 42 * hourMs, { intensity: 0.35, durationMs: 20 * hourMs }),
    episode('spill', end - 9 * hourMs, { intensity: 0.8, durationMs: 8 * hourMs }),
  ])
  const silentHours = new Map(
    (['air', 'street', 'meter', 'rain', 'soil'] as const).flatMap((model, i) => {
      const device = city.devices.findLast((one) => one.model === model)
      return device === undefined ? [] : [[device.id, 3 + 7 * i] as const]
    }),
  )
  return {
    city,
    scene,
    sites: new Map(city.sites.map((site) => [site.id, site])),
    rules: cityRules(usualPatience),
    end,
    silentFrom: ({ id }) => end - (silentHours.get(id) ?? 0) * hourMs,
  }
}

/** What a device measured up to now, at its own pace or, `hourly`, once an hour. */
export function* samplesOf(
  { scene, end, silentFrom }: BoardCity,
  device: CityDevice,
  { fromMs, hourly = false }: { fromMs: number; hourly?: boolean },
): Generator<{ at: number; values: Values }> {
  const until = Math.min(end, silentFrom(device))
  const step = hourly ? hourMs : device.sampleMs
  const phase = hourly ? 0 : sampleTime(device, 0)
  for (let at = Math.ceil((fromMs - phase) / step) * step + phase; at <= until; at += step) {
    yield { at, values: observe(scene, device, at) }
  }
}

export function groupedBy<Item, Key>(
  items: readonly Item[],
  keyOf: (item: Item) => Key,
): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>()
  for (const item of items) {
    const key = keyOf(item)
    groups.set(key, [...(groups.get(key) ?? []), item])
  }
  return groups
}
