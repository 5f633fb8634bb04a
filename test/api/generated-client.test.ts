/**
 * A client that a common generator (swagger-typescript-api) makes from `/openapi.json`: it has every operation, a
 * program written against it passes the compiler, and does its work against the running API.
 */

import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { execFile } from 'node:child_process'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type CityApi, noon, openCityApi, reading, tokens } from './city-api.ts'

const programs = join(import.meta.dirname, '../../node_modules/.bin')
/** Compilers and generators start slowly on a busy machine. */
const limitMs = 240_000

/** Written as a person would who has only the generated types: no cast, no `any`. */
const program = `
import { Api, type CreateRuleBody } from './client.ts'

const [baseUrl = '', token = ''] = process.argv.slice(2)
const { api } = new Api<string>({
  baseUrl,
  securityWorker: (given) => ({ headers: { authorization: \`Bearer \${given}\` } }),
}) as Api<string>
const client = new Api<string>({
  baseUrl,
  securityWorker: (given) => (given ? { headers: { authorization: \`Bearer \${given}\` } } : {}),
})
client.setSecurityData(token)

const site = await client.api.createSite({
  id: 'quay',
  kind: 'river-gauge',
  name: { en: 'Quay' },
  location: [118.78, 32.05],
})
const longitude: number = site.data.location?.[0] ?? 0
await client.api.createDevice({ id: 'd-1', site: 'quay' })
const { data: made } = await client.api.createDeviceToken('d-1')
const rule: CreateRuleBody = { id: 'heat', property: 'temperature', levels: { red: 40 } }
const { data: heat } = await client.api.createRule(rule)
const { data: page } = await client.api.listReadings({ device: ['d-1'] })
const values: (number | null)[] = page.items.map(({ value }) => value)
const { data: hours } = await client.api.listReadings({ device: ['d-1'], every: '1h' })
const counts: (number | undefined)[] = hours.items.map(({ count }) => count)
const changed = await client.api.changeSite('quay', { name: { en: 'The quay' } })
const removed = [
  (await client.api.removeRule('heat')).status,
  (await client.api.removeDevice('d-1')).status,
  (await client.api.removeSite('quay')).status,
]
let refused = 0
try {
  await client.api.getSite('quay')
} catch (answer) {
  refused = (answer as Response).status
}
const metrics = await client.metrics.getMetrics()
console.log(
  JSON.stringify({
    longitude, values, counts, removed, refused,
    token: made.token.length > 20, levels: heat.levels, name: changed.data.name.en, metrics: metrics.status,
  }),
)
// The body of the figures is not read, and would keep its connection for as long as the server does.
process.exit()
`

let city: CityApi
let folder: string
// biome-ignore lint/suspicious/noExplicitAny: the document is looked into everywhere.
let document: any

beforeAll(async () => {
  city = await openCityApi()
  folder = mkdtempSync(join(tmpdir(), 'bw-client-'))
  document = (await city.call('GET', '/openapi.json', { as: null })).body
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(document))
  execFileSync(
    join(programs, 'swagger-typescript-api'),
    ['generate', '-p', 'openapi.json', '-o', '.', '-n', 'client.ts'],
    { cwd: folder, stdio: 'pipe' },
  )
}, limitMs)
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await city.close()
})

test('has a function for every operation', () => {
  const client = readFileSync(join(folder, 'client.ts'), 'utf8')
  const operations = Object.values(document.paths).flatMap((path) =>
    Object.values(path as Record<string, { operationId: string }>).map((one) => one.operationId),
  )
  expect(operations.length).toBeGreaterThan(70)
  for (const name of operations) expect(client).toContain(`${name}: (`)
})

