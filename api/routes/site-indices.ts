/**
 * `/sites/{id}/indices`: the official indices of a site over time, computed from its stored readings when asked, so
 * that late data, another edition or a corrected flag is in the next answer.
 */

import { z } from 'zod'
import { zoneOf } from '../../domain/calendar.ts'
import { Fault } from '../../domain/errors.ts'
import { type SiteIndexName, siteIndexNames } from '../../domain/standards/site/coverage.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { answerJson, indexAnswerForm } from '../indices/index-forms.ts'
import { timeText } from '../readings/time-text.ts'
import { decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { listOf, moment } from '../http/query.ts'
import type { SeriesParts } from '../../indices/site-series.ts'
import { seriesOf } from '../../indices/site-hours.ts'
import { type SiteIndexItem, siteIndexItems } from '../../indices/site-index-items.ts'
import { indicesOf, siteIndexPlace, spansOf } from '../../indices/site-index-plan.ts'

const time = z.string().meta({ format: 'date-time' })

const siteIndexForm = indexAnswerForm
  .extend({
    site: z.string(),
    from: time.meta({ description: 'Start of the hour or day that the index is of' }),
    to: time,
  })
  .meta({ id: 'SiteIndex' })

const query = z.strictObject({
  from: moment.optional().meta({
    description:
      'Hours and days that begin at or after; unless given the last 24 hours of hourly and the last 7 days of daily indices',
  }),
  to: moment.optional().meta({
    description: 'Hours and days that have ended by then; now unless given, and never later',
  }),
  index: listOf(z.enum(siteIndexNames) as z.ZodType<SiteIndexName, string>)
    .optional()
    .meta({ description: 'All that fit what the site measures unless given' }),
  edition: z.string().min(1).max(64).optional().meta({
    description: 'Such as `HJ 633-2012`; the one in force on each day unless given',
  }),
  ...pageFields({ standard: 100, max: 1_000 }),
})

export function installSiteIndices(app: App, context: ApiContext, parts: SeriesParts): void {
  const { config, latest, ports, readings, view } = context
  app.get(`${base}/sites/:id/indices`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Standards'],
      operationId: 'listSiteIndices',
      summary: 'Indices of a site over time',
      description:
        'Index by index in the order of `GET /indices`, each rising in time: `cn-aqi-daily`, `us-aqi` and `gb3838` of natural days of the site (attribute `timeZone`, else where it lies; of `us-aqi` by local standard time all year, with ozone known 7 h after its day), the others of clock hours. ' +
        'Only what has ended is given, from good readings (quality 1 and 2) as they are stored now; an hour or day without any reading behind it is left out. ' +
        'At most 31 days of hourly and 366 days of daily indices at a time.',
      params: z.strictObject({ id: z.string().min(1).max(128) }),
      querystring: query,
      response: { 200: pageSchema(siteIndexForm) },
    },
    handler: async (request) => {
      const { limit, cursor, ...asked } = request.query
      const after = cursor === undefined ? undefined : decodeCursor(siteIndexPlace, cursor)
      const site = view.site(request.params.id)
      if (site === undefined) {
        throw new Fault('not_found', `There is no site "${request.params.id}".`)
      }
      await latest.refresh()
      const properties = new Set(seriesOf(parts, site.id).map(({ property }) => property))
      const indices = indicesOf(asked, site, properties)
      const now = ports.clock.now()
      const spans = spansOf(asked, indices, {
        now,
        place: after,
        measured: properties,
      })
      const items = siteIndexItems(
        { ...parts, readings, timers: ports.timers },
        { site, spans, after, edition: asked.edition, zone: zoneOf(site, config.timeZone) },
      )
      const page = pageOf(await take(items, limit + 1), limit, ({ answer, period }) => ({
        index: answer.index,
        at: period.to,
        from: asked.from ?? after?.from ?? null,
        to: asked.to ?? after?.to ?? now,
      }))
      return { items: page.items.map((item) => itemJson(site.id, item)), next: page.next }
    },
  })
}

async function take(items: AsyncIterable<SiteIndexItem>, count: number): Promise<SiteIndexItem[]> {
  const taken: SiteIndexItem[] = []
  for await (const item of items) {
    taken.push(item)
    if (taken.length === count) break
  }
  return taken
}

function itemJson(site: string, { answer, period }: SiteIndexItem): z.infer<typeof siteIndexForm> {
  const { from, to } = period
  return { ...answerJson(answer), site, from: timeText(from), to: timeText(to) }
}
