/** Windows as people ask for them: by clocks and calendar of the site, of each kind of quantity; and charts thinned. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi } from './city-api.ts'

const hour = 3_600_000
const minute = 60_000
/** A Wednesday, 2026-07-15T00:00Z. */
const start = Date.UTC(2026, 6, 15)
const zones = {
  mumbai: 'Asia/Kolkata',
  berlin: 'Europe/Berlin',
  howe: 'Australia/Lord_Howe',
  nanjing: 'Asia/Shanghai',
}

let city: CityApi
beforeAll(async () => {
  city = await openCityApi({ settings: { BELLWETHER_READING_AGE_DAYS_MAX: '3650' } })
  await city.parts.registry.upsertAll(
    Object.entries(zones).map(([id, timeZone]) => ({
      ...{ id, name: {}, kind: 'other' as const, location: null, district: null, basin: null },
      attributes: { timeZone },
    })),
    Object.keys(zones).map((site) => ({
      ...{ id: `${site}-1`, site, profile: null, gateway: null, enabled: true },
      expectedInterval: null,
    })),
  )
  const each15 = Array.from({ length: 96 }, (_, i) => start + i * 15 * minute)
  await city.store([
    ...each15.map((observedAt, i) => ({
      ...{ device: 'mumbai-1', property: 'pm25', observedAt, value: i },
    })),
    ...[0, 1, 2, 3].map((i) => ({
      ...{ device: 'nanjing-1', property: 'rainfall', observedAt: start + i * 30 * minute },
      value: [0.7, 0.1, 0.2, 0.4][i] ?? 0,
    })),
    ...[1, 2, 3].map((i) => ({
      ...{ device: 'nanjing-1', property: 'meter_volume', observedAt: start + i * 30 * minute },
      value: 500 + i * 0.3,
    })),
    ...[52, 62].map((value, i) => ({
      ...{ device: 'nanjing-1', property: 'noise', observedAt: start + i * minute, value },
    })),
  ])
  // Berlin's clocks go back at 2026-10-25T01:00Z, those of Lord Howe forward by half an hour at 2026-10-03T15:30Z.
  const turn = Date.UTC(2026, 9, 25, 1)
  await city.store(
    [-3, -2, -1, 0, 1, 2, 3, 4].map((i) => ({
      ...{ device: 'berlin-1', property: 'pm25', observedAt: turn + i * hour, value: i },
    })),
  )
  const half = Date.UTC(2026, 9, 3, 15, 30)
  await city.store(
    [-90, -60, -30, -1, 0, 20, 30, 60].map((i) => ({
      ...{ device: 'howe-1', property: 'pm25', observedAt: half + i * minute, value: i },
    })),
  )
})
afterAll(() => city.close())

interface Item {
  property: string
  from: string
  to: string
  value: number | null
  count: number
  fn: string
  observedAt: string
}

async function ask(query: string): Promise<Item[]> {
  const { status, body } = await city.call('GET', `/readings?${query}&limit=10000`)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.items
}
const fromTo = (items: readonly Item[]) =>
  items.map(({ from, to, count }) => `${from.slice(5, 16)} ${to.slice(5, 16)} ${count}`)

