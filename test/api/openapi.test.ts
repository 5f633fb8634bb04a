/** The description of the API: valid, complete, and true to what the routes check. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi } from './city-api.ts'
import { routeTable } from './route-table.ts'

interface Operation {
  tags?: string[]
  summary?: string
  description?: string
  security?: Record<string, string[]>[]
  parameters?: { name: string; in: string; required?: boolean; schema: object }[]
  requestBody?: { content: Record<string, { schema: object }> }
  responses: Record<string, { description: string; content?: Record<string, { schema: object }> }>
}

let city: CityApi
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into everywhere.
let document: any
beforeAll(async () => {
  city = await openCityApi()
  document = (await city.call('GET', '/openapi.json', { as: null })).body
})
afterAll(() => city.close())

const operation = (method: string, path: string): Operation =>
  document.paths[path][method.toLowerCase()]

test('it is OpenAPI 3.1 with a bearer token', () => {
  expect(document.openapi).toBe('3.1.0')
  expect(document.info).toMatchObject({ title: 'Bellwether', version: expect.any(String) })
  expect(document.components.securitySchemes).toEqual({
    bearer: { type: 'http', scheme: 'bearer' },
  })
})

test('every reference leads somewhere, and every schema is referred to', () => {
  const text = JSON.stringify(document)
  const used = new Set([...text.matchAll(/"#\/components\/schemas\/([^"]+)"/g)].map((m) => m[1]))
  expect([...used].sort()).toEqual(Object.keys(document.components.schemas).sort())
})

describe.each(routeTable)('%s %s', (method, path, role) => {
  test('says what it does, who may, what it takes and what it answers', () => {
    const { tags, summary, description, security, parameters, responses } = operation(method, path)
    expect(tags).toHaveLength(1)
    expect(summary).toMatch(/^[A-Z]/)
    expect(security).toEqual(role === 'open' ? [] : [{ bearer: [] }])
    if (role !== 'open')
      expect(description?.match(/Needs role (\w+)\./g)).toEqual([`Needs role ${role}.`])
    const inPath = (parameters ?? []).filter((p) => p.in === 'path').map((p) => p.name)
    expect(inPath).toEqual([...path.matchAll(/\{([a-z]+)\}/g)].map((m) => m[1]))
    expect(Object.keys(responses).some((status) => /^2\d\d$/.test(status))).toBe(true)
    expect(responses.default?.content).toHaveProperty(['application/problem+json'])
  })
})

test('the nouns of the domain are its schemas', () => {
  const names = [
    'Site',
    'Device',
    'RuleWithWatching',
    'Silence',
    'Webhook',
    'Token',
    'Reading',
    'ReadingOrAggregate',
    'Alert',
    'AlertDetail',
    'Delivery',
    'QuarantineEntry',
    'Property',
    'Problem',
  ]
  const known = Object.keys(document.components.schemas).map((name) => name.replace(/Input$/, ''))
  for (const name of names) expect(known).toContain(name)
  const body = operation('POST', '/api/v1/sites').requestBody?.content['application/json']?.schema
  expect(body).toEqual({ $ref: '#/components/schemas/SiteInput' })
})

test('secrets are only in the answers that tell them once', () => {
  for (const [method, path] of routeTable) {
    const answers = JSON.stringify(resolved(operation(method, path).responses))
    const tells = /"(secret|token|tokens)":/.test(answers)
    const may = (method === 'POST' || method === 'PUT') && /webhooks|tokens/.test(path)
    expect(tells, `${method} ${path}`).toBe(
      (may && !path.endsWith('/test')) || /\/(token|import)$/.test(path),
    )
  }
})

/** With what it refers to in place. */
function resolved(node: unknown): unknown {
  if (typeof node !== 'object' || node === null) return node
  if (Array.isArray(node)) return node.map(resolved)
  const reference = '$ref' in node ? String(node.$ref).split('/').at(-1) : undefined
  if (reference !== undefined) return resolved(document.components.schemas[reference])
  return Object.fromEntries(Object.entries(node).map(([key, value]) => [key, resolved(value)]))
}

