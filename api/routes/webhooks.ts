/**
 * `/webhooks`: endpoints of duty staff. The secret that signs the messages (Standard Webhooks) is made here
 * and answered once; of the URL, which may hold a key, only scheme and host are shown. An address that is not public is refused, unless the settings allow it.
 */

import { z } from 'zod'
import { testMessage } from '../../domain/alert-message.ts'
import { Fault } from '../../domain/errors.ts'
import { idSchema } from '../../domain/text.ts'
import { type Delivery, type Webhook, webhookSchema } from '../../domain/webhook.ts'
import { isMasked, maskedUrl } from '../../domain/webhook-mask.ts'
import { checkTarget, parseAllowList } from '../../domain/webhook-target.ts'
import { installCollection } from '../registry/collection.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { newId } from '../http/identifiers.ts'
import { deliveryForm, deliveryJson } from '../json-forms.ts'
import { flagParameter } from '../http/query.ts'

const secretBytes = 32
const filters = z.strictObject({ enabled: flagParameter.optional() })

export function installWebhooks(app: App, context: ApiContext): void {
  const { allow } = parseAllowList(context.config.webhookAllow)
  installCollection<'webhook', Webhook, { enabled?: boolean }>(app, context, {
    kind: 'webhook',
    path: '/webhooks',
    tag: 'Webhooks',
    noun: 'webhook',
    input: webhookSchema,
    makesId: true,
    read: 'viewer',
    write: 'admin',
    form: webhookSchema,
    revealed: { secret: 'whsec_ and base64 of 32 bytes; answered once' },
    filters,
    matches: ({ enabled }, webhook) => enabled === undefined || webhook.enabled === enabled,
    complete(given, existing) {
      const input = { ...given, url: wholeUrl(given.url, existing?.url) }
      const refused = checkTarget(input.url, allow)
      if (refused !== null) {
        throw new Fault('impossible', `url: ${refused}.`, { field: 'url' })
      }
      if (existing !== undefined) return { item: { ...input, secret: existing.secret } }
      const key = Buffer.from(context.ports.random.bytes(secretBytes)).toString('base64')
      const secret = `whsec_${key}`
      return { item: { ...input, secret }, reveal: { secret } }
    },
    toJson: (webhooks) =>
      webhooks.map(({ id, url, levels, where, enabled, catchUp = false }) => {
        return { id, url: maskedUrl(url), levels, where, enabled, catchUp }
      }),
  })
  installTest(app, context)
}

/** Whoever sends back the masked URL that was answered means the one that is there. */
function wholeUrl(url: string, existing: string | undefined): string {
  if (!isMasked(url)) return url
  if (existing !== undefined && maskedUrl(existing) === url) return existing
  throw new Fault(
    'impossible',
    'url: is masked ("***"); give it whole, or leave it out in a PATCH.',
    {
      field: 'url',
    },
  )
}

function installTest(app: App, context: ApiContext): void {
  const { alerts, bus, ports, view } = context
  app.post(`${base}/webhooks/:id/test`, {
    config: { role: 'admin', action: 'webhook.test' },
    schema: {
      tags: ['Webhooks'],
      operationId: 'testWebhook',
      summary: 'Send a test message',
      description: 'Answers the delivery, which is made at once; look at it under /deliveries.',
      params: z.strictObject({ id: idSchema }),
      response: { 202: deliveryForm },
    },
    handler: async (request, reply) => {
      const webhook = request.params.id
      const known = view.get('webhook', webhook)
      if (known === undefined) throw new Fault('not_found', `There is no webhook "${webhook}".`)
      if (!known.enabled) {
        throw new Fault('impossible', `The webhook "${webhook}" is switched off (enabled: false).`)
      }
      const at = ports.clock.now()
      const id = newId(ports.random)
      const messageId = `test-${newId(ports.random)}`
      await alerts.enqueueTest({ id, webhook, messageId, body: testMessage(webhook, at), at })
      bus.ring('alerts')
      const delivery: Delivery = {
        id,
        webhook,
        alert: null,
        messageId,
        type: 'webhook.test',
        state: 'pending',
        attempts: [],
        nextAttemptAt: at,
        createdAt: at,
      }
      return reply.code(202).send(deliveryJson(delivery))
    },
  })
}
