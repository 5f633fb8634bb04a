/** Two people edit the same thing: the second is told, and does not win silently. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi } from './city-api.ts'

let city: CityApi
beforeEach(async () => {
  city = await openCityApi()
})
afterEach(() => city.close())

const levels = { red: 7 }
const things = [
  ['/sites', { id: 'a' }, { district: 'x' }],
  ['/devices', { id: 'a' }, { enabled: false }],
  ['/rules', { id: 'a', property: 'water_level', levels }, { enabled: false }],
  ['/webhooks', { id: 'a', url: 'https://duty.example.com/x' }, { enabled: false }],
  ['/tokens', { id: 'a', role: 'viewer' }, { description: 'x' }],
  ['/quality-plans', { id: 'a', property: 'pm25', tests: {} }, { enabled: false }],
] as const

describe.each(things)('%s', (path, thing, change) => {
  test('an edit of what has been changed meanwhile is refused with 412, and changes nothing', async () => {
    const made = await city.call('POST', path, { body: thing })
    expect(made.status).toBe(201)
    const read = await city.call('GET', `${path}/a`)
    const tag = String(read.headers.etag)
    expect(tag).toMatch(/^"[\w-]+"$/)
    expect(made.headers.etag).toBe(tag)

    const headers = { 'if-match': tag }
    const first = await city.call('PATCH', `${path}/a`, { body: change, headers })
    expect(first.status).toBe(200)
    expect(first.headers.etag).not.toBe(tag)
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      const body = method === 'DELETE' ? undefined : method === 'PUT' ? thing : change
      const late = await city.call(method, `${path}/a`, { ...(body && { body }), headers })
      expect(late, method).toMatchObject({ status: 412, body: { code: 'precondition_failed' } })
    }
    const now = await city.call('GET', `${path}/a`)
    expect(now.headers.etag).toBe(first.headers.etag)
    const fresh = { 'if-match': `"other", ${now.headers.etag}` }
    expect((await city.call('DELETE', `${path}/a`, { headers: fresh })).status).toBe(204)
  })
})

test('If-None-Match: * makes and never replaces; If-Match: * replaces and never makes', async () => {
  const put = (headers: Record<string, string>) =>
    city.call('PUT', '/sites/b', { body: { district: 'y' }, headers })
  expect((await put({ 'if-match': '*' })).status).toBe(412)
  expect((await put({ 'if-none-match': '*' })).status).toBe(201)
  expect((await put({ 'if-none-match': '*' })).status).toBe(412)
  expect((await put({ 'if-match': '*' })).status).toBe(200)
})

test('what a device says of itself, and a new token, do not change its tag', async () => {
  await city.call('POST', '/devices', { body: { id: 'd-1' } })
  const before = (await city.call('GET', '/devices/d-1')).headers.etag
  await city.call('POST', '/devices/d-1/token')
  expect((await city.call('GET', '/devices/d-1')).headers.etag).toBe(before)
})

test('of many edits at once that start from one state, one is made', async () => {
  const made = await city.call('POST', '/sites', { body: { id: 'c' } })
  const headers = { 'if-match': String(made.headers.etag) }
  const answers = await Promise.all(
    Array.from({ length: 12 }, (_, i) =>
      city.call('PATCH', '/sites/c', { body: { attributes: { [`k${i}`]: i } }, headers }),
    ),
  )
  expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(11).fill(412)])
})
