/**
 * One kind of thing of the registry as a REST resource: list, make, read, replace or make, change, remove.
 * Each resource says in a `Collection` what is particular to it; the paths and their rules are the same for all.
 */

import { z } from 'zod'
import type { Entities, EntityKind } from '../../stores/records/registry.ts'
import { installWrites } from './collection-writes.ts'
import { type Collection, pathId, type Steps, stepsOf } from './resource.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { operationId } from '../http/operation-id.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'

export function installCollection<K extends EntityKind, Input extends { id: string }, Filters>(
  app: App,
  context: ApiContext,
  collection: Collection<K, Input, Filters>,
): void {
  const steps = stepsOf(context, collection)
  installReads(app, context, collection, steps)
  installWrites(app, context, collection, steps)
}

function installReads<K extends EntityKind, Input extends { id: string }, Filters>(
  app: App,
  context: ApiContext,
  collection: Collection<K, Input, Filters>,
  steps: Steps<K>,
): void {
  const { kind, path, tag, noun, form, filters, matches, toJson } = collection
  app.get(base + path, {
    config: { role: collection.read },
    schema: {
      tags: [tag],
      operationId: `${operationId('list', kind)}s`,
      summary: `List every ${noun}`,
      querystring: z.strictObject({ ...filters.shape, ...pageFields() }),
      response: { 200: pageSchema(form) },
    },
    handler: async (request) => {
      // The framework has checked the query with the schema above, which holds these filters.
      const wanted = request.query as Filters
      const { limit, cursor } = request.query as { limit: number; cursor?: string }
      const after = cursor === undefined ? undefined : decodeCursor(idPlace, cursor)
      const now = context.ports.clock.now()
      const found: Entities[K][] = []
      const all = context.view.all(kind)
      for (let i = firstAfter(all, after); i < all.length && found.length <= limit; i++) {
        const item = all[i]
        if (item !== undefined && matches(wanted, item, now)) found.push(item)
      }
      const page = pageOf(found, limit, (item) => item.id)
      return { items: await toJson(page.items), next: page.next }
    },
  })
  app.get(`${base}${path}/:id`, {
    config: { role: collection.read },
    schema: {
      tags: [tag],
      operationId: operationId('get', kind),
      summary: `Read one ${noun}`,
      params: pathId,
      response: { 200: form },
    },
    handler: (request, reply) => {
      const item = steps.existing(request.params.id)
      void reply.header('etag', steps.etag(item))
      return steps.one(item)
    },
  })
}

const idPlace = cursorSchema

/** `all` is in the order of ids; the item of the cursor may be gone by now. */
function firstAfter(all: readonly { id: string }[], after: string | undefined): number {
  if (after === undefined) return 0
  const exact = all.findIndex(({ id }) => id === after)
  if (exact !== -1) return exact + 1
  const next = all.findIndex(({ id }) => id > after)
  return next === -1 ? all.length : next
}
