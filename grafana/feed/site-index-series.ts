/**
 * The indices of one site over the last days, as points: 48 whole hours (12 of the NowCast) and three whole days. They
 * are made anew each time from what is stored now, so that data which came late shows.
 */

import { type Day, type DayCalendar, zoneOf } from '../../domain/calendar.ts'
import type { Site } from '../../domain/site.ts'
import { type Hours, hourMs, hourOf } from '../../domain/standards/averages/clock-hour.ts'
import {
  feedingProperties,
  fits,
  indexCalendar,
  isDaily,
  lookBackMs,
  readsOnMs,
  settlesMs,
  type SiteIndexName,
  siteIndexNames,
} from '../../domain/standards/site/coverage.ts'
import { siteIndexAt } from '../../domain/standards/site-indices.ts'
import type { BoardPoint } from '../../stores/readings/board-points.ts'
import { readSiteHours, type SiteHoursParts, seriesOf } from '../../indices/site-hours.ts'
import { periodsOf } from '../../indices/site-index-plan.ts'
import { yieldTo } from '../../runtime/async/yield.ts'
import { siteIndexPoint } from './site-index-point.ts'

const dayMs = 24 * hourMs
const hoursBack = 48
/** Of the NowCast, which is made from two weeks of ozone: it costs as much as all the others together. */
const dearHoursBack = 12
const daysBack = 3
/** A day more, from which the intervals of devices are learned. */
const learnedFromMs = dayMs

export async function siteIndexPoints(
  parts: SiteHoursParts,
  site: Site,
  { now, timeZone }: { now: number; timeZone: string },
): Promise<BoardPoint[]> {
  const properties = new Set(seriesOf(parts, site.id).map(({ property }) => property))
  const indices = siteIndexNames.filter((name) => fits(name, site, properties))
  const zone = zoneOf(site, timeZone)
  const points: BoardPoint[] = []
  for (const group of groupsOf(indices)) {
    const spans = group.map((index) => {
      const calendar = indexCalendar(index, zone)
      const known = now - settlesMs(index, properties)
      return { index, calendar, periods: periodsUpTo(known, index, calendar) }
    })
    const hours = await hoursFor(parts, site, spans)
    for (const { index, calendar, periods } of spans) {
      for (const period of periods) {
        const answer = siteIndexAt({ site, calendar }, hours, { index, edition: null, period })
        if (answer !== null) points.push(siteIndexPoint(site, answer, period))
        // An index takes some 0.1 ms, a NowCast of ozone 8 ms.
        await yieldTo(parts.timers)
      }
    }
  }
  return points
}

/** Those that look back about as far share one look into the store. */
function groupsOf(indices: readonly SiteIndexName[]): SiteIndexName[][] {
  const far = indices.filter((index) => lookBackMs(index) > dayMs)
  const near = indices.filter((index) => lookBackMs(index) <= dayMs)
  return [near, far].filter((group) => group.length > 0)
}

function periodsUpTo(now: number, index: SiteIndexName, calendar: DayCalendar): Day[] {
  const hours = lookBackMs(index) > dayMs ? dearHoursBack : hoursBack
  const from = isDaily(index)
    ? calendar.dayOf(now - daysBack * dayMs).from
    : hourOf(calendar, now) - hours * hourMs
  return [...periodsOf({ index, from, to: now }, calendar)]
}

async function hoursFor(
  parts: SiteHoursParts,
  site: Site,
  spans: readonly { index: SiteIndexName; periods: readonly Day[] }[],
): Promise<ReadonlyMap<string, Hours>> {
  let from = Number.POSITIVE_INFINITY
  let to = Number.NEGATIVE_INFINITY
  const properties = new Set<string>()
  for (const { index, periods } of spans) {
    for (const property of feedingProperties(index)) properties.add(property)
    for (const period of periods) {
      from = Math.min(from, period.from, period.to - lookBackMs(index))
      to = Math.max(to, period.to + readsOnMs(index))
    }
  }
  if (from > to) return new Map()
  return readSiteHours(parts, { site: site.id, properties, from: from - learnedFromMs, to })
}
