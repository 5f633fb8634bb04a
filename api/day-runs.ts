/**
 * Windows of a day: a day begins where the site is, so series of sites in other time zones are asked for apart.
 */

import { zoneOf } from '../domain/calendar.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { SeriesStretch } from './series-stretch.ts'

/** What a window of `1d` is: from midnight, from 08:00 (rain and rivers), or from 00:00 UTC. */
export const dayKinds = ['natural', 'hydrological', 'utc'] as const
export type DayKind = (typeof dayKinds)[number]

const beginningHour: Readonly<Record<Exclude<DayKind, 'utc'>, number>> = {
  natural: 0,
  hydrological: 8,
}

export interface DayRun {
  series: readonly SeriesStretch[]
  /** Absent: windows of 24 hours in UTC. */
  day?: { zone: string; hour: number }
}

/** Splits series into runs of one time zone each and leaves their order as it is. */
export type DayRuns = (series: readonly SeriesStretch[]) => readonly DayRun[]

export function createDayRuns(view: RegistryView, kind: DayKind, timeZone: string): DayRuns {
  if (kind === 'utc') return (series) => [{ series }]
  const hour = beginningHour[kind]
  const zones = new Map<string | null, string>()

  function zoneAt({ device, part }: SeriesStretch): string {
    const site = (part ?? view.device(device))?.site ?? null
    const known = zones.get(site)
    if (known !== undefined) return known
    const zone = zoneOf(site === null ? undefined : view.site(site), timeZone)
    zones.set(site, zone)
    return zone
  }

  return (series) => {
    const runs: { series: SeriesStretch[]; day: { zone: string; hour: number } }[] = []
    for (const key of series) {
      const zone = zoneAt(key)
      const run = runs.at(-1)
      if (run?.day.zone === zone) run.series.push(key)
      else runs.push({ series: [key], day: { zone, hour } })
    }
    return runs
  }
}
