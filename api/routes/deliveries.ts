/** `/deliveries`: every attempt to reach a webhook, and another by hand. */

import { z } from 'zod'
import { idSchema } from '../../domain/text.ts'
import { deliveryStates } from '../../domain/webhook.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { deliveryForm, deliveryJson } from '../json-forms.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { given } from '../http/query.ts'

export function installDeliveries(app: App, { alerts, bus, ports }: ApiContext): void {
  app.get(`${base}/deliveries`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Webhooks'],
      operationId: 'listDeliveries',
      summary: 'Deliveries with every attempt, newest first',
      querystring: z.strictObject({
        webhook: idSchema.optional(),
        alert: z.string().min(1).max(200).optional(),
        state: z.enum(deliveryStates).optional(),
        ...pageFields(),
      }),
      response: { 200: pageSchema(deliveryForm) },
    },
    handler: async (request) => {
      const { limit, cursor, ...filters } = request.query
      const after = cursor === undefined ? {} : { after: decodeCursor(cursorSchema, cursor) }
      const found = await alerts.deliveries({ ...given(filters), ...after, limit: limit + 1 })
      const page = pageOf(found, limit, ({ id }) => id)
      return { items: page.items.map(deliveryJson), next: page.next }
    },
  })
  app.post(`${base}/deliveries/:id/retry`, {
    config: { role: 'operator', action: 'delivery.retry' },
    schema: {
      tags: ['Webhooks'],
      operationId: 'retryDelivery',
      summary: 'Send it again now, whatever its state',
      params: z.strictObject({ id: z.string().min(1).max(200) }),
      response: { 202: deliveryForm },
    },
    handler: async (request, reply) => {
      const delivery = await alerts.retry(request.params.id, ports.clock.now())
      bus.ring('alerts')
      return reply.code(202).send(deliveryJson(delivery))
    },
  })
}
