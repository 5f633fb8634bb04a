/** Cursors belong to their list, and parameters that nobody knows are refused everywhere. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type CityApi, noon, openCityApi } from './city-api.ts'

let city: CityApi
beforeEach(async () => {
  city = await openCityApi()
  for (const id of ['a', 'b', 'c', 'd']) {
    const site = { id: `s-${id}`, kind: 'street' }
    await city.call('POST', '/sites', { body: site })
    await city.call('POST', '/devices', { body: { id, site: site.id } })
  }
  await city.store(
    ['a', 'b', 'c', 'd'].flatMap((device) =>
      [1, 2, 3].map((minute) => ({ device, property: 'pm10', observedAt: noon + minute * 60_000 })),
    ),
  )
})
afterEach(() => city.close())

const day = 'from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z'

describe.each([
  ['/sites?kind=street', '/sites?kind=coast', '/sites'],
  ['/latest?property=pm10', '/latest?property=pm25', '/latest?device=d'],
  [`/readings?${day}&device=a,b`, `/readings?${day}&device=a`, `/readings?${day}&device=c`],
  [
    `/readings?${day}&device=a,b&every=5m`,
    `/readings?${day}&device=a,b`,
    `/readings?${day}&device=a,b&every=1h`,
  ],
])('%s', (list, ...others) => {
  const withMore = (url: string, more: string) => `${url}${url.includes('?') ? '&' : '?'}${more}`

  test('goes on with the same filters, in any order and in pages of another size', async () => {
    const whole = await city.call('GET', list)
    const first = await city.call('GET', withMore(list, 'limit=1'))
    const cursor = encodeURIComponent(first.body.next)
    const [path = '', query = ''] = list.split('?')
    const turned = query.split('&').reverse().join('&')
    const rest = await city.call('GET', `${path}?limit=500&cursor=${cursor}&${turned}`)
    expect(rest.status).toBe(200)
    expect([...first.body.items, ...rest.body.items]).toEqual(whole.body.items)
    expect(rest.body.items.length).toBeGreaterThan(0)
  })

  test.each(others)('is not continued as %s', async (other) => {
    const { body } = await city.call('GET', withMore(list, 'limit=1'))
    const answer = await city.call(
      'GET',
      withMore(other, `cursor=${encodeURIComponent(body.next)}`),
    )
    expect(answer.status).toBe(400)
    expect(answer.body.field).toBe('cursor')
    expect(answer.body.detail).toMatch(/other filters/)
  })
})

test.each(['/healthz', '/readyz', '/metrics'])('%s knows no parameters', async (path) => {
  const answer = await city.app.inject(`${path}?verbose=1`)
  expect(answer.statusCode).toBe(400)
  expect(answer.json()).toMatchObject({
    field: 'verbose',
    detail: 'verbose: is not a known parameter.',
  })
})

test('silences answer in UTC, whatever zone they were made in, and after a change', async () => {
  const times = { from: '2026-11-21T21:30:00+05:30', to: '2097-11-23T00:15:00-03:00' }
  const body = { id: 'works', site: ['s-a'], reason: 'pipe works', ...times }
  const utc = { from: '2026-11-21T16:00:00.000Z', to: '2097-11-23T03:15:00.000Z' }
  const made = await city.call('POST', '/silences', { body })
  expect(made.status).toBe(201)
  expect(made.body).toMatchObject(utc)
  const changed = await city.call('PATCH', '/silences/works', {
    body: { to: '2097-11-24T08:00:00+08:00' },
  })
  expect(changed.body).toMatchObject({ from: utc.from, to: '2097-11-24T00:00:00.000Z' })
  expect((await city.call('GET', '/silences')).body.items[0]).toEqual(changed.body)
})
