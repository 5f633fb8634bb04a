/**
 * Which series a second look is for, which others it needs to judge them by, and how far back their past matters.
 */

import type { Device } from '../domain/device.ts'
import type { TestSettings } from '../domain/quality-plan.ts'
import { plansAt, testsWith } from '../domain/quality-settings.ts'
import type { SeriesKey } from '../domain/reading.ts'
import { placeOf } from '../domain/scope.ts'
import { durationMs } from '../domain/text.ts'
import type { RegistryView } from '../stores/records/registry.ts'

export interface SeriesChoice {
  site?: string
  device?: string
  property?: string
}

export interface ReevaluationScope {
  /** Of registered devices: what holds for a reading depends on where its device is. */
  chosen: readonly SeriesKey[]
  /** The chosen ones and those that stand near them, for the neighbour test. */
  needed: readonly SeriesKey[]
  /** Readings that are older than this before the first one do not matter to its flag. */
  memoryMs: number
}

/** Even where no threshold looks back so far: tests know what is usual from some of the past. */
const memoryMsMin = 86_400_000

export function scopeOf(
  view: RegistryView,
  series: readonly SeriesKey[],
  choice: SeriesChoice,
): ReevaluationScope {
  const plans = view.all('quality-plan')
  const chosen: SeriesKey[] = []
  /** Property → places of chosen series whose neighbours are asked. */
  const asking = new Map<string, Near[]>()
  let memoryMs = memoryMsMin
  for (const one of series) {
    const device = view.device(one.device)
    if (device === undefined || !isWished(view, device, one.property, choice)) continue
    chosen.push(one)
    for (const id of sitesOf(view, device)) {
      const site = id === null ? undefined : view.site(id)
      const plansHere = plansAt(plans, one.property, placeOf({ ...device, site: id }, site))
      const tests = testsWith(one.property, plansHere)
      memoryMs = Math.max(memoryMs, lookBackMs(tests))
      if (!tests.neighbour || !site?.location) continue
      const near = { location: site.location, withinKm: tests.neighbour.withinKm }
      const others = asking.get(one.property)
      if (others === undefined) asking.set(one.property, [near])
      else others.push(near)
    }
  }
  const isChosen = new Set(chosen)
  const needed = series.filter((one) => {
    if (isChosen.has(one)) return true
    const device = view.device(one.device)
    if (device === undefined) return false
    return sitesOf(view, device).some((id) => {
      const location = id === null ? undefined : view.site(id)?.location
      return location && asking.get(one.property)?.some((near) => mayBeNear(near, location))
    })
  })
  return { chosen, needed, memoryMs }
}

function isWished(
  view: RegistryView,
  device: Device,
  property: string,
  choice: SeriesChoice,
): boolean {
  return (
    (choice.device === undefined || device.id === choice.device) &&
    (choice.site === undefined || sitesOf(view, device).includes(choice.site)) &&
    (choice.property === undefined || property === choice.property)
  )
}

/** Where the device has ever stood. */
function sitesOf(view: RegistryView, { id, site }: Device): (string | null)[] {
  return view.placements(id)?.map((placement) => placement.site) ?? [site]
}

function lookBackMs({
  flat_line: flat,
  attenuated_signal: weak,
  neighbour,
  time_gap: gap,
}: TestSettings): number {
  const durations = [flat?.suspect, flat?.fail, weak?.over, neighbour?.age, gap?.suspect]
  return Math.max(0, ...durations.map((text) => (text === undefined ? 0 : durationMs(text))))
}

interface Near {
  location: readonly [number, number]
  withinKm: number
}

const kmPerDegree = 111

/** A box around the circle: one that lies just outside is read in vain, which does no harm. */
function mayBeNear(
  { location: [lon, lat], withinKm }: Near,
  other: readonly [number, number],
): boolean {
  const degrees = withinKm / kmPerDegree + 0.1
  if (Math.abs(other[1] - lat) > degrees) return false
  const shrink = Math.cos((Math.min(90, Math.abs(lat) + degrees) * Math.PI) / 180)
  const apart = Math.abs(other[0] - lon)
  return Math.min(apart, 360 - apart) <= degrees / shrink
}