describe('for the generators of clients', () => {
  const operations = () =>
    Object.values(document.paths).flatMap((path) => Object.values(path as object)) as (Operation & {
      operationId: string
    })[]

  test('each operation has a name of its own', () => {
    const names = operations().map(({ operationId }) => operationId)
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^[a-z][A-Za-z0-9]+$/)
  })

  test('an answer without a body has no content, each other has one shape, with a name', () => {
    for (const { operationId, responses } of operations()) {
      const shapes = new Set<string>()
      for (const [status, { content }] of Object.entries(responses)) {
        if (status === 'default') continue
        if (status === '204') expect(content, operationId).toBeUndefined()
        else shapes.add(JSON.stringify(content))
      }
      expect(shapes.size, operationId).toBeLessThanOrEqual(1)
      for (const shape of shapes) expect(shape, operationId).toMatch(/\$ref|text\//)
    }
  })

  test('lists have a length and one kind of item, and no object has a default', () => {
    const text = JSON.stringify([
      document.components.schemas,
      operations().map((o) => o.requestBody),
    ])
    expect(/"prefixItems"|"items":false|"default":[{[]/.exec(text)?.[0]).toBeUndefined()
    expect(document.components.schemas.Site.properties.location).toMatchObject({
      anyOf: expect.arrayContaining([expect.objectContaining({ minItems: 2, maxItems: 2 })]),
    })
  })

  test('a rule says what it requires, and which properties there are', () => {
    const { CreateRuleOnProperty, CreateRuleOnIndex } = document.components.schemas
    expect(CreateRuleOnProperty.required).toEqual(expect.arrayContaining(['levels', 'property']))
    expect(CreateRuleOnIndex.required).toEqual(expect.arrayContaining(['levels', 'signal']))
    expect(CreateRuleOnProperty.properties.property.enum).toContain('water_level')
    expect(CreateRuleOnProperty.properties.levels.minProperties).toBe(1)
  })
})

test('lists, numbers, times and bodies that stream are described as they are', () => {
  const of = (name: string) =>
    operation('GET', '/api/v1/readings').parameters?.find((p) => p.name === name)?.schema
  expect(of('device')).toMatchObject({ type: 'array', items: { type: 'string' } })
  expect(of('from')).toMatchObject({ type: 'string', format: 'date-time' })
  expect(of('limit')).toMatchObject({ type: 'integer', minimum: 1 })
  const kinds = operation('GET', '/api/v1/latest').parameters?.find(
    (p) => p.name === 'kind',
  )?.schema
  expect(kinds).toMatchObject({ items: { enum: expect.arrayContaining(['river-gauge']) } })
  const streamed = operation('POST', '/api/v1/devices/import').requestBody?.content
  expect(Object.keys(streamed ?? {})).toEqual(['text/csv', 'application/x-ndjson'])
})

describe('the page to read it', () => {
  test('is there, with a policy that lets in only what it brings', async () => {
    const page = await city.call('GET', '/docs/', { as: null })
    expect(page.status).toBe(200)
    expect(page.headers['content-type']).toContain('text/html')
    const policy = String(page.headers['content-security-policy'])
    expect(policy).toContain("script-src 'self'")
    expect(policy).not.toContain('upgrade-insecure-requests')
    expect(policy).not.toMatch(/https:|unsafe-eval|script-src[^;]*unsafe-inline/)
    expect(page.text).not.toMatch(/(src|href)="https?:/)
    for (const [, source] of page.text.matchAll(/(?:src|href)="([^"]+)"/g)) {
      const asset = await city.call('GET', new URL(source ?? '', 'http://x/docs/').pathname, {
        as: null,
      })
      expect(asset.status).toBe(200)
    }
  })

  test.each([
    '/docs/static/..%2f..%2fpackage.json',
    '/docs/static/%2e%2e/%2e%2e/package.json',
    '/docs/static/....//index.js',
  ])('%s is no way out of it', async (path) => {
    const answer = await city.call('GET', path, { as: null })
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.text).not.toContain('"name"')
  })
})
