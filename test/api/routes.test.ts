/** What holds for every route, generated from the table of routes: roles, refusals, audit, content types. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { roleAllows, roles } from '../../domain/token.ts'
import { type CityApi, openCityApi } from './city-api.ts'
import { goodBody, routeTable } from './route-table.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

const inBraces = /\{[a-z]+\}/
const url = (path: string, id = 'no-such-thing') => path.replace(inBraces, encodeURIComponent(id))
const closed = routeTable.filter(([, , role]) => role !== 'open')
const sending = closed.filter(([method]) => method !== 'GET')
/** What a viewer may send only computes an answer. */
const changing = sending.filter(([, , role]) => role !== 'viewer')
const takingJson = sending.filter(
  ([method, path]) =>
    method === 'PUT' ||
    method === 'PATCH' ||
    (method === 'POST' && !path.includes('{id}') && !path.endsWith('import')) ||
    path.endsWith('acknowledge'),
)

function expectProblem(answer: Awaited<ReturnType<CityApi['call']>>): void {
  expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8')
  expect(answer.body).toMatchObject({ status: answer.status, title: expect.any(String) })
  expect(answer.body.type).toMatch(/^urn:problem-type:bellwether:[a-z_]+$/)
  expect(answer.body.detail).toMatch(/\S/)
  expect(answer.body.request).toBe(answer.headers['x-request-id'])
}

test('the description lists every route of the table and no other', async () => {
  const { body } = await city.call('GET', '/openapi.json', { as: null })
  const described = Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect(described.sort()).toEqual(routeTable.map(([method, path]) => `${method} ${path}`).sort())
})

describe.each(closed)('%s %s needs %s', (method, path, needed) => {
  // An open stream would never answer; it has tests of its own.
  const allowedRoles = path.endsWith('/events') ? [] : roles

  test('without a token: 401 and how to sign in', async () => {
    const answer = await city.call(method, url(path), { as: null })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toBe('Bearer realm="bellwether"')
    expectProblem(answer)
    expect(answer.body.detail).toContain('bellwether token add')
  })

  test('with a token nobody knows: 401', async () => {
    const headers = { authorization: 'Bearer bwt_nobody-knows-this' }
    const answer = await city.call(method, url(path), { as: null, headers })
    expect(answer.status).toBe(401)
    expect(answer.headers['www-authenticate']).toContain('error="invalid_token"')
    expectProblem(answer)
    expect(answer.body.detail).toContain('bellwether token add ID --role viewer|operator|admin')
  })

  test.each(allowedRoles)('as %s: in or out, as declared', async (role) => {
    const answer = await city.call(method, url(path), { as: role })
    if (roleAllows(role, needed as 'viewer')) {
      expect([401, 403]).not.toContain(answer.status)
      expect(answer.status).toBeLessThan(500)
    } else {
      expect(answer.status).toBe(403)
      expect(answer.body.detail).toContain(needed)
      expectProblem(answer)
    }
  })

  test('an unknown parameter is named', async () => {
    const body = goodBody(method, path)
    const answer = await city.call(method, `${url(path, '1-1')}?colour=red`, { body })
    expect(answer).toMatchObject({ status: 400, body: { field: 'colour' } })
    expectProblem(answer)
  })
})

describe('odd spellings of a token', () => {
  test.each([
    'bwt_admin-token-of-the-tests',
    'Basic bwt_admin-token-of-the-tests',
    'Bearer',
    'Bearer ',
    'Bearer bwt_admin-token-of-the-tests x',
    'Bearer "bwt_admin-token-of-the-tests"',
    'Bearer bwt_admin-token-of-the-tests,Bearer x',
    `Bearer ${'x'.repeat(10_000)}`,
    'Bearer bwt_admin-token-of-the-test',
    'Bearer BWT_ADMIN-TOKEN-OF-THE-TESTS',
  ])('%j is refused', async (authorization) => {
    const answer = await city.call('GET', '/sites', { as: null, headers: { authorization } })
    expect(answer.status).toBe(401)
  })

  test('the scheme has no case', async () => {
    const headers = { authorization: 'bEARER bwt_admin-token-of-the-tests' }
    expect((await city.call('GET', '/sites', { as: null, headers })).status).toBe(200)
  })
})

