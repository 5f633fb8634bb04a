/** `/devices`: what publishes, with what is known of it from its own messages, and its token. */

import { z } from 'zod'
import { deviceSchema } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import { idSchema } from '../../domain/text.ts'
import { hashSecret, newSecret } from '../../runtime/secret.ts'
import { installCollection } from '../registry/collection.ts'
import { type ApiContext, type App, base, registryChanged } from '../context.ts'
import { deviceForm, deviceJson } from '../json-forms.ts'
import { flagParameter, idList } from '../http/query.ts'

/** Prefix of device tokens, so that one that leaked is recognised as what it is. */
export const deviceTokenPrefix = 'bwd_'

const deviceInput = z
  .strictObject({
    ...deviceSchema.shape,
    placedAt: z.iso.datetime({ offset: true }).optional().meta({
      description:
        'Since when it stands at its site, when that is not now; what it took before stays with the site where it stood. See `/devices/{id}/placements`',
    }),
  })
  .meta({ id: 'Device' })
type DeviceInput = z.infer<typeof deviceInput>

const filters = z.strictObject({
  site: idList.optional(),
  gateway: idList.optional(),
  enabled: flagParameter.optional(),
})

interface DeviceFilters {
  site?: readonly string[]
  gateway?: readonly string[]
  enabled?: boolean
}

export function installDevices(app: App, context: ApiContext): void {
  installCollection<'device', DeviceInput, DeviceFilters>(app, context, {
    kind: 'device',
    path: '/devices',
    tag: 'Devices',
    noun: 'device',
    input: deviceInput,
    makesId: false,
    read: 'viewer',
    write: 'admin',
    form: deviceForm,
    filters,
    matches: ({ site, gateway, enabled }, device) =>
      (site === undefined || (device.site !== null && site.includes(device.site))) &&
      (gateway === undefined || (device.gateway !== null && gateway.includes(device.gateway))) &&
      (enabled === undefined || device.enabled === enabled),
    complete: ({ placedAt, ...item }) =>
      placedAt === undefined ? { item } : { item, placedAt: Date.parse(placedAt) },
    toJson: async (devices) => {
      const status = await context.ledger.status(devices.map(({ id }) => id))
      return devices.map((device) => deviceJson(device, status.get(device.id)))
    },
  })
  installDeviceToken(app, context)
}

function installDeviceToken(app: App, context: ApiContext): void {
  app.post(`${base}/devices/:id/token`, {
    config: { role: 'admin', action: 'device.token' },
    schema: {
      tags: ['Devices'],
      operationId: 'createDeviceToken',
      summary: 'Make a new token of the device',
      description: 'Answered once; the old one stops working.',
      params: z.strictObject({ id: idSchema }),
      response: { 201: z.strictObject({ token: z.string() }) },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      if (context.view.device(id) === undefined) {
        throw new Fault('not_found', `There is no device "${id}".`)
      }
      const token = newSecret(context.ports.random, deviceTokenPrefix)
      await context.registry.setDeviceToken(id, hashSecret(token))
      await registryChanged(context)
      return reply.code(201).send({ token })
    },
  })
}
