/** Alerts: lists, one with its history, and taking one on. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleSchema } from '../../domain/rule.ts'
import { happen } from './alert-record.ts'
import { type CityApi, noon, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
  const { alerts, registry } = city.parts
  const all = webhook('all', [])
  await registry.insert('webhook', all)
  await registry.insert('webhook', webhook('red-only', ['red']))
  await registry.insert('webhook', { ...webhook('off', []), enabled: false })
  for (const id of ['even', 'odd']) {
    const levels = { yellow: 9.3 }
    await registry.insert('rule', ruleSchema.parse({ id, property: 'water_level', levels }))
  }
  await city.parts.view.refresh()
  for (let i = 0; i < 12; i++) {
    const what = { alert: `a-${i}`, at: noon + i * 60_000, rule: i % 2 ? 'odd' : 'even' }
    await happen(alerts, what, { webhooks: [all], silences: [] })
  }
  await happen(alerts, { alert: 'done', at: noon - 60_000 })
  await happen(alerts, { alert: 'gone', at: noon - 240_000, site: 'g-2' })
  await happen(alerts, { alert: 'gone', type: 'alert.resolved', at: noon - 120_000, site: 'g-2' })
  await happen(alerts, { alert: 'done', type: 'alert.resolved', at: noon - 30_000 })
})
afterAll(() => city.close())

function webhook(id: string, levels: 'red'[]) {
  const where = { kind: [], district: [], site: [], device: [] }
  return {
    id,
    url: 'https://x.example.com/',
    levels,
    where,
    enabled: true,
    catchUp: false,
    secret: 'whsec_x',
  }
}
const ids = async (query: string) =>
  (await city.call('GET', `/alerts?limit=1000&${query}`)).body.items.map(
    (a: { id: string }) => a.id,
  )

test('lists are filtered', async () => {
  expect(await ids('state=resolved')).toEqual(['done', 'gone'])
  expect(await ids('rule=odd&state=firing,acknowledged,stale')).toHaveLength(6)
  expect(await ids('level=red')).toEqual([])
  expect(await ids('site=nowhere')).toEqual([])
  expect(await ids('to=2026-11-21T12:00:00Z')).toEqual(['done', 'gone'])
})

test('a span of time holds what was open at any time in it', async () => {
  const span = (from: string, to: string) =>
    ids(`from=2026-11-21T${from}Z&to=2026-11-21T${to}Z&site=g-2`)
  expect(await span('11:57:00', '11:57:30')).toEqual(['gone'])
  expect(await span('11:56:00', '11:56:01')).toEqual(['gone'])
  expect(await span('11:50:00', '11:56:00')).toEqual([])
  expect(await span('11:58:00', '12:30:00')).toEqual([])
  // Still open hours after it was raised.
  expect(await ids('from=2026-11-21T20:00:00Z&rule=odd')).toHaveLength(6)
})

test('a span of time that ends before it begins is refused, not answered as empty', async () => {
  for (const to of ['2026-11-21T11:00:00Z', '2026-11-21T12:00:00Z']) {
    const answer = await city.call('GET', `/alerts?from=2026-11-21T12:00:00Z&to=${to}`)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ field: 'to', detail: 'to: must be after from.' })
  }
})

test('pages hold every alert once, newest first', async () => {
  const seen: string[] = []
  let next: string | null = ''
  while (next !== null) {
    const cursor: string = next === '' ? '' : `&cursor=${next}`
    const { body } = await city.call('GET', `/alerts?site=g-1&limit=5${cursor}`)
    seen.push(...body.items.map((alert: { id: string }) => alert.id))
    next = body.next
  }
  expect(seen).toEqual(await ids('site=g-1'))
  expect(seen).toHaveLength(13)
})

test('an alert is shown with its whole history', async () => {
  const { body } = await city.call('GET', '/alerts/done', { as: 'viewer' })
  expect(body).toMatchObject({ id: 'done', state: 'resolved', site: { name: { zh: '水位站' } } })
  expect(body.history.map((change: { type: string }) => change.type)).toEqual([
    'alert.raised',
    'alert.resolved',
  ])
  expect(body.history[0].recordedAt).toBe('2026-11-21T11:59:00.050Z')
  expect((await city.call('GET', '/alerts/none')).status).toBe(404)
})

describe('taking an alert on', () => {
  test('is recorded with who and why, and told to the matching webhooks only', async () => {
    city.rung.length = 0
    const body = { note: '已派人前往' }
    const answer = await city.call('POST', '/alerts/a-1/acknowledge', { as: 'operator', body })
    expect(answer).toMatchObject({ status: 200, body: { id: 'a-1', state: 'acknowledged' } })
    expect(city.rung).toContain('alerts')
    const { history } = (await city.call('GET', '/alerts/a-1')).body
    expect(history.at(-1)).toMatchObject({
      type: 'alert.acknowledged',
      actor: 'operator-1',
      note: '已派人前往',
    })
    const deliveries = (await city.call('GET', '/deliveries?alert=a-1')).body.items
    expect(deliveries).toMatchObject([
      {
        webhook: 'all',
        type: 'alert.acknowledged',
        state: 'pending',
        messageId: history.at(-1).id,
      },
      { webhook: 'all', type: 'alert.raised' },
    ])
  })

  test('needs no note', async () => {
    const answer = await city.call('POST', '/alerts/a-3/acknowledge', { body: {} })
    expect(answer.status).toBe(200)
    const { history } = (await city.call('GET', '/alerts/a-3')).body
    expect(history.at(-1)).toMatchObject({ note: null, actor: 'admin-1' })
  })

  test('is not told during a silence, but recorded', async () => {
    const body = {
      rule: ['even'],
      from: '2020-01-01T00:00:00Z',
      to: '2099-01-01T00:00:00Z',
      reason: 'test',
    }
    expect((await city.call('POST', '/silences', { as: 'operator', body })).status).toBe(201)
    expect((await city.call('POST', '/alerts/a-4/acknowledge', { body: {} })).status).toBe(200)
    const told = (await city.call('GET', '/deliveries?alert=a-4')).body.items
    expect(told.map(({ type }: { type: string }) => type)).toEqual(['alert.raised'])
    const { history } = (await city.call('GET', '/alerts/a-4')).body
    expect(history.map(({ mutedBy }: { mutedBy: string[] }) => mutedBy.length)).toEqual([0, 1])
  })

  test('is impossible when it is over, and unknown when there is none', async () => {
    const over = await city.call('POST', '/alerts/done/acknowledge', { body: {} })
    expect(over).toMatchObject({ status: 422, body: { code: 'impossible' } })
    expect((await city.call('POST', '/alerts/none/acknowledge', { body: {} })).status).toBe(404)
  })

  test.each([[{ note: 'x'.repeat(2_001) }], [{ note: 5 }], [{ note: null }]])(
    'a note of another form is refused',
    async (body) => {
      const answer = await city.call('POST', '/alerts/a-5/acknowledge', { body })
      expect(answer).toMatchObject({ status: 400, body: { field: 'note' } })
    },
  )
})
