/** `/alerts`: what is or was wrong, with its whole history, and the word of somebody who takes it on. */

import { z } from 'zod'
import { alertStates } from '../../domain/alert.ts'
import { Fault } from '../../domain/errors.ts'
import { alertLevelSchema } from '../../domain/rule.ts'
import { idSchema } from '../../domain/text.ts'
import { principalOn } from '../http/auth.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { newId } from '../http/identifiers.ts'
import { alertHistoryJson, alertDetailForm, alertForm } from '../json-forms.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { given, listOf, moment } from '../http/query.ts'

const alertId = z.strictObject({ id: z.string().min(1).max(200) })

export function installAlerts(app: App, context: ApiContext): void {
  const { alerts } = context
  app.get(`${base}/alerts`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Alerts'],
      operationId: 'listAlerts',
      summary: 'Alerts, newest first',
      querystring: z.strictObject({
        state: listOf(z.enum(alertStates)).optional(),
        level: listOf(alertLevelSchema).optional(),
        site: idSchema.optional(),
        rule: idSchema.optional(),
        from: moment.optional().meta({ description: 'Open at this time or later' }),
        to: moment.optional().meta({ description: 'Raised before this time' }),
        withdrawn: z.enum(['true', 'false']).optional().meta({
          description:
            'true: also alerts of which nothing holds any more, because values were corrected or came late',
        }),
        ...pageFields(),
      }),
      response: { 200: pageSchema(alertForm) },
    },
    handler: async (request) => {
      const { limit, cursor, withdrawn = 'false', ...filters } = request.query
      if (filters.from !== undefined && filters.to !== undefined && filters.from >= filters.to) {
        throw new Fault('bad_request', 'to: must be after from.', { field: 'to' })
      }
      const after = cursor === undefined ? {} : { after: decodeCursor(cursorSchema, cursor) }
      const found = await alerts.list({
        ...given(filters),
        ...{ ...after, withdrawn: withdrawn === 'true', limit: limit + 1 },
      })
      return pageOf(found, limit, ({ id }) => id)
    },
  })
  app.get(`${base}/alerts/:id`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Alerts'],
      operationId: 'getAlert',
      summary: 'One alert and its history',
      params: alertId,
      response: { 200: alertDetailForm },
    },
    handler: async (request) => {
      const { id } = request.params
      const alert = await alerts.get(id)
      if (alert === undefined) throw new Fault('not_found', `There is no alert "${id}".`)
      return { ...alert, ...alertHistoryJson(await alerts.history(id)) }
    },
  })
  installAcknowledge(app, context)
}

const noteMax = 2_000

function installAcknowledge(app: App, context: ApiContext): void {
  const { alerts, bus, ports, view } = context
  app.post(`${base}/alerts/:id/acknowledge`, {
    config: { role: 'operator', action: 'alert.acknowledge' },
    schema: {
      tags: ['Alerts'],
      operationId: 'acknowledgeAlert',
      summary: 'Take an alert on',
      params: alertId,
      body: z.strictObject({ note: z.string().max(noteMax).default('') }),
      response: { 200: alertForm },
    },
    handler: async (request) => {
      const at = ports.clock.now()
      const note = request.body.note === '' ? null : request.body.note
      const by = { id: newId(ports.random), actor: principalOn(request).id, note, at }
      const audience = { webhooks: view.all('webhook'), silences: view.all('silence') }
      const alert = await alerts.acknowledge(request.params.id, by, audience)
      bus.ring('alerts')
      return alert
    },
  })
}
