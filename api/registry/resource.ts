/** A kind of thing of the registry as the API serves it, and the steps that its routes share. */

import type { IncomingHttpHeaders } from 'node:http'
import { z } from 'zod'
import { Fault } from '../../domain/errors.ts'
import { idSchema, newIdSchema } from '../../domain/text.ts'
import type { Role } from '../../domain/token.ts'
import type { Entities, EntityKind } from '../../stores/records/registry.ts'
import { type ApiContext, type Principal, registryChanged } from '../context.ts'
import { checkPreconditions, etagOf } from '../http/etag.ts'
import { checked } from '../http/validation-messages.ts'
import type { BodyForms } from '../http/openapi-document.ts'
import { createSerialQueue } from '../../runtime/async/serial-queue.ts'

export const pathId = z.strictObject({ id: idSchema })

/** What is stored of an input, and what of it is told once to the one who made it. */
export interface Completed<Item> {
  item: Item
  /** Of a device: since when it stands at its site, milliseconds since 1970 UTC; now if absent. */
  placedAt?: number
  reveal?: Readonly<Record<string, string>>
}

type JsonObject = Record<string, unknown>

export interface Collection<K extends EntityKind, Input extends { id: string }, Filters> {
  kind: K
  /** Such as `/sites`. */
  path: string
  /** Heading in the description. */
  tag: string
  /** What one of it is, for sentences: `site`. */
  noun: string
  input: z.ZodType<Input> & { shape: Readonly<Record<string, z.ZodType>> }
  /** In the description: a body is one of these. */
  bodyForms?: BodyForms
  /** True when an id is made up for those who give none. */
  makesId: boolean
  read: Role
  write: Role
  form: z.ZodObject
  /** Names of the fields that are told once, with what they are. */
  revealed?: Readonly<Record<string, string>>
  /** Fields that a change merges key by key, each with the form that it has in a change: null removes a key. */
  merged?: Readonly<Record<string, z.ZodType>>
  /** Fields that are only answered; a request may hold them as it got them, and they are not read. */
  answered?: Readonly<Record<string, z.ZodType>>
  /** Set where a write can be refused unless it is asked for with `force`; says what for. */
  forced?: string
  filters: z.ZodObject
  matches(filters: Filters, item: Entities[K], now: number): boolean
  /** Checks against the rest of the world and adds what the input does not hold. */
  complete(
    input: Input,
    existing: Entities[K] | undefined,
    by: Principal,
    how: { force: boolean },
  ): Completed<Entities[K]> | Promise<Completed<Entities[K]>>
  toJson(items: readonly Entities[K][]): Promise<JsonObject[]> | JsonObject[]
}

/** What several routes of a collection share. */
export type Steps<K extends EntityKind> = ReturnType<typeof stepsOf<K, { id: string }, unknown>>

export function stepsOf<K extends EntityKind, Input extends { id: string }, Filters>(
  context: ApiContext,
  { kind, noun, input, complete, toJson }: Collection<K, Input, Filters>,
) {
  const writes = createSerialQueue()
  const fields = Object.keys(input.shape)
  return {
    /** One write after the other, each on what the one before it left: a change is made of what is there. */
    inOrder<Result>(write: () => Promise<Result>): Promise<Result> {
      return writes.run(async () => {
        await context.view.refresh()
        return write()
      })
    },
    etag: (item: Entities[K]): string => etagOf(item, fields),
    /** Throws when the request is for another state than the present one. */
    expect(headers: IncomingHttpHeaders, id: string): void {
      const item = context.view.get(kind, id)
      checkPreconditions(headers, item === undefined ? null : etagOf(item, fields))
    },
    existing(id: string): Entities[K] {
      const item = context.view.get(kind, id)
      if (item === undefined) throw new Fault('not_found', `There is no ${noun} "${id}".`)
      return item
    },
    async one(item: Entities[K]): Promise<JsonObject> {
      const [json] = await toJson([item])
      return json ?? {}
    },
    /** Inserts or replaces; the answer is the item with what is told once. */
    async store(
      value: unknown,
      before: Entities[K] | undefined,
      by: Principal,
      how: { force: boolean; asIs?: Readonly<Record<string, unknown>> } = { force: false },
    ): Promise<{ item: Entities[K]; reveal: Readonly<Record<string, string>> }> {
      const whole = { ...checked(input, value), ...how.asIs }
      if (before === undefined) checked(z.looseObject({ id: newIdSchema }), whole)
      const { item, reveal, placedAt } = await complete(whole, before, by, how)
      if (before === undefined) await context.registry.insert(kind, item, placedAt)
      else await context.registry.replace(kind, item, placedAt)
      await registryChanged(context)
      return { item, reveal: reveal ?? {} }
    },
  }
}
