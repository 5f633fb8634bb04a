/** `/quarantine`: refused messages with reason and payload, and another try after a fix. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { refusalCodes } from '../../domain/quarantine.ts'
import type { RetryOutcome } from '../../stores/records/ledger.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { quarantineForm, quarantineJson } from '../json-forms.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'
import { given, moment } from '../http/query.ts'

/** `<journal position>-<index>`. */
const entryId = z.string().regex(/^\d{1,16}-\d{1,9}$/, 'must be the id of a quarantine entry')
const retryWaitMs = 5_000
const lookEveryMs = 20

export function installQuarantine(app: App, context: ApiContext): void {
  const { ledger } = context
  app.get(`${base}/quarantine`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Quarantine'],
      operationId: 'listQuarantine',
      summary: 'Refused readings and messages, newest first',
      querystring: z.strictObject({
        device: z.string().min(1).max(128).optional(),
        code: z.enum(refusalCodes).optional(),
        from: moment.optional().meta({ description: 'Received at or after' }),
        to: moment.optional().meta({ description: 'Received before' }),
        ...pageFields(),
      }),
      response: { 200: pageSchema(quarantineForm) },
    },
    handler: async (request) => {
      const { limit, cursor, ...filters } = request.query
      const before =
        cursor === undefined ? {} : { before: decodeCursor(cursorSchema.pipe(entryId), cursor) }
      const found = await ledger.list({ ...given(filters), ...before, limit: limit + 1 })
      const page = pageOf(found, limit, ({ id }) => id)
      return { items: page.items.map(quarantineJson), next: page.next }
    },
  })
  app.get(`${base}/quarantine/:id`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Quarantine'],
      operationId: 'getQuarantineEntry',
      summary: 'Read one entry',
      params: z.strictObject({ id: entryId }),
      response: { 200: quarantineForm },
    },
    handler: async (request) => quarantineJson(await existing(context, request.params.id)),
  })
  app.delete(`${base}/quarantine/:id`, {
    config: { role: 'admin', action: 'quarantine.discard' },
    schema: {
      tags: ['Quarantine'],
      operationId: 'discardQuarantineEntry',
      summary: 'Discard one entry that nobody wants',
      description:
        'What waits for a person (`too_old`, `in_future`, `unknown_property`, `refused_by_store`) takes room of its device until it is stored by a retry or discarded. The counts stay.',
      params: z.strictObject({ id: entryId }),
      response: { 204: z.void() },
    },
    handler: async (request, reply) => {
      await existing(context, request.params.id)
      await ledger.discard(request.params.id)
      return reply.code(204).send()
    },
  })
  app.post(`${base}/quarantine/:id/retry`, {
    config: { role: 'operator', action: 'quarantine.retry' },
    schema: {
      tags: ['Quarantine'],
      operationId: 'retryQuarantineEntry',
      summary: 'Judge the message again',
      description:
        '204 when it is stored now; 422 with the reason when it is still refused; 503 when the judgement takes longer than 5 s, then look again later.',
      params: z.strictObject({ id: entryId }),
      response: { 204: z.void() },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      await existing(context, id)
      const outcome = await retry(context, id)
      const [refusal] = outcome.refused
      if (refusal !== undefined) {
        throw new Fault('impossible', `Still refused as ${refusal.code}: ${refusal.reason}`)
      }
      return reply.code(204).send()
    },
  })
}

async function existing({ ledger }: ApiContext, id: string) {
  const entry = await ledger.get(id)
  if (entry === undefined) throw new Fault('not_found', `There is no quarantine entry "${id}".`)
  return entry
}

/** Asks ingest, which may run in another process, and looks for its answer. */
async function retry({ ledger, bus, ports }: ApiContext, id: string): Promise<RetryOutcome> {
  const request = await ledger.requestRetry(id)
  bus.ring('journal')
  const until = ports.clock.monotonic() + retryWaitMs
  for (;;) {
    const outcome = await ledger.retryOutcome(request)
    if (outcome !== undefined) return outcome
    if (ports.clock.monotonic() >= until) {
      throw new Fault(
        'unavailable',
        'The message was not judged within 5 s; it will be, look again.',
      )
    }
    await new Promise<void>((resolve) => {
      ports.timers.after(lookEveryMs, resolve)
    })
  }
}
