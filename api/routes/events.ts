/** `/events`: readings, alerts and changes of devices as they happen, as server-sent events. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { principalOn, settingsTokenId } from '../http/auth.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { type EventType, eventTypes } from '../events/event-streams.ts'
import { listOf } from '../http/query.ts'
import { seriesFilterFields } from '../readings/series-filter.ts'

export function installEvents(app: App, { streams, view }: ApiContext): void {
  app.get(`${base}/events`, {
    config: { role: 'viewer' },
    exposeHeadRoute: false,
    schema: {
      tags: ['Readings'],
      operationId: 'streamEvents',
      summary: 'What happens, as server-sent events',
      description:
        'Events: `reading` (a reading), `alert` (a change with the alert after it; its id is the place in the alert log), `device` (the device, or its id and removed: true), `dropped` (how many readings a slow reader missed; null: unknown). With the header Last-Event-ID every alert after that place comes first.',
      querystring: z.strictObject({
        ...seriesFilterFields,
        type: listOf(z.enum(eventTypes) as z.ZodType<EventType, string>)
          .optional()
          .meta({ description: 'Only these events; absent: all' }),
      }),
      response: {
        200: { description: 'A stream', content: { 'text/event-stream': { schema: z.string() } } },
      },
    },
    handler: async (request, reply) => {
      const { type, ...filter } = request.query
      const { id, role } = principalOn(request)
      const after = lastEventId(request.headers['last-event-id'])
      // Headers that every answer has are set by now; the rest of the answer is ours.
      const headers = reply.getHeaders() as Record<string, string | string[]>
      await streams.open({
        response: reply.raw,
        headers,
        filter,
        types: new Set(type ?? eventTypes),
        ...(after === undefined ? {} : { after }),
        mayStay: () => id === settingsTokenId || view.get('token', id)?.role === role,
      })
      reply.hijack()
    },
  })
}

function lastEventId(header: string | string[] | undefined): number | undefined {
  if (header === undefined || header === '') return undefined
  if (typeof header === 'string' && /^\d{1,15}$/.test(header)) return Number(header)
  throw new Fault('bad_request', 'last-event-id: must be the id of an alert event.', {
    field: 'last-event-id',
  })
}
