/** `/audit`: who changed what, when, from where, and whether it was done. */

import { z } from 'zod'
import { type ApiContext, type App, base } from '../context.ts'
import { timeText } from '../readings/time-text.ts'
import { decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'

const entryForm = z
  .strictObject({
    id: z.int(),
    at: z.string().meta({ format: 'date-time' }),
    actor: z
      .string()
      .meta({ description: 'Id of the token, or device:<id>, system, or command-line' }),
    action: z.string(),
    target: z.string(),
    result: z.enum(['done', 'refused', 'unknown']).meta({
      description: 'unknown: begun, and the server ended or failed before it was known to be done',
    }),
    from: z.string().meta({ description: 'Address, or the user who ran a command on the machine' }),
  })
  .meta({ id: 'AuditEntry' })

export function installAudit(app: App, { registry }: ApiContext): void {
  app.get(`${base}/audit`, {
    config: { role: 'admin' },
    schema: {
      tags: ['Audit'],
      operationId: 'listAuditEntries',
      summary: 'Who changed what, newest first',
      querystring: z.strictObject(pageFields()),
      response: { 200: pageSchema(entryForm) },
    },
    handler: async (request) => {
      const { limit, cursor } = request.query
      const before = cursor === undefined ? undefined : decodeCursor(z.int().positive(), cursor)
      const found = await registry.auditTrail(limit + 1, before)
      const page = pageOf(found, limit, ({ id }) => id)
      const items = page.items.map(({ id, at, actor, action, target, result, from }) => {
        return { id, at: timeText(at), actor, action, target, result, from }
      })
      return { items, next: page.next }
    },
  })
}
