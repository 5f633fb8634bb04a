/**
 * Windows begin as clocks and calendar say where the site is, so series of sites in other time zones are asked for apart
 * where these differ.
 */

import { type CivilPeriod, zoneOf } from '../../domain/calendar.ts'
import { zoneClock } from '../../domain/zone-clock.ts'
import type { RegistryView } from '../../stores/records/registry.ts'
import type { SeriesStretch } from '../../indices/series-stretch.ts'
import { isOfDays, type WindowLength } from './window-lengths.ts'

/** When days begin, and weeks, months and years with them: at midnight, at 08:00 (rain and rivers), or at 00:00 UTC. */
export const dayKinds = ['natural', 'hydrological', 'utc'] as const
export type DayKind = (typeof dayKinds)[number]

const beginningHour: Readonly<Record<DayKind, number>> = { natural: 0, hydrological: 8, utc: 0 }

/** Where windows begin, as the readings store is asked; neither: at multiples of their length in UTC. */
interface Beginnings {
  originMs?: number
  civil?: CivilPeriod
}

export interface DayRun extends Beginnings {
  series: readonly SeriesStretch[]
}

/** Splits series into runs of windows that begin alike, and leaves their order as it is. */
export type DayRuns = (series: readonly SeriesStretch[]) => readonly DayRun[]

export interface DayRunsPlan {
  length: WindowLength
  kind: DayKind
  from: number
  to: number
}

export function createDayRuns(view: RegistryView, plan: DayRunsPlan, timeZone: string): DayRuns {
  const isUtc = plan.kind === 'utc' || plan.length.unit === dayMs
  const zones = new Map<string | null, Beginnings>()
  const beginnings = new Map<string, Beginnings>()

  function beginningsIn(zone: string): Beginnings {
    const known = beginnings.get(zone) ?? beginningsOf(plan, zone)
    beginnings.set(zone, known)
    return known
  }

  function beginningsAt({ device, part }: SeriesStretch): Beginnings {
    if (isUtc) return beginningsIn('UTC')
    const site = (part ?? view.device(device))?.site ?? null
    const known = zones.get(site)
    if (known !== undefined) return known
    const zone = zoneOf(site === null ? undefined : view.site(site), timeZone)
    const found = beginningsIn(zone)
    zones.set(site, found)
    return found
  }

  return (series) => {
    const runs: (Beginnings & { series: SeriesStretch[] })[] = []
    for (const key of series) {
      const own = beginningsAt(key)
      const run = runs.at(-1)
      if (run !== undefined && areAlike(run, own)) run.series.push(key)
      else runs.push({ ...own, series: [key] })
    }
    return runs
  }
}

function areAlike(a: Beginnings, b: Beginnings): boolean {
  return a.originMs === b.originMs && a.civil?.zone === b.civil?.zone
}

function beginningsOf({ length, kind, from, to }: DayRunsPlan, zone: string): Beginnings {
  const { unit, everyMs } = length
  if (isOfDays(length)) {
    if (zone === 'UTC' && unit === 'day' && kind !== 'hydrological') return {}
    return { civil: { zone, hour: beginningHour[kind], unit } }
  }
  const originMs = commonOrigin(zone, everyMs, { from, to })
  if (originMs === undefined) return { civil: { zone, hour: 0, unit } }
  return originMs === 0 ? {} : { originMs }
}

const dayMs = 86_400_000
/** No reading is older. */
const firstMs = 0

/** One beginning for all windows of the time asked for; undefined where clocks are turned by a part of a window. */
function commonOrigin(
  zone: string,
  everyMs: number,
  { from, to }: { from: number; to: number },
): number | undefined {
  const clock = zoneClock(zone)
  let at = Math.max(from, firstMs)
  const offset = clock.offsetMs(at)
  for (;;) {
    const turned = clock.turn(at, to)
    if (turned === undefined) return (((-offset % everyMs) + everyMs) % everyMs) + 0
    if ((clock.offsetMs(turned) - offset) % everyMs !== 0) return undefined
    at = turned
  }
}
