/** The description of the API at `/openapi.json`, made from the schemas that check it, and `/docs` to read it. */

import swagger from '@fastify/swagger'
import swaggerUi from '@fastify/swagger-ui'
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod'
import { z } from 'zod'
import { type App, docsPath } from '../context.ts'
import { type Document, forGenerators, type Schema } from './openapi-document.ts'

const about = `What a city's sensors say, and what follows from it.

Every path under /api/v1 needs \`Authorization: Bearer <token>\`; a token has a role: viewer (read), operator
(acknowledge, silence, try again) or admin (everything). /healthz, /readyz and /metrics need none.

Errors are problem documents (RFC 9457) whose \`detail\` says which field and why. Unknown fields and parameters
are refused. Parameters that are lists take commas or repetition: \`site=a,b\` or \`site=a&site=b\`. Lists answer
\`{"items": […], "next": cursor or null}\`; \`cursor=\` continues. Times are RFC 3339; a time in a request needs its zone.
What can be edited answers an \`ETag\`; sent back as \`If-Match\`, an edit of what has changed since is refused (412).
Requests per minute are limited for each token; 429 and 503 say in Retry-After when to come back.`

const tags = [
  'Readings',
  'Quality',
  'Alerts',
  'Rules',
  'Webhooks',
  'Standards',
  'Sites',
  'Devices',
  'Quarantine',
  'Tokens',
  'Audit',
  'Health',
]

/** Only what this page loads itself; the page works without the network. */
const docsPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; " +
  "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

export async function installOpenapi(app: App): Promise<void> {
  app.addHook('onRoute', (route) => {
    const role = route.config?.role
    const schema = route.schema
    if (role === undefined || schema === undefined || schema.hide === true) return
    // It shares the schema of its GET.
    if (route.method === 'HEAD') return
    if (schema.operationId === undefined) {
      throw new Error(`The route ${String(route.method)} ${route.url} has no operationId.`)
    }
    schema.security = role === 'open' ? [] : [{ bearer: [] }]
    if (role !== 'open') schema.description = describe(schema.description, role)
    schema.querystring ??= z.strictObject({})
  })
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Bellwether', version: '1', description: about },
      servers: [{ url: '/' }],
      tags: tags.map((name) => ({ name })),
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } } },
    },
    transform: withBody,
    transformObject: (document) =>
      forGenerators(jsonSchemaTransformObject(document) as unknown as Document) as never,
  })
  await app.register(swaggerUi, {
    routePrefix: docsPath,
    staticCSP: docsPolicy,
    // Without the bar at the top, which only leads to other people's documents.
    uiConfig: {
      layout: 'BaseLayout',
      validatorUrl: null,
      docExpansion: 'list',
      persistAuthorization: false,
    },
  })
  installDocument(app)
}

function installDocument(app: App): void {
  let document: string | undefined
  app.get('/openapi.json', {
    config: { role: 'open' },
    schema: { hide: true },
    handler: (_request, reply) => {
      document ??= JSON.stringify(app.swagger())
      return reply.type('application/json').serializer(String).send(document)
    },
  })
}

function describe(description: string | undefined, role: string): string {
  const needs = `Needs role ${role}.`
  return description === undefined ? needs : `${description} ${needs}`
}

/** A body that is read as it arrives has no schema that checks it, but it has types; another is one of several forms. */
const withBody: typeof jsonSchemaTransform = (document) => {
  const { schema, url } = jsonSchemaTransform(document)
  const { streamTypes: types, bodyForms } = document.route.config ?? {}
  if (bodyForms !== undefined) {
    return { schema: { ...schema, body: { anyOf: bodyForms(schema.body as Schema) } }, url }
  }
  if (types === undefined) return { schema, url }
  return { schema: { ...schema, consumes: [...types], body: { type: 'string' } }, url }
}
