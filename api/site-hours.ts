/**
 * The clock hours of a site as its indices need them, from the readings store: one pass over each series, adding up
 * what counts for its property, and the devices of a property made one.
 */

import type { Timers } from '../domain/ports.ts'
import type { Aggregate, SeriesKey } from '../domain/reading.ts'
import { type Hours, type HourWindow, hourMs } from '../domain/standards/averages/clock-hour.ts'
import { completed } from '../domain/standards/averages/completeness.ts'
import {
  type HourStatistic,
  stationHours,
  statisticOf,
} from '../domain/standards/averages/station.ts'
import { durationMs } from '../domain/text.ts'
import type { ReadingsReader } from '../stores/readings/readings.ts'
import type { SeriesParts } from './series-filter.ts'
import { turn } from './turn.ts'

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

/** By property: all that devices of the site have ever sent, with no hours for those silent in this time. */
export async function readSiteHours(
  parts: SiteHoursParts,
  plan: SiteHoursPlan,
): Promise<ReadonlyMap<string, Hours>> {
  const series = seriesOf(parts, plan.site).filter(({ property }) => plan.properties.has(property))
  const windows = new Map(series.map((key) => [key.property, new Map<string, HourWindow[]>()]))
  for (const { device, property } of series) windows.get(property)?.set(device, [])
  for (const fn of statistics) {
    const own = series.filter(({ property }) => statisticOf(property) === fn)
    if (own.length === 0) continue
    for await (const page of hourPages(parts.readings, plan, { fn, series: own })) {
      for (const { device, property, from, value, count } of page) {
        if (value === null) continue
        windows
          .get(property)
          ?.get(device)
          ?.push({ from: from - closedEndMs(fn), value, count })
      }
      await turn(parts.timers)
    }
  }
  return new Map(
    [...windows].map(([property, devices]) => [
      property,
      stationHours(
        property,
        [...devices].map(([device, own]) => completed(own, intervalMs(parts, device))),
      ),
    ]),
  )
}

/** All that devices of the site have ever sent. */
export function seriesOf({ sites, latest }: SeriesParts, site: string): SeriesKey[] {
  return sites
    .devicesAt(site)
    .flatMap((device) =>
      [...(latest.of(device)?.keys() ?? [])].map((property) => ({ device, property })),
    )
}

function hourPages(
  readings: ReadingsReader,
  { from, to }: SiteHoursPlan,
  { fn, series }: { fn: HourStatistic; series: readonly SeriesKey[] },
): AsyncIterable<readonly Aggregate[]> | Iterable<readonly Aggregate[]> {
  const shift = closedEndMs(fn)
  return readings.aggregate({
    ...{ fn, series, everyMs: hourMs },
    ...{ from: from + shift, to: to + shift, originMs: (from % hourMs) + shift },
  })
}

/** Rain fell in the interval that ends at the time of its reading, so its hours are closed at their end. */
function closedEndMs(fn: HourStatistic): number {
  return fn === 'sum' ? 1 : 0
}

function intervalMs({ view }: SeriesParts, device: string): number | null {
  const expected = view.device(device)?.expectedInterval ?? null
  const ms = expected === null ? 0 : durationMs(expected)
  return ms > 0 ? ms : null
}
