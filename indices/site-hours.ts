/**
 * The clock hours of a site as its indices need them, from the readings store: one pass over each series, adding up
 * what counts for its property, and the devices of a property made one.
 */

import type { Timers } from '../domain/ports.ts'
import type { Aggregate } from '../domain/reading.ts'
import { type Hours, type HourWindow, hourMs } from '../domain/standards/averages/clock-hour.ts'
import { completed } from '../domain/standards/averages/completeness.ts'
import {
  type HourStatistic,
  stationHours,
  statisticOf,
} from '../domain/standards/averages/station.ts'
import { durationMs } from '../domain/text.ts'
import type { ReadingsReader } from '../stores/readings/readings.ts'
import type { SeriesParts } from './site-series.ts'
import { runsOf, type SeriesStretch, type StretchRun, within } from './series-stretch.ts'
import { yieldTo } from '../runtime/async/yield.ts'

export interface SiteHoursParts extends SeriesParts {
  readings: ReadingsReader
  timers: Pick<Timers, 'soon'>
}

export interface SiteHoursPlan {
  site: string
  /** Others are not looked at. */
  properties: ReadonlySet<string>
  /** Starts of clock hours, milliseconds since 1970 UTC; half-open. */
  from: number
  to: number
}

const statistics = ['mean', 'sum', 'max'] as const satisfies readonly HourStatistic[]

/** By property: all that was ever sent from the site, with no hours for those silent in this time. */
export async function readSiteHours(
  parts: SiteHoursParts,
  plan: SiteHoursPlan,
): Promise<ReadonlyMap<string, Hours>> {
  const series = seriesOf(parts, plan.site).filter(({ property }) => plan.properties.has(property))
  const windows = new Map(
    series.map(({ property }) => [property, new Map<SeriesStretch, HourWindow[]>()]),
  )
  for (const one of series) windows.get(one.property)?.set(one, [])
  for (const fn of statistics) {
    const own = series.filter(({ property }) => statisticOf(property) === fn)
    for (const run of runsOf(own)) {
      const found = new Map(run.series.map((one) => [`${one.property} ${one.device}`, one]))
      for await (const page of hourPages(parts.readings, plan, { fn, ...run })) {
        for (const { device, property, from, value, count } of page) {
          const one = found.get(`${property} ${device}`)
          if (value === null || one === undefined) continue
          windows.get(property)?.get(one)?.push({ from, value, count })
        }
        await yieldTo(parts.timers)
      }
    }
  }
  return new Map(
    [...windows].map(([property, stretches]) => [
      property,
      stationHours(
        property,
        [...stretches].map(([{ device }, own]) => completed(own, intervalMs(parts, device))),
      ),
    ]),
  )
}

/** All that was ever sent from the site: of a device that came and went what it sent while it stood there. */
export function seriesOf({ view, sites, latest }: SeriesParts, site: string): SeriesStretch[] {
  return sites.staysAt(site).flatMap(({ device, from, until }) => {
    const part = view.placements(device) === undefined ? {} : { part: { site, from, until } }
    const properties = [...(latest.of(device)?.keys() ?? [])]
    return properties.map((property) => ({ device, property, ...part }))
  })
}

function hourPages(
  readings: ReadingsReader,
  plan: SiteHoursPlan,
  { fn, series, part }: StretchRun & { fn: HourStatistic },
): AsyncIterable<readonly Aggregate[]> | Iterable<readonly Aggregate[]> {
  const { from, to } = within(plan, { series, ...(part === undefined ? {} : { part }) })
  if (from >= to) return []
  return readings.aggregate({ fn, series, everyMs: hourMs, from, to, originMs: plan.from % hourMs })
}

function intervalMs({ view }: SeriesParts, device: string): number | null {
  const expected = view.device(device)?.expectedInterval ?? null
  const ms = expected === null ? 0 : durationMs(expected)
  return ms > 0 ? ms : null
}
