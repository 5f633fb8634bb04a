/**
 * `/indices`: the official indices. Their tables for everyone to check, and each computed from given values,
 * without a reading being stored anywhere.
 */

import { z } from 'zod'
import { createDayCalendar } from '../../domain/calendar.ts'
import { Fault } from '../../domain/errors.ts'
import { editionOn, type IndexDefinition } from '../../domain/standards/definition.ts'
import { indexDefinitions } from '../../domain/standards/indices.ts'
import { type ApiContext, type App, base } from '../context.ts'
import { answerJson, indexAnswerForm, indexRequestForm } from '../indices/index-forms.ts'
import { sortedRequest } from '../indices/index-request.ts'
import { indexForm, indexJson } from '../indices/index-tables.ts'
import { cursorSchema, decodeCursor, pageFields, pageOf, pageSchema } from '../http/page.ts'

/** Two weeks of hourly values of each pollutant fit in. */
const bodyBytesMax = 65_536
const pageMax = 100

const byName: ReadonlyMap<string, IndexDefinition> = indexDefinitions

/** Read as a text, so that a name nobody knows is answered as not found and not as a bad form. */
const indexName = z.strictObject({
  index: z
    .string()
    .max(64)
    .meta({ enum: [...byName.keys()] }),
})

export function installIndices(app: App, { config, ports }: ApiContext): void {
  const { offsetMs } = createDayCalendar(config.timeZone)
  const today = () => {
    const now = ports.clock.now()
    return new Date(now + offsetMs(now)).toISOString().slice(0, 10)
  }
  installList(app, today)
  installOne(app, today)
  installCompute(app, today)
}

function installList(app: App, today: () => string): void {
  app.get(`${base}/indices`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Standards'],
      operationId: 'listIndices',
      summary: 'The indices, with editions, indicators and tables',
      querystring: z.strictObject(pageFields({ standard: pageMax, max: pageMax })),
      response: { 200: pageSchema(indexForm) },
    },
    handler: (request) => {
      const { limit, cursor } = request.query
      const all = [...byName.values()]
      const after = cursor === undefined ? undefined : decodeCursor(cursorSchema, cursor)
      const start = after === undefined ? 0 : all.findIndex(({ name }) => name === after) + 1
      const page = pageOf(all.slice(start, start + limit + 1), limit, ({ name }) => name)
      const day = today()
      return { items: page.items.map((index) => indexJson(index, day)), next: page.next }
    },
  })
}

function installOne(app: App, today: () => string): void {
  app.get(`${base}/indices/:index`, {
    config: { role: 'viewer' },
    schema: {
      tags: ['Standards'],
      operationId: 'getIndex',
      summary: 'One index, with editions, indicators and tables',
      params: indexName,
      response: { 200: indexForm },
    },
    handler: (request) => indexJson(indexNamed(request.params.index), today()),
  })
}

function installCompute(app: App, today: () => string): void {
  app.post(`${base}/indices/:index`, {
    config: { role: 'viewer', computes: true },
    bodyLimit: bodyBytesMax,
    schema: {
      tags: ['Standards'],
      operationId: 'computeIndex',
      summary: 'Compute an index from given values',
      description: 'Nothing is stored.',
      params: indexName,
      body: indexRequestForm,
      response: { 200: indexAnswerForm },
    },
    handler: (request) => {
      const definition = indexNamed(request.params.index)
      const edition = editionNamed(definition, request.body.edition, today())
      const given = sortedRequest(definition, request.body)
      return answerJson(definition.compute({ edition, ...given }))
    },
  })
}

function indexNamed(name: string): IndexDefinition {
  const definition = byName.get(name)
  if (definition !== undefined) return definition
  throw new Fault(
    'not_found',
    `There is no index "${name}"; there are ${[...byName.keys()].join(', ')}.`,
    { field: 'index' },
  )
}

function editionNamed(
  definition: IndexDefinition,
  name: string | undefined,
  today: string,
): string {
  if (name === undefined) return editionOn(definition, today).id
  const known = definition.editions.map(({ id }) => id)
  if (known.includes(name)) return name
  throw new Fault(
    'bad_request',
    `edition: ${definition.name} has no edition "${name}"; there are ${known.join(', ')}.`,
    { field: 'edition' },
  )
}
