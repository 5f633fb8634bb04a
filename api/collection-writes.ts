/** The writes of a collection: make, replace or make, change, remove. */

import { z } from 'zod'
import { Fault } from '../domain/errors.ts'
import { idSchema } from '../domain/text.ts'
import type { EntityKind } from '../stores/records/registry.ts'
import { principalOn } from './auth.ts'
import type { Collection, Steps } from './collection.ts'
import { type ApiContext, type App, base, registryChanged } from './context.ts'
import { newId } from './identifiers.ts'

export const pathId = z.strictObject({ id: idSchema })

/** What an install function needs; `made` is the answer to who makes one, with what is told once. */
interface Writes<K extends EntityKind, Input extends { id: string }, Filters> {
  app: App
  context: ApiContext
  collection: Collection<K, Input, Filters>
  steps: Steps<K>
  made: z.ZodType
  /** Path of one of it. */
  location: (id: string) => string
}

export function installWrites<K extends EntityKind, Input extends { id: string }, Filters>(
  app: App,
  context: ApiContext,
  collection: Collection<K, Input, Filters>,
  steps: Steps<K>,
): void {
  const made = withRevealed(collection.form, collection.revealed)
  const location = (id: string) => `${base}${collection.path}/${encodeURIComponent(id)}`
  const writes = { app, context, collection, steps, made, location }
  installCreate(writes)
  installReplace(writes)
  installChange(writes)
  installRemove(writes)
}

function installCreate<K extends EntityKind, Input extends { id: string }, Filters>({
  app,
  context,
  collection,
  steps,
  made,
  location,
}: Writes<K, Input, Filters>): void {
  const { kind, path, tag, noun, input, write, makesId } = collection
  app.post(base + path, {
    config: { role: write, action: `${kind}.create` },
    schema: {
      tags: [tag],
      summary: `Make a ${noun}`,
      body: makesId ? z.strictObject({ ...input.shape, id: idSchema.optional() }) : input,
      response: { 201: made },
    },
    handler: async (request, reply) => {
      const body = request.body as Partial<Input>
      request.target = body.id ?? newId(context.ports.random)
      const value = { ...body, id: request.target }
      const { item, reveal } = await steps.store(value, undefined, principalOn(request))
      void reply.code(201).header('location', location(item.id))
      return { ...(await steps.one(item)), ...reveal }
    },
  })
}

function installReplace<K extends EntityKind, Input extends { id: string }, Filters>({
  app,
  context,
  collection,
  steps,
  made,
  location,
}: Writes<K, Input, Filters>): void {
  const { kind, path, tag, noun, input, form, write } = collection
  app.put(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.replace` },
    schema: {
      tags: [tag],
      summary: `Replace a ${noun}, or make it`,
      params: pathId,
      body: z.strictObject({ ...input.shape, id: idSchema.optional() }),
      response: { 200: form, 201: made },
    },
    handler: (request, reply) =>
      steps.inOrder(async () => {
        const { id } = request.params
        const value = sameId(request.body, id)
        const before = context.view.get(kind, id)
        const { item, reveal } = await steps.store(value, before, principalOn(request))
        if (before !== undefined) return steps.one(item)
        void reply.code(201).header('location', location(id))
        return { ...(await steps.one(item)), ...reveal }
      }),
  })
}

function installChange<K extends EntityKind, Input extends { id: string }, Filters>({
  app,
  collection,
  steps,
}: Writes<K, Input, Filters>): void {
  const { kind, path, tag, noun, input, form, write } = collection
  const { shape } = input
  app.patch(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.change` },
    schema: {
      tags: [tag],
      summary: `Change some fields of a ${noun}`,
      description: 'Fields that are given replace the old ones as a whole; the others stay.',
      params: pathId,
      body: z.strictObject(partialShape(shape)),
      response: { 200: form },
    },
    handler: (request) =>
      steps.inOrder(async () => {
        const before = steps.existing(request.params.id)
        const given = sameId(request.body, before.id)
        // Of what is stored, only what an input may hold: not the secret, nor a hash.
        const old = Object.fromEntries(
          Object.entries(before).filter(([field]) => Object.hasOwn(shape, field)),
        )
        const { item } = await steps.store({ ...old, ...given }, before, principalOn(request))
        return steps.one(item)
      }),
  })
}

function installRemove<K extends EntityKind, Input extends { id: string }, Filters>({
  app,
  context,
  collection,
}: Writes<K, Input, Filters>): void {
  const { kind, path, tag, noun, write } = collection
  app.delete(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.remove` },
    schema: {
      tags: [tag],
      summary: `Remove a ${noun}`,
      params: pathId,
      response: { 204: z.void() },
    },
    handler: async (request, reply) => {
      const { id } = request.params
      const removed = await context.registry.remove(kind, id)
      if (!removed) throw new Fault('not_found', `There is no ${noun} "${id}".`)
      await registryChanged(context)
      return reply.code(204).send()
    },
  })
}

function withRevealed(
  form: z.ZodObject,
  fields: Readonly<Record<string, string>> | undefined,
): z.ZodType {
  if (fields === undefined) return form
  const told = Object.entries(fields).map(([name, description]) => [
    name,
    z.string().optional().meta({ description }),
  ])
  return z.strictObject({ ...form.shape, ...Object.fromEntries(told) })
}

/** The fields of a partial change: none is required, and one that is absent does not take its default. */
function partialShape(shape: Readonly<Record<string, z.ZodType>>): Record<string, z.ZodType> {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => [
      name,
      (field instanceof z.ZodDefault ? (field.unwrap() as z.ZodType) : field).optional(),
    ]),
  )
}

function sameId(body: object, id: string): object {
  const given = 'id' in body ? body.id : undefined
  if (given !== undefined && given !== id) {
    throw new Fault('bad_request', `id: is "${String(given)}", but the path says "${id}".`, {
      field: 'id',
    })
  }
  return { ...body, id }
}
