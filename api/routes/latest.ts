/** `/latest`: the newest value of every series that matches, from memory. */

import { z } from 'zod'
import type { Reading } from '../../domain/reading.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { readingForm, readingJson } from '../json-forms.ts'
import { decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { latestReadings, seriesFilterFields } from '../readings/series-filter.ts'
import type { SeriesParts } from '../../indices/site-series.ts'

const place = z.strictObject({ device: z.string(), property: z.string() })

export function installLatest(app: App, context: ApiContext, parts: SeriesParts): void {
  const { latest, view } = context
  app.get(`${base}/latest`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Readings'],
      operationId: 'listLatest',
      summary: 'The newest value of every series that matches',
      querystring: z.strictObject({
        ...seriesFilterFields,
        ...pageFields({ standard: 100, max: 10_000 }),
      }),
      response: { 200: pageSchema(readingForm) },
    },
    handler: async (request, reply) => {
      const { limit, cursor, ...filter } = request.query
      const after = cursor === undefined ? undefined : decodeCursor(place, cursor)
      await latest.refresh()
      const found: Reading[] = []
      for (const reading of latestReadings(parts, filter, after)) {
        found.push(reading)
        if (found.length > limit) break
      }
      const page = pageOf(found, limit, ({ device, property }) => ({ device, property }))
      const items = page.items.map((reading) => readingJson(view, reading))
      // Made here from typed values: checking each again would cost more than finding it.
      return reply
        .type('application/json')
        .serializer(JSON.stringify)
        .send({ items, next: page.next })
    },
  })
}
