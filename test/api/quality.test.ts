/** The tests of quality control from outside: the shared vectors over HTTP, the list, limits and refusals. */

import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

interface Vector extends Record<string, unknown> {
  id: string
  test: string
  expect: number[]
}

const file = new URL('../cases/qartod.json', import.meta.url)
const { vectors } = JSON.parse(readFileSync(file, 'utf8')) as { vectors: Vector[] }

const run = (name: string, body: object) =>
  city.call('POST', `/quality/${name}`, { as: 'viewer', body })

test.each(vectors)('$id is answered as expected', async (vector) => {
  const { id, test: name, expect: flags, note, origin, source, ...body } = vector
  expect(await run(name, body)).toMatchObject({ status: 200, body: { test: name, flags } })
})

test('the list names every test, what it takes and where it comes from', async () => {
  const { body } = await city.call('GET', '/quality', { as: 'viewer' })
  expect(body.next).toBeNull()
  expect(body.items.map((item: { test: string }) => item.test)).toEqual([
    'time_gap',
    'gross_range',
    'climatology',
    'spike',
    'rate_of_change',
    'flat_line',
    'attenuated_signal',
    'neighbour',
    'aggregate',
  ])
  for (const item of body.items) {
    expect(item.title.zh).toMatch(/\p{Script=Han}/u)
    expect(item.meaning.en).toMatch(/\.$/)
    expect(item.source).toContain('QARTOD')
    for (const { description } of item.parameters) expect(description).toMatch(/\S/)
  }
  const spike = body.items.find((item: { test: string }) => item.test === 'spike')
  expect(spike.parameters).toContainEqual(expect.objectContaining({ name: 'x', required: true }))
  expect(spike.parameters).toContainEqual(
    expect.objectContaining({ name: 'method', required: false }),
  )
  expect(spike.defaults).toContainEqual(
    expect.objectContaining({
      property: 'pm25',
      settings: { suspect: expect.any(Number), fail: expect.any(Number) },
    }),
  )
  const first = (await city.call('GET', '/quality?limit=4')).body
  const rest = (await city.call('GET', `/quality?cursor=${first.next}`)).body
  expect([...first.items, ...rest.items]).toEqual(body.items)
})

describe('refusals name the field and what is allowed', () => {
  const x = [1, 2, 3]
  const t = [0, 60, 120]
  test.each([
    ['spike', { x, suspect: 1, colour: 'red' }, 'colour', 'allowed are x, suspect, fail, method'],
    ['spike', { x, suspect: 1, method: 'median' }, 'method', 'average'],
    ['spike', { x: [1, 'two'], suspect: 1 }, 'x.1', 'number'],
    ['spike', { suspect: 1 }, 'x', 'required'],
    ['spike', { x }, 'suspect', 'required, or fail'],
    ['gross_range', { x, fail_span: [0, 2], suspect_span: [1, 3] }, 'suspect_span', '[0, 2]'],
    ['gross_range', { x, fail_span: [0] }, 'fail_span', 'fail_span'],
    ['rate_of_change', { x, t: [0, 60], threshold: 1 }, 't', 'as many as x: 3, not 2'],
    ['rate_of_change', { x, t: [0, 60, 'noon'], threshold: 1 }, 't.2', '"noon" is no time'],
    ['rate_of_change', { x, t: [0, 60, 30], threshold: 1 }, 't.2', 'later than t.1'],
    ['rate_of_change', { x, t, threshold: '1+1' }, 'threshold', '5/15/60'],
    ['flat_line', { x, t, suspect_s: '1h' }, 'suspect_s', 'number'],
    ['climatology', { x, t, members: [] }, 'members', 'members'],
    [
      'climatology',
      { x, t, members: [{ tspan: [1, 2], vspan: [0, 1], period: 'moon' }] },
      'members.0.period',
      'dayofyear',
    ],
    [
      'climatology',
      { x, t, members: [{ tspan: ['x', 'y'], vspan: [0, 1] }] },
      'members.0.tspan',
      'times',
    ],
    ['neighbour', { x, neighbours: [[1]], suspect: 1 }, 'neighbours.0', '3, not 1'],
    ['aggregate', { flags: [[1, 7]] }, 'flags.0.1', '9'],
    ['attenuated_signal', { x, suspect: 1, test_period: 60 }, 't', 'test_period'],
  ])('%s %j', async (name, body, field, allowed) => {
    const answer = await run(name, body)
    expect(answer).toMatchObject({ status: 400, body: { code: 'bad_request', field } })
    expect(answer.body.detail).toContain(field)
    expect(answer.body.detail).toContain(allowed)
  })
})

test('a hundred thousand values are judged, one more is refused', async () => {
  const t = Array.from({ length: 100_000 }, (_, i) => new Date(i * 60_000).toISOString())
  const x = t.map((_, i) => (i % 1_000 === 0 ? 60 : 20))
  const answer = await run('rate_of_change', { x, t, threshold: '5/60' })
  expect(answer.status).toBe(200)
  expect(answer.body.flags.filter((flag: number) => flag === 3)).toHaveLength(199)
  const flat = await run('flat_line', { x, t, suspect_s: 5_000_000, tolerance: 41 })
  expect(flat.body.flags.filter((flag: number) => flag === 3)).toHaveLength(100_000 - 83_333)
  const more = await run('spike', { x: [...x, 1], suspect: 1 })
  expect(more).toMatchObject({ status: 400, body: { field: 'x' } })
  expect(more.body.detail).toContain('100000')
})

test('a test that nobody knows is not found, and running one leaves no trace', async () => {
  expect((await run('moon_phase', { x: [1] })).status).toBe(404)
  const before = (await city.parts.registry.auditTrail(1))[0]?.id
  await run('spike', { x: [1], suspect: 1 })
  expect((await city.parts.registry.auditTrail(1))[0]?.id).toBe(before)
})
