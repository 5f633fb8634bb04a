/**
 * What a request for the indices of a site asks for: which indices, of which whole hours and days. The order is fixed
 * (index, time), so a cursor is a place in it.
 */

import { z } from 'zod'
import type { Day, DayCalendar } from '../domain/calendar.ts'
import { Fault } from '../domain/errors.ts'
import type { Site } from '../domain/site.ts'
import { hourMs, hourOf } from '../domain/standards/averages/clock-hour.ts'
import {
  fits,
  isDaily,
  settlesMs,
  type SiteIndexName,
  siteIndexNames,
} from '../domain/standards/site/coverage.ts'
import { definitionOf } from '../domain/standards/site-indices.ts'

const dayMs = 24 * hourMs
/** Longest time of one request. */
const daysMax = { hourly: 31, daily: 366 }
/** For a client whose "31 days ago" is of a moment before ours, and days of 25 hours. */
const slackMs = 2 * hourMs
/** Unless `from` is given: the last 24 whole hours, the last 7 whole days. */
const usual = { hourly: dayMs + hourMs - 1, daily: 8 * dayMs - 1 }

export interface SiteIndexRequest {
  from?: number | undefined
  to?: number | undefined
  index?: readonly SiteIndexName[] | undefined
  edition?: string | undefined
}

/** Where a page ended. The end of the time is kept, because its default moves with the clock. */
export const siteIndexPlace = z.strictObject({
  index: z.enum(siteIndexNames),
  /** End of the hour or day told last. */
  at: z.int(),
  from: z.int().nullable(),
  to: z.int(),
})
export type SiteIndexPlace = z.infer<typeof siteIndexPlace>

/** One index over a time. */
export interface IndexSpan {
  index: SiteIndexName
  from: number
  to: number
}

/** The indices asked for that mean something at the site, in the order of their names' list. */
export function indicesOf(
  { index, edition }: SiteIndexRequest,
  site: Site,
  properties: ReadonlySet<string>,
): readonly SiteIndexName[] {
  const wanted = siteIndexNames.filter((name) => index === undefined || index.includes(name))
  if (edition === undefined) return wanted.filter((name) => fits(name, site, properties))
  const having = wanted.filter((name) => editionsOf(name).includes(edition))
  const lacking =
    index === undefined && having.length > 0 ? [] : wanted.filter((name) => !having.includes(name))
  if (lacking.length > 0) throw unknownEdition(edition, lacking)
  return having.filter((name) => fits(name, site, properties))
}

function editionsOf(index: SiteIndexName): readonly string[] {
  return definitionOf(index).editions.map(({ id }) => id)
}

function unknownEdition(edition: string, indices: readonly SiteIndexName[]): Fault {
  const there = indices.map((name) => `${name}: ${editionsOf(name).join(', ')}`)
  return new Fault(
    'bad_request',
    `edition: ${JSON.stringify(edition)} is not one of ${indices.length === 1 ? 'this index' : 'these indices'}; there are ${there.join('; ')}.`,
    { field: 'edition' },
  )
}

/** The time of each index; nothing after now, since what is not over has no index yet. */
export function spansOf(
  request: SiteIndexRequest,
  indices: readonly SiteIndexName[],
  {
    now,
    place,
    measured,
  }: { now: number; place: SiteIndexPlace | undefined; measured: ReadonlySet<string> },
): readonly IndexSpan[] {
  const { from: asked = place?.from ?? undefined } = request
  if (asked !== undefined && request.to !== undefined && asked >= request.to) {
    throw new Fault('bad_request', 'to: must be after from.', { field: 'to' })
  }
  return indices.map((index) => {
    const to = Math.min(request.to ?? place?.to ?? now, now - settlesMs(index, measured))
    const daily = isDaily(index)
    const from = asked ?? to - (daily ? usual.daily : usual.hourly)
    const days = daily ? daysMax.daily : daysMax.hourly
    if (to - from > days * dayMs + slackMs) throw tooLong(index, days)
    return { index, from, to }
  })
}

function tooLong(index: SiteIndexName, days: number): Fault {
  return new Fault(
    'bad_request',
    `from: ${index} is given for at most ${days} days at a time; ask for less time, or name other indices.`,
    { field: 'from' },
  )
}

/** Whole clock hours or natural days of the site that lie in the span, rising; only those after `after`. */
export function* periodsOf(span: IndexSpan, calendar: DayCalendar, after?: number): Generator<Day> {
  const start = Math.max(span.from, after ?? span.from)
  let period = isDaily(span.index) ? calendar.dayOf(start) : hourAt(hourOf(calendar, start))
  while (period.to <= span.to) {
    if (period.from >= start) yield period
    period = isDaily(span.index) ? calendar.dayOf(period.to) : hourAt(period.to)
  }
}

function hourAt(from: number): Day {
  return { from, to: from + hourMs }
}