test(
  'makes a site, reads, and deletes, without a cast',
  async () => {
    writeFileSync(join(folder, 'program.ts'), program)
    const options = [
      '--noEmit',
      '--strict',
      '--skipLibCheck',
      '--target',
      'es2023',
      '--module',
      'esnext',
    ]
    const resolution = ['--moduleResolution', 'bundler', '--allowImportingTsExtensions']
    const types = ['--types', 'node', '--typeRoots', join(programs, '../@types')]
    execFileSync(join(programs, 'tsc'), [...options, ...resolution, ...types, 'program.ts'], {
      cwd: folder,
      stdio: 'pipe',
    })
    await city.store([
      reading({ property: 'temperature', value: 21.5, observedAt: noon }),
      reading({ property: 'temperature', value: 22.5, observedAt: noon + 60_000 }),
    ])
    await city.app.listen({ host: '127.0.0.1', port: 0 })
    const { port } = city.app.server.address() as AddressInfo
    writeFileSync(join(folder, 'package.json'), '{"type": "module"}')
    const { stdout } = await promisify(execFile)(
      join(programs, 'tsx'),
      ['program.ts', `http://127.0.0.1:${port}`, tokens.admin],
      { cwd: folder },
    )
    expect(JSON.parse(stdout)).toEqual({
      longitude: 118.78,
      values: [21.5, 22.5],
      counts: [2],
      removed: [204, 204, 204],
      refused: 404,
      token: true,
      levels: { red: 40 },
      name: 'The quay',
      metrics: 200,
    })
  },
  limitMs,
)

interface Form {
  [keyword: string]: unknown
}

/** Values that fit a JSON schema, of the keywords that the description uses for rules. */
function fitting(form: Form): fc.Arbitrary<unknown> {
  if (typeof form.$ref === 'string') {
    return fitting(document.components.schemas[form.$ref.split('/').at(-1) ?? ''])
  }
  const alternatives = (form.oneOf ?? form.anyOf) as Form[] | undefined
  if (alternatives !== undefined) return fc.oneof(...alternatives.map(fitting))
  if (Array.isArray(form.enum)) return fc.constantFrom(...form.enum)
  switch (form.type) {
    case 'object':
      return fittingObject(form)
    case 'array':
      return fc.array(fitting(form.items as Form), { maxLength: 2 })
    case 'string':
      if (typeof form.pattern === 'string' && !form.pattern.includes('\\p')) {
        // Of durations those that no description of a text can rule out: at most 31 days.
        return fc.stringMatching(
          form.pattern.includes('(s|m|h|d)') ? /^[1-9]\d(s|m|h)$/ : new RegExp(form.pattern),
        )
      }
      return fc.stringMatching(/^[a-z]{1,12}$/)
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'integer':
      return fc.integer({ min: Number(form.minimum ?? 0), max: Number(form.maximum ?? 1_000) })
    default:
      return fc.double({
        min: Number(form.minimum ?? -100),
        max: Number(form.maximum ?? 1_000),
        noNaN: true,
      })
  }
}

function fittingObject(form: Form): fc.Arbitrary<unknown> {
  const properties = Object.entries((form.properties ?? {}) as Record<string, Form>)
  const fields = Object.fromEntries(properties.map(([name, inner]) => [name, fitting(inner)]))
  const requiredKeys = (form.required ?? []) as string[]
  const least = Number(form.minProperties ?? 0)
  return fc.record(fields, { requiredKeys }).filter((value) => Object.keys(value).length >= least)
}

test(
  'what fits the description of a rule is well formed: accepted, or refused with 422 and the field',
  async () => {
    const body = document.components.schemas.CreateRuleBody
    let accepted = 0
    await fc.assert(
      fc.asyncProperty(fitting(body), async (rule) => {
        const answer = await city.call('POST', '/rules', {
          body: { ...(rule as object), id: undefined },
        })
        if (answer.status === 201) {
          accepted += 1
          expect((await city.call('DELETE', `/rules/${answer.body.id}`)).status).toBe(204)
          return
        }
        // That bounds rise from blue to red is said in words only.
        const told = `${answer.status} ${answer.body.field}`
        expect(told, JSON.stringify([rule, answer.body])).toMatch(/^422 \S+|^400 levels$/)
      }),
      { numRuns: 200, seed: 20261130 },
    )
    expect(accepted).toBeGreaterThan(10)
  },
  limitMs,
)