describe('windows', () => {
  test('of hours are those of the clocks of the site', async () => {
    const day = 'from=2026-07-15T00:00:00Z&to=2026-07-15T03:00:00Z'
    expect(fromTo(await ask(`device=mumbai-1&every=1h&${day}`))).toEqual([
      '07-14T23:30 07-15T00:30 2',
      '07-15T00:30 07-15T01:30 4',
      '07-15T01:30 07-15T02:30 4',
      '07-15T02:30 07-15T03:30 2',
    ])
    expect(fromTo(await ask(`device=mumbai-1&every=6h&fn=count&${day}`))).toEqual([
      '07-14T18:30 07-15T00:30 2',
      '07-15T00:30 07-15T06:30 10',
    ])
    expect(fromTo(await ask(`device=mumbai-1&every=1h&day=utc&${day}`))).toEqual([
      '07-15T00:00 07-15T01:00 4',
      '07-15T01:00 07-15T02:00 4',
      '07-15T02:00 07-15T03:00 4',
    ])
  })

  test('of hours are what indices of the site call an hour', async () => {
    const interval = 'from=2026-07-15T00:30:00Z&to=2026-07-15T20:30:00Z'
    const windows = await ask(`device=mumbai-1&property=pm25&every=1h&${interval}`)
    const answer = await city.call('GET', `/sites/mumbai/indices?index=us-nowcast&${interval}`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    const begins = new Set(windows.map(({ from }) => from))
    for (const { from } of answer.body.items) expect(begins).toContain(from)
  })

  test('of six hours keep to the clock when it is turned', async () => {
    const day = 'from=2026-10-24T22:00:00Z&to=2026-10-25T06:00:00Z'
    expect(fromTo(await ask(`device=berlin-1&every=6h&${day}`))).toEqual([
      '10-24T22:00 10-25T05:00 7',
      '10-25T05:00 10-25T11:00 1',
    ])
    // The hour that comes twice is two.
    expect(fromTo(await ask(`device=berlin-1&every=1h&${day}`))).toHaveLength(8)
  })

  test('of hours are cut where clocks are turned by half an hour', async () => {
    const day = 'from=2026-10-03T14:00:00Z&to=2026-10-03T17:00:00Z'
    expect(fromTo(await ask(`device=howe-1&every=1h&${day}`))).toEqual([
      '10-03T13:30 10-03T14:30 1',
      '10-03T14:30 10-03T15:30 3',
      '10-03T15:30 10-03T16:00 2',
      '10-03T16:00 10-03T17:00 2',
    ])
  })

  test.each([
    ['7d', '07-12T18:30 07-19T18:30 96'],
    ['1w', '07-12T18:30 07-19T18:30 96'],
    ['1mo', '06-30T18:30 07-31T18:30 96'],
    ['1y', '12-31T18:30 12-31T18:30 96'],
    ['1d', '07-14T18:30 07-15T18:30 74'],
    ['24h', '07-15T00:00 07-16T00:00 96'],
  ])('every=%s is of the calendar of the site', async (every, first) => {
    const [item] = fromTo(await ask(`device=mumbai-1&every=${every}`))
    expect(item).toBe(first)
  })

  test('of months begin at 08:00 in the hydrological calendar, and at 00:00 UTC if asked', async () => {
    const months = 'device=mumbai-1&every=1mo'
    expect(fromTo(await ask(`${months}&day=hydrological`))).toEqual(['07-01T02:30 08-01T02:30 96'])
    expect(fromTo(await ask(`${months}&day=utc`))).toEqual(['07-01T00:00 08-01T00:00 96'])
  })

  test.each([
    ['every=7h', 'every', /divides it, such as/],
    ['every=2d', 'every', /take 1d, 7d/],
    ['every=30d', 'every', /1mo/],
    ['every=2mo', 'every', /1mo/],
    ['every=1h&day=hydrological', 'day', /every=1d/],
    ['every=1h&property=noise&fn=sum', 'fn', /noise take mean/],
    ['every=1h&property=pm25&fn=increase', 'fn', /pm25 take mean, min or max/],
    ['every=1h&points=100', 'points', /leave out/],
    ['points=3', 'points', /4/],
  ])('?%s is refused with the next step', async (query, field, why) => {
    const { status, body } = await city.call('GET', `/readings?${query}`)
    expect([status, body.field]).toEqual([400, field])
    expect(body.detail).toMatch(why)
  })
})

describe('kinds of quantities', () => {
  const day = 'device=nanjing-1&from=2026-07-14T23:00:00Z&to=2026-07-15T12:00:00Z&every=1h'

  test('are taken together as the catalogue says', async () => {
    const items = await ask(day)
    const of = (code: string) =>
      items.filter(({ property }) => property === code).map(({ fn, value }) => [fn, value])
    expect(of('rainfall')).toEqual([
      ['sum', 0.7],
      ['sum', 0.3],
      ['sum', 0.4],
    ])
    expect(of('meter_volume')).toEqual([
      ['last', 500.6],
      ['last', 500.9],
    ])
    expect(of('noise')).toEqual([['mean', expect.closeTo(59.4, 1)]])
  })

  test('fn=increase is of counters and of rain; what has none is left out', async () => {
    const items = await ask(`${day}&fn=increase`)
    expect(items.map(({ property, value }) => [property, value])).toEqual([
      ['meter_volume', 0.3],
      ['meter_volume', 0.3],
      ['rainfall', 0.7],
      ['rainfall', 0.3],
      ['rainfall', 0.4],
    ])
  })

  test('are told by the catalogue', async () => {
    const { body } = await city.call('GET', '/properties')
    const quantityOf = (code: string) =>
      body.items.find((item: { code: string }) => item.code === code)?.quantity
    const codes = ['pm25', 'rainfall', 'rain_total', 'noise', 'wind_direction']
    expect(codes.map(quantityOf)).toEqual(['instant', 'interval', 'counter', 'level', 'direction'])
  })
})

describe('points=', () => {
  test('keeps first, last, least and greatest of each part, and every peak', async () => {
    const at = (i: number) => Date.UTC(2026, 8, 1) + i * minute
    const values = Array.from({ length: 1_000 }, (_, i) =>
      i === 777 ? 99 : i === 123 ? -5 : i % 7,
    )
    await city.store(
      values.map((value, i) => ({
        ...{ device: 'berlin-1', property: 'pm10', observedAt: at(i), value },
      })),
    )
    for (const points of [4, 40, 400]) {
      const items = await ask(`device=berlin-1&property=pm10&points=${points}`)
      expect(items.length).toBeLessThanOrEqual(points)
      expect(items.length).toBeGreaterThan(points / 3)
      const kept = items.map(({ value }) => value)
      expect(kept).toContain(99)
      expect(kept).toContain(-5)
      const times = items.map(({ observedAt }) => Date.parse(observedAt))
      expect(times).toEqual([...times].sort((a, b) => a - b))
      expect([times[0], times.at(-1)]).toEqual([at(0), at(999)])
      for (const [i, time] of times.entries()) {
        expect(kept[i]).toBe(values[(time - at(0)) / minute])
      }
    }
    const all = await ask('device=berlin-1&property=pm10&points=5000')
    expect(all.length).toBeLessThanOrEqual(1_000)
  })

  test('pages hold everything once', async () => {
    const query = 'device=mumbai-1,berlin-1,nanjing-1&points=8'
    const whole = await ask(query)
    const paged: Item[] = []
    for (let next: string | null = ''; next !== null; ) {
      const cursor: string = next === '' ? '' : `&cursor=${next}`
      const { body } = await city.call('GET', `/readings?${query}&limit=3${cursor}`)
      paged.push(...body.items)
      next = body.next
    }
    expect(paged).toEqual(whole)
  })
})
