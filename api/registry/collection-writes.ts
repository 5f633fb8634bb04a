/** The writes of a collection: make, replace or make, change, remove. */

import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { idSchema } from '../../domain/text.ts'
import type { EntityKind } from '../../stores/records/registry.ts'
import { principalOn } from '../http/auth.ts'
import { notTakenAnyMore } from './earlier-fields.ts'
import { type Collection, pathId, type Steps } from './resource.ts'
import { type ApiContext, type App, base, registryChanged } from '../context.ts'
import { newId } from '../http/identifiers.ts'
import { operationId } from '../http/operation-id.ts'
import { flagParameter } from '../http/query.ts'

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
  const { kind, path, tag, noun, input, write, makesId, bodyForms } = collection
  const given = { ...input.shape, ...ignoredShape(collection.answered) }
  app.post(base + path, {
    config: { role: write, action: `${kind}.create`, bodyForms },
    schema: {
      tags: [tag],
      operationId: operationId('create', kind),
      summary: `Make a ${noun}`,
      body: makesId ? z.strictObject({ ...given, id: idSchema.optional() }) : input,
      response: { 201: made },
    },
    handler: async (request, reply) => {
      const body = without(request.body, collection.answered) as Partial<Input>
      request.target = body.id ?? newId(context.ports.random)
      const value = { ...body, id: request.target }
      const { item, reveal } = await steps.store(value, undefined, principalOn(request))
      void reply.code(201).header('location', location(item.id)).header('etag', steps.etag(item))
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
  const { kind, path, tag, noun, input, write, bodyForms } = collection
  const given = { ...input.shape, ...ignoredShape(collection.answered) }
  app.put(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.replace`, bodyForms },
    schema: {
      tags: [tag],
      operationId: operationId('replace', kind),
      summary: `Replace a ${noun}, or make it`,
      params: pathId,
      querystring: forceParameter(collection.forced),
      body: z.strictObject({ ...given, id: idSchema.optional() }),
      response: { 200: made, 201: made },
    },
    handler: (request, reply) =>
      steps.inOrder(async () => {
        const { id } = request.params
        steps.expect(request.headers, id)
        const value = sameId(without(request.body, collection.answered), id)
        const before = context.view.get(kind, id)
        const how = { force: isForced(request.query) }
        const { item, reveal } = await steps.store(value, before, principalOn(request), how)
        void reply.header('etag', steps.etag(item))
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
  const { kind, path, tag, noun, input, form, write, merged = {} } = collection
  const { shape } = input
  app.patch(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.change` },
    schema: {
      tags: [tag],
      operationId: operationId('change', kind),
      summary: `Change some fields of a ${noun}`,
      description: changeDescription(merged),
      params: pathId,
      querystring: forceParameter(collection.forced),
      body: z.strictObject({
        ...partialShape(shape),
        ...ignoredShape(collection.answered),
        ...partialShape(merged),
      }),
      response: { 200: form },
    },
    handler: (request, reply) =>
      steps.inOrder(async () => {
        const before = steps.existing(request.params.id)
        steps.expect(request.headers, before.id)
        const given = sameId(without(request.body, collection.answered), before.id)
        // Of what is stored, only what an input may hold: not the secret, nor a hash.
        const old = Object.fromEntries(
          Object.entries(before).filter(([field]) => Object.hasOwn(shape, field)),
        )
        const asIs = notTakenAnyMore(shape, old, given)
        const value = {
          ...Object.fromEntries(
            Object.entries(old).filter(([field]) => !Object.hasOwn(asIs, field)),
          ),
          ...given,
          ...mergedFields(old, given, Object.keys(merged)),
        }
        const how = { force: isForced(request.query), asIs }
        const { item } = await steps.store(value, before, principalOn(request), how)
        void reply.header('etag', steps.etag(item))
        return steps.one(item)
      }),
  })
}

function installRemove<K extends EntityKind, Input extends { id: string }, Filters>({
  app,
  context,
  collection,
  steps,
}: Writes<K, Input, Filters>): void {
  const { kind, path, tag, noun, write } = collection
  app.delete(`${base}${path}/:id`, {
    config: { role: write, action: `${kind}.remove` },
    schema: {
      tags: [tag],
      operationId: operationId('remove', kind),
      summary: `Remove a ${noun}`,
      params: pathId,
      response: { 204: z.void() },
    },
    handler: async (request, reply) => {
      await steps.inOrder(async () => {
        const { id } = request.params
        steps.expect(request.headers, id)
        const removed = await context.registry.remove(kind, id)
        if (!removed) throw new Fault('not_found', `There is no ${noun} "${id}".`)
        await registryChanged(context)
      })
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

function ignoredShape(answered: Readonly<Record<string, z.ZodType>> = {}) {
  return Object.fromEntries(
    Object.entries(answered).map(([name, field]) => {
      const description = 'Only answered: what a request holds is not read'
      return [name, field.optional().meta({ readOnly: true, description })]
    }),
  )
}

function without(body: unknown, fields: Readonly<Record<string, unknown>> = {}): object {
  return Object.fromEntries(
    Object.entries(body as object).filter(([name]) => !Object.hasOwn(fields, name)),
  )
}

function changeDescription(merged: Readonly<Record<string, z.ZodType>>): string {
  const whole = 'Fields that are given replace the old ones as a whole; the others stay.'
  const names = Object.keys(merged).map((name) => `\`${name}\``)
  if (names.length === 0) return whole
  return `${whole} ${names.join(', ')} is merged key by key: null removes a key.`
}

/** What is given of an object replaces or, with null, removes what is there of the same name. */
function mergedFields(
  old: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, unknown>>,
  fields: readonly string[],
): Record<string, unknown> {
  const changed = fields.filter((field) => given[field] !== undefined)
  return Object.fromEntries(
    changed.map((field) => {
      const all = { ...(old[field] as object), ...(given[field] as object) }
      return [field, Object.fromEntries(Object.entries(all).filter(([, one]) => one !== null))]
    }),
  )
}

function forceParameter(what: string | undefined) {
  if (what === undefined) return z.strictObject({})
  return z.strictObject({ force: flagParameter.optional().meta({ description: what }) })
}

function isForced(query: unknown): boolean {
  return (query as { force?: boolean }).force === true
}

function sameId(body: object, id: string): Record<string, unknown> {
  const given = 'id' in body ? body.id : undefined
  if (given !== undefined && given !== id) {
    throw new Fault('bad_request', `id: is "${String(given)}", but the path says "${id}".`, {
      field: 'id',
    })
  }
  return { ...body, id }
}
