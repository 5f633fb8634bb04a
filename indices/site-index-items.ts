/**
 * The indices of a site one after the other, computed only as far as they are asked for. Each index reads the clock
 * hours that it needs once, with what it looks back to and a day more, from which intervals are learned.
 */

import type { Day } from '../domain/calendar.ts'
import type { Site } from '../domain/site.ts'
import { hourMs } from '../domain/standards/averages/clock-hour.ts'
import type { IndexAnswer } from '../domain/standards/definition.ts'
import {
  feedingProperties,
  indexCalendar,
  isDaily,
  lookBackMs,
  readsOnMs,
} from '../domain/standards/site/coverage.ts'
import { siteIndexAt } from '../domain/standards/site-indices.ts'
import { readSiteHours, type SiteHoursParts } from './site-hours.ts'
import { type IndexSpan, periodsOf, type SiteIndexPlace } from './site-index-plan.ts'
import { yieldTo } from '../runtime/async/yield.ts'

export interface SiteIndexItem {
  answer: IndexAnswer
  period: Day
}

export interface ItemsPlan {
  site: Site
  zone: string
  spans: readonly IndexSpan[]
  /** Of the table to use; the one in force on each day if absent. */
  edition: string | undefined
  /** Continue behind it. */
  after: SiteIndexPlace | undefined
}

/** An index takes some 0.1 ms, ozone NowCasts 6 ms: others get their turn in between. */
const itemsPerTurn = 8
const learnedFromMs = 24 * hourMs

export async function* siteIndexItems(
  parts: SiteHoursParts,
  { site, zone, spans, edition, after }: ItemsPlan,
): AsyncGenerator<SiteIndexItem> {
  const start = after === undefined ? 0 : spans.findIndex(({ index }) => index === after.index)
  for (const span of spans.slice(Math.max(0, start))) {
    const calendar = indexCalendar(span.index, zone)
    const behind = span.index === after?.index ? after.at : undefined
    const periods = [...periodsOf(span, calendar, behind)]
    const hours = await hoursFor(parts, { site, span, periods })
    for (const [i, period] of periods.entries()) {
      const question = { index: span.index, edition: edition ?? null, period }
      const answer = siteIndexAt({ site, calendar }, hours, question)
      if (answer !== null) yield { answer, period }
      if (i % itemsPerTurn === itemsPerTurn - 1) await yieldTo(parts.timers)
    }
  }
}

async function hoursFor(
  parts: SiteHoursParts,
  { site, span, periods }: { site: Site; span: IndexSpan; periods: readonly Day[] },
) {
  const [first] = periods
  const last = periods.at(-1)
  if (first === undefined || last === undefined) return new Map()
  const back = isDaily(span.index) ? first.from : first.to - lookBackMs(span.index)
  return readSiteHours(parts, {
    site: site.id,
    properties: feedingProperties(span.index),
    from: Math.min(first.from, back) - learnedFromMs,
    to: last.to + readsOnMs(span.index),
  })
}
