/**
 * `/devices/{id}/placements`: where a device has stood over time, also one that is no longer registered, and the way to
 * put right what was entered late or wrong. Answers about readings, windows and indices follow at once.
 */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { alwaysAt, type Placement } from '../../domain/placement.ts'
import { idSchema } from '../../domain/text.ts'
import { type ApiContext, type App, base, registryChanged } from '../context.ts'
import { timeText } from '../readings/time-text.ts'

const time = z.string().meta({ format: 'date-time' })

const placementForm = z
  .strictObject({
    site: z.string().nullable().meta({ description: 'null: at none, or not registered then' }),
    from: time.nullable().meta({ description: 'null: since ever' }),
    until: time.nullable().meta({ description: 'Exclusive; null: to this day' }),
  })
  .meta({ id: 'Placement' })

const placementsForm = z
  .strictObject({ items: z.array(placementForm), next: z.null() })
  .meta({ id: 'Placements' })

const moment = z.iso.datetime({ offset: true }).nullable()

const placementInput = z
  .strictObject({
    site: idSchema.nullable().meta({ description: 'null: at none' }),
    from: moment.meta({ description: 'Readings observed from then on; null: since ever' }),
    until: moment.default(null).meta({
      description:
        'Readings observed before; null: it still stands there, or did until it was removed',
    }),
    force: z
      .boolean()
      .default(false)
      .meta({ description: 'Also for a device that nothing is known of' }),
  })
  .meta({ id: 'PlacementCorrection' })

const params = z.strictObject({ id: idSchema })

export function installPlacements(app: App, context: ApiContext): void {
  app.get(`${base}/devices/:id/placements`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Devices'],
      operationId: 'listPlacements',
      summary: 'Where a device has stood',
      description: 'All of time, rising. Also of a device that is no longer registered.',
      params,
      response: { 200: placementsForm },
    },
    handler: (request) => placementsOf(context, request.params.id),
  })
  app.post(`${base}/devices/:id/placements`, {
    config: { role: 'admin', action: 'device.place' },
    schema: {
      tags: ['Devices'],
      operationId: 'correctPlacements',
      summary: 'Correct where a device has stood',
      description:
        'Takes the place of what was known of this time. What the device took then belongs to this site in every answer, and its own entry follows when the correction concerns today.',
      params,
      body: placementInput,
      response: { 200: placementsForm },
    },
    handler: async (request) => {
      const { id: device } = request.params
      const { site, from, until, force } = request.body
      await context.registry.place({
        ...{ device, site, force },
        from: from === null ? Number.NEGATIVE_INFINITY : Date.parse(from),
        until: until === null ? null : Date.parse(until),
      })
      await registryChanged(context)
      return placementsOf(context, device)
    },
  })
}

function placementsOf({ view }: ApiContext, id: string): z.infer<typeof placementsForm> {
  const device = view.device(id)
  const placements = view.placements(id) ?? (device && alwaysAt(device.site))
  if (placements === undefined) throw new Fault('not_found', `There is no device "${id}".`)
  return { items: placements.map(placementJson), next: null }
}

function placementJson({ site, from, until }: Placement): z.infer<typeof placementForm> {
  return {
    site,
    from: Number.isFinite(from) ? timeText(from) : null,
    until: Number.isFinite(until) ? timeText(until) : null,
  }
}