const junkBodies: [string, string | Buffer][] = [
  ['nothing', ''],
  ['a number', '1'],
  ['null', 'null'],
  ['a text', '"x"'],
  ['a list', '[]'],
  ['a list of lists', '[[[[[]]]]]'],
  ['half an object', '{"id":'],
  ['two objects', '{}{}'],
  ['a prototype', '{"__proto__": {"role": "admin"}}'],
  ['a constructor', '{"constructor": {"prototype": {"role": "admin"}}}'],
  ['wrong types', '{"id": {}, "role": [], "url": 1, "kind": null, "note": {}, "levels": 5}'],
  ['an endless number', '{"id": 1e999}'],
  ['depth', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
  ['many keys', `{${Array.from({ length: 20_000 }, (_, i) => `"k${i}":1`).join()}}`],
  ['a long text', JSON.stringify({ id: 'x'.repeat(500_000) })],
  ['lone surrogates', '{"id": "\\ud800"}'],
  ['bytes that are no text', Buffer.from([0x7b, 0xff, 0xfe, 0x7d])],
  ['GBK', Buffer.from([0x22, 0xcb, 0xae, 0xce, 0xbb, 0x22])],
  ['too much', JSON.stringify({ id: 'x'.repeat(1_100_000) })],
]

test.each([
  ['{"name": {"__proto__": {"en": "x"}}}', 'name.__proto__'],
  ['{"a": [{"constructor": {"prototype": 1}}]}', 'a.0.constructor'],
  ['{"\\u005f_proto__": 1}', '__proto__'],
])('a key that would reach into prototypes is named: %s', async (body, field) => {
  const headers = { 'content-type': 'application/json' }
  const answer = await city.call('POST', '/sites', { body, headers })
  expect(answer).toMatchObject({ status: 400, body: { field } })
  expect(answer.body.detail).toContain(field)
})

describe.each(sending)('%s %s with a body that is', (method, path) => {
  test.each(junkBodies)('%s: never a fault of ours', async (_name, body) => {
    const headers = { 'content-type': 'application/json' }
    const answer = await city.call(method, url(path, '9-9'), { body, headers })
    // A PATCH of nothing and a DELETE of what is not there are the only ones that may go through.
    expect(answer.status).toBeGreaterThanOrEqual(400)
    expect(answer.status).toBeLessThan(500)
    expectProblem(answer)
  })
})

const hostileIds = [
  '..',
  '../..',
  'a/b',
  '%00',
  'a\u0000b',
  'a b',
  '$SYS',
  '+',
  '#',
  '__proto__',
  'constructor',
  'x'.repeat(129),
  'x'.repeat(5_000),
  '水位站一号',
  'e\u0301',
  '\u202Eevil',
  '👩‍🚒',
  "'; DROP TABLE entity; --",
  '"><script>',
  '{{7*7}}',
]
const withId = closed.filter(([, path]) => inBraces.test(path))

describe.each(withId)('%s %s with a hostile id', (method, path) => {
  test.each(hostileIds.map((id) => [id.slice(0, 20), id]))('%j: a clear no', async (_name, id) => {
    const answer = await city.call(method, url(path, id), {
      body: method === 'GET' ? undefined : {},
    })
    expect(answer.status).toBeLessThan(500)
    if (answer.status >= 400) expectProblem(answer)
    else expect([...id].every((c) => c !== '/' && c !== ' ')).toBe(true)
  })

  test.each(['%', '%zz', '%c0%ae', '%E0%A4%A', '..%2f..%2fetc'])('%s: a clear no', async (raw) => {
    const answer = await city.call(method, path.replace(inBraces, raw))
    expect([400, 404, 405]).toContain(answer.status)
    expectBare(answer)
  })
})

/** A path that cannot even be decoded is refused before a request has an id of ours in a header. */
function expectBare(answer: Awaited<ReturnType<CityApi['call']>>): void {
  expect(answer.headers['content-type']).toContain('application/problem+json')
  expect(answer.body.status).toBe(answer.status)
}

const junkParameters = [
  'limit=0',
  'limit=-1',
  'limit=1e3',
  'limit=99999999999999999999',
  'limit=1&limit=2',
  'limit[]=1',
  'limit=',
  'cursor=x',
  'cursor=e30',
  'cursor=bnVsbA',
  'cursor=%00',
  `cursor=${'A'.repeat(5_000)}`,
  '__proto__=1',
  'constructor=1',
  '%00=1',
  '=',
  '&&&x',
]

describe.each(closed.filter(([method, path]) => method === 'GET' && !path.endsWith('/events')))(
  '%s %s with a parameter',
  (method, path) => {
    test.each(junkParameters)('%s: never a fault of ours', async (query) => {
      const answer = await city.call(method, `${url(path, '1-1')}?${query}`)
      expect(answer.status).toBe(400)
      expectProblem(answer)
    })
  },
)

const odd = [
  'application/json; charset=gbk',
  'application/json; charset=utf-16',
  'application/json; foo=bar',
  'application/json, application/json',
  'application/json;charset=utf-8;charset=gbk',
  'application/json\t',
  'application/json\u000b',
  'application/ json',
  'application /json',
  'application/json/',
  'application/jsonx',
  'application/json+x',
  'application/vnd.api+json',
  'application/problem+json',
  'application/merge-patch+json',
  'application/x-ndjson',
  'application/x-www-form-urlencoded',
  'multipart/form-data; boundary=x',
  'text/json',
  'text/plain',
  'text/plain; charset=utf-8',
  'text/csv',
  'text/html',
  'text/xml',
  'application/xml',
  'application/octet-stream',
  'application/cbor',
  'application/*',
  '*/*',
  '*',
  'json',
  'json/application',
  '"application/json"',
  "'application/json'",
  '; charset=utf-8',
  ';',
  '/',
  'undefined',
  'null',
  '\\application/json',
]

describe.each(takingJson)('%s %s with the content type', (method, path) => {
  test.each(odd)('%j: refused, and nothing is changed', async (type) => {
    const before = city.parts.view.version
    const body = '{"id":"smuggled","role":"admin","property":"mood","url":"x","note":5}'
    const answer = await city.call(method, url(path, 'smuggled'), {
      body,
      headers: { 'content-type': type },
    })
    // A trailing tab is white space around the value, which is not part of it (RFC 9110 §5.5).
    expect(type.endsWith('\t') ? [415, 400, 404] : [415]).toContain(answer.status)
    expectProblem(answer)
    expect(city.parts.view.version).toBe(before)
  })

  test.each([
    'application/json',
    'Application/JSON',
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
  ])('%j: taken', async (type) => {
    const answer = await city.call(method, url(path), {
      body: '{"nothing-of-the-kind": 1}',
      headers: { 'content-type': type },
    })
    expect([400, 404]).toContain(answer.status)
  })
})

test.each(closed.filter(([method, path]) => goodBody(method, path)))(
  '%s %s: an unknown field is named',
  async (method, path) => {
    const body = { ...goodBody(method, path), colour: 'red' }
    const answer = await city.call(method, url(path), { body })
    expect(answer).toMatchObject({ status: 400, body: { field: 'colour' } })
    expectProblem(answer)
  },
)

describe.each(changing)('%s %s leaves an entry in the audit trail', (method, path) => {
  test('also when it is refused for its role, and nothing for a stranger', async () => {
    const newest = async () => (await city.parts.registry.auditTrail(1))[0]
    const before = await newest()
    await city.call(method, url(path), { as: null })
    expect((await newest())?.id).toBe(before?.id)
    await city.call(method, url(path), { as: 'viewer' })
    const entry = await newest()
    expect(entry).toMatchObject({ actor: 'viewer-1', result: 'refused', from: '127.0.0.1' })
    expect(entry?.id).not.toBe(before?.id)
    expect(entry?.action).toMatch(/^[a-z]+(-[a-z]+)*\.[a-z]+$/)
    if (path.includes('{id}')) expect(entry?.target).toContain('no-such-thing')
  })
})

describe('paths and methods', () => {
  test.each(['/', '/api', '/api/v1', '/api/v1/', '/api/v1/nothing', '/.env', '/docs/../x'])(
    '%s is nothing, with or without a token',
    async (path) => {
      for (const as of [null, 'admin'] as const) {
        const answer = await city.call('GET', path, { as })
        expect(answer.status).toBe(404)
        expectProblem(answer)
        expect(answer.body.detail).toContain('/docs')
      }
    },
  )

  test('a method that a path does not know is told which it knows', async () => {
    const answer = await city.call('DELETE', '/sites')
    expect(answer).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD, POST' } })
    expectProblem(answer)
    expect((await city.call('PATCH', '/healthz')).status).toBe(405)
    expect((await city.call('OPTIONS', '/sites')).status).toBe(405)
  })

  test('HEAD answers as GET does, without the body', async () => {
    const answer = await city.call('HEAD', '/sites')
    expect(answer).toMatchObject({ status: 200, text: '' })
    expect((await city.call('HEAD', '/sites', { as: null })).status).toBe(401)
  })
})

describe('headers', () => {
  test('answers say nothing of the machinery and cannot be framed, sniffed or kept', async () => {
    for (const path of ['/healthz', '/api/v1/sites', '/api/v1/none']) {
      const { headers } = await city.call('GET', path)
      expect(headers['x-powered-by']).toBeUndefined()
      expect(headers.server).toBeUndefined()
      expect(headers['strict-transport-security']).toBeUndefined()
      expect(headers['access-control-allow-origin']).toBeUndefined()
      expect(headers['x-content-type-options']).toBe('nosniff')
      expect(headers['content-security-policy']).toContain("default-src 'none'")
      expect(headers['cache-control']).toBe('no-store')
      expect(headers['x-request-id']).toMatch(/^[0-9a-f]{16}$/)
    }
  })

  test('a request id or an address that a client makes up is not believed', async () => {
    const headers = {
      'x-request-id': 'mine',
      'x-forwarded-for': '10.9.8.7',
      forwarded: 'for=1.2.3.4',
    }
    const answer = await city.call('PUT', '/sites/h', { body: {}, headers })
    expect(answer.headers['x-request-id']).not.toBe('mine')
    const [entry] = await city.parts.registry.auditTrail(1)
    expect(entry).toMatchObject({ target: 'site/h', result: 'done', from: '127.0.0.1' })
  })
})
