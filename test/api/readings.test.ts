/** Readings and newest values: filters, pages, windows, forms, and long answers. */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { overallFlag, type QualityTest, type TestFlag, withTest } from '../../domain/quality.ts'
import { type CityApi, noon, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi({ settings: { BELLWETHER_READING_AGE_DAYS_MAX: '3650' } })
  await city.parts.registry.upsertAll(
    [
      site('a-1', 'air-station', [118.7, 32]),
      site('g-1', 'river-gauge', [118.9, 32.1]),
      site('far', 'river-gauge', [121, 31]),
      site('sydney', 'air-station', [151.2, -33.87]),
      {
        ...site('kathmandu', 'air-station', [118.7, 32]),
        attributes: { timeZone: 'Asia/Kathmandu' },
      },
    ],
    [
      ...[device('d-1', 'a-1'), device('d-2', 'a-1'), device('w-1', 'g-1'), device('w-2', 'far')],
      { ...device('t-1', 'sydney'), expectedInterval: '30m' },
      { ...device('t-2', 'kathmandu'), expectedInterval: '15m' },
      device('t-3', null),
      ...['fresh', 'late', 'tested'].map((id) => device(id, null)),
    ],
  )
  await city.store([
    ...minutes(10).flatMap((at, i) => [
      { device: 'd-1', property: 'pm25', observedAt: at, value: 30 + i },
      { device: 'd-1', property: 'pm10', observedAt: at, value: 60 + i },
      { device: 'd-2', property: 'pm25', observedAt: at, value: i, quality: 3 as const },
    ]),
    { device: 'w-1', property: 'water_level', observedAt: noon, value: 9.32 },
    { device: 'w-1', property: 'rainfall', observedAt: noon, value: 1.5 },
    { device: 'w-1', property: 'rainfall', observedAt: noon + 60_000, value: 2.5 },
    { device: 'w-1', property: 'wind_direction', observedAt: noon, value: 350 },
    { device: 'w-1', property: 'wind_direction', observedAt: noon + 1_000, value: 10 },
    { device: 'w-2', property: 'water_level', observedAt: noon, value: null, quality: 9 as const },
    { device: 'gone', property: 'pm25', observedAt: noon, value: 7 },
    ...['t-1', 't-2', 't-3'].flatMap((device) =>
      [0, 30, 60, 90].map((i) => ({ device, observedAt: noon + i * 60_000, value: i })),
    ),
    ...[
      outcomes(['gross_range', 1], ['spike', 3]),
      outcomes(['gross_range', 4], ['clock', 1]),
      0,
    ].map((tests, i) => ({
      ...{ device: 'tested', observedAt: noon + i, value: i + 1, tests },
      quality: overallFlag(tests),
    })),
  ])
})
afterAll(() => city.close())

function outcomes(...flags: readonly (readonly [QualityTest, TestFlag])[]): number {
  return flags.reduce((packed, [name, flag]) => withTest(packed, name, flag), 0)
}
function minutes(count: number): number[] {
  return Array.from({ length: count }, (_, i) => noon + i * 60_000)
}
function site(id: string, kind: 'air-station' | 'river-gauge', location: [number, number]) {
  return { id, name: {}, kind, location, district: null, basin: null, attributes: {} }
}
function device(id: string, at: string | null) {
  return { id, site: at, profile: null, gateway: null, enabled: true, expectedInterval: null }
}
const day = 'from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z'

interface Row {
  device: string
  property: string
  value: number | null
  observedAt: string
}
const keys = (rows: Row[]) => rows.map((row) => `${row.device} ${row.property}`)

describe('/latest', () => {
  const ask = async (query: string) => (await city.call('GET', `/latest?${query}`)).body.items

  test('the newest reading of a series, as the contract shows it', async () => {
    expect(await ask('device=d-1&property=pm25')).toEqual([
      {
        device: 'd-1',
        site: 'a-1',
        property: 'pm25',
        value: 39,
        unit: 'ug/m3',
        quality: 1,
        observedAt: '2026-11-21T12:09:00.000Z',
        receivedAt: '2026-11-21T12:09:00.040Z',
      },
    ])
  })

  test.each([
    [
      'site=g-1,a-1,far',
      [
        'd-1 pm10',
        'd-1 pm25',
        'd-2 pm25',
        'w-1 rainfall',
        'w-1 water_level',
        'w-1 wind_direction',
        'w-2 water_level',
      ],
    ],
    ['site=a-1', ['d-1 pm10', 'd-1 pm25', 'd-2 pm25']],
    ['site=a-1,g-1&property=pm25,water_level', ['d-1 pm25', 'd-2 pm25', 'w-1 water_level']],
    ['device=w-2&device=d-2', ['d-2 pm25', 'w-2 water_level']],
    ['kind=river-gauge&property=water_level', ['w-1 water_level', 'w-2 water_level']],
    ['bbox=118,31,119,33&property=water_level', ['w-1 water_level']],
    ['device=d-1&site=g-1', []],
    ['device=nobody', []],
    ['device=gone', []],
  ])('?%s', async (query, expected) => {
    expect(keys(await ask(query))).toEqual(expected)
  })

  test('what was stored before the request is in the answer', async () => {
    for (let i = 0; i < 20; i++) {
      const at = noon + 3_600_000 + i
      // Without a ring: the request must look for itself.
      const { seq } = await city.writer.progress()
      const one = {
        device: 'fresh',
        property: 'pm25',
        observedAt: at,
        receivedAt: at,
        value: i,
        quality: 1 as const,
      }
      await city.writer.write([one], { seq: seq + 1, quarantined: 0 })
      expect((await ask('device=fresh'))[0]).toMatchObject({ value: i })
    }
  })

  test('an older reading that comes late does not replace a newer one', async () => {
    await city.store([{ device: 'late', value: 2, observedAt: noon }])
    await city.store([{ device: 'late', value: 1, observedAt: noon - 1 }])
    expect((await ask('device=late'))[0]).toMatchObject({ value: 2 })
    await city.store([{ device: 'late', value: 3, observedAt: noon }])
    expect((await ask('device=late'))[0]).toMatchObject({ value: 3 })
  })

  test('pages hold everything once, also when series are added in between', async () => {
    const ids = Array.from({ length: 40 }, (_, i) => `p-${String(i).padStart(2, '0')}`)
    await city.parts.registry.upsertAll(
      [],
      [...ids, ...ids.map((_, i) => `p-00-new-${i}`)].map((id) => device(id, null)),
    )
    await city.store(ids.map((id) => ({ device: id, property: 'tsp' })))
    const seen: string[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const next: string = cursor === '' ? '' : `&cursor=${cursor}`
      const { body } = await city.call('GET', `/latest?property=tsp&limit=7${next}`)
      seen.push(...body.items.map((row: Row) => row.device))
      cursor = body.next
      await city.store([{ device: `p-00-new-${seen.length}`, property: 'tsp' }])
    }
    expect(seen.filter((id) => ids.includes(id))).toEqual(ids)
    expect(new Set(seen).size).toBe(seen.length)
  })

  test.each([
    ['property=mood', 'property'],
    ['kind=volcano', 'kind'],
    ['bbox=1,2,3', 'bbox'],
    ['bbox=0,10,1,5', 'bbox'],
    ['bbox=0,0,200,5', 'bbox'],
    ['site=', 'site'],
    ['limit=10001', 'limit'],
  ])('?%s is refused and %s is named', async (query, field) => {
    const answer = await city.call('GET', `/latest?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.body.field).toContain(field)
  })
})

describe('/readings', () => {
  const ask = async (query: string) => (await city.call('GET', `/readings?${query}`)).body

  test('raw readings, by device, property and time', async () => {
    const { items, next } = await ask(`device=d-1&${day}`)
    expect(next).toBeNull()
    expect(items).toHaveLength(20)
    expect(items[0]).toMatchObject({ property: 'pm10', value: 60, site: 'a-1', unit: 'ug/m3' })
    expect(items[19]).toMatchObject({ property: 'pm25', value: 39 })
  })

  test('from is inclusive, to is exclusive, and an offset is understood even when its + was lost', async () => {
    const at = (query: string) =>
      ask(`device=d-1&property=pm25&${query}`).then((b) => b.items.length)
    expect(await at('from=2026-11-21T12:02:00Z&to=2026-11-21T12:05:00Z')).toBe(3)
    expect(await at('from=2026-11-21T20:02:00%2B08:00&to=2026-11-21T20:05:00+08:00')).toBe(3)
  })

  test('only asked flags', async () => {
    expect((await ask(`site=a-1&property=pm25&quality=3&${day}`)).items).toHaveLength(10)
    expect((await ask(`site=a-1&property=pm25&quality=1,3&${day}`)).items).toHaveLength(20)
    expect((await ask(`device=w-2&quality=9&${day}`)).items).toMatchObject([
      { value: null, quality: 9 },
    ])
  })

  test('all of them unless asked otherwise, up to what clocks ahead may send', async () => {
    const now = Date.now()
    const at = [now - 400 * 86_400_000, now - 23 * 3_600_000, now - 1_000, now + 200_000]
    await city.store(at.map((observedAt, i) => ({ device: 'today', observedAt, value: i })))
    expect((await ask('device=today')).items.map((row: Row) => row.value)).toEqual([0, 1, 2, 3])
    const hourly = (await ask('device=today&every=1h')).items
    expect(hourly.map((row: Row) => row.value)).toContain(0)
    const minutes = (await ask('device=today&every=1m')).items
    expect(minutes.map((row: Row) => row.value)).toEqual([1, 2, 3])
  })

  test('windows are aggregates; the function follows the property', async () => {
    const { items } = await ask(`device=d-1&property=pm25&every=5m&${day}`)
    expect(items).toEqual([
      {
        device: 'd-1',
        site: 'a-1',
        property: 'pm25',
        fn: 'mean',
        value: 32,
        unit: 'ug/m3',
        count: 5,
        from: '2026-11-21T12:00:00.000Z',
        to: '2026-11-21T12:05:00.000Z',
        completeness: null,
      },
      expect.objectContaining({ value: 37, count: 5 }),
    ])
    const mixed = (await ask(`device=w-1&every=1h&${day}`)).items
    const of = (property: string) => mixed.find((row: Row) => row.property === property)
    // The reading of 12:00 is of what fell until then.
    expect(of('rainfall')).toMatchObject({ fn: 'sum', value: 1.5, count: 1 })
    expect(of('water_level')).toMatchObject({ fn: 'mean', value: 9.32 })
    const direction = of('wind_direction')
    expect(Math.min(direction.value, 360 - direction.value)).toBeCloseTo(0, 6)
  })

  test.each(['min', 'max', 'sum', 'count', 'first', 'last'])('every with fn=%s', async (fn) => {
    const expected = { min: 30, max: 39, sum: 345, count: 10, first: 30, last: 39 }[fn]
    const { items } = await ask(`device=d-1&property=pm25&every=1h&fn=${fn}&${day}`)
    expect(items).toMatchObject([
      { fn, value: expected, count: 10, unit: fn === 'count' ? '1' : 'ug/m3' },
    ])
  })

  test.each([
    ['from=2026-11-21', 'from'],
    ['from=1761955200000', 'from'],
    ['from=2026-11-21T08:00:00', 'from'],
    ['from=2016-12-31T23:59:60Z', 'from'],
    [`from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z`, 'to'],
    [`every=0s&${day}`, 'every'],
    [`every=5&${day}`, 'every'],
    [`every=1s&from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z`, 'every'],
    ['fn=mean', 'fn'],
    ['every=1h&fn=median', 'fn'],
    ['every=1h&day=natural', 'day'],
    ['day=utc', 'day'],
    ['every=1d&day=lunar', 'day'],
    ['every=1h&tests=true', 'tests'],
    ['tests=yes', 'tests'],
    ['quality=5', 'quality'],
    ['device=a&device=', 'device'],
    ['cursor=e30', 'cursor'],
  ])('?%s is refused and %s is named', async (query, field) => {
    const answer = await city.call('GET', `/readings?${query}`)
    expect(answer.status).toBe(400)
    expect(answer.body.field).toContain(field)
  })

  test('pages of any size hold everything once and in order, raw or in windows', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(
          ...['', '&every=1m', '&every=5m', '&every=1h', '&every=2m&fn=max', '&tests=true'],
          ...['&every=1d', '&every=1d&day=hydrological', '&every=1d&day=utc&fn=count'],
        ),
        async (limit, every) => {
          const query = `device=d-1,d-2,w-1,t-1,t-2,t-3&${day}&quality=1,3${every}`
          const whole = (await ask(query)).items
          const paged: Row[] = []
          let next: string | null = ''
          while (next !== null) {
            const body: { items: Row[]; next: string | null } = await ask(
              `${query}&limit=${limit}${next === '' ? '' : `&cursor=${next}`}`,
            )
            expect(body.items.length).toBeLessThanOrEqual(limit)
            paged.push(...body.items)
            next = body.next
          }
          expect(paged).toEqual(whole)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('pages stay whole while readings come in', async () => {
    const at = (i: number) => ({ device: 'busy', observedAt: noon + i * 1_000, value: i })
    await city.store(Array.from({ length: 50 }, (_, i) => at(i * 2)))
    const seen: (number | null)[] = []
    let next: string | null = ''
    while (next !== null) {
      const body: { items: Row[]; next: string | null } = await ask(
        `device=busy&${day}&limit=9${next === '' ? '' : `&cursor=${next}`}`,
      )
      seen.push(...body.items.map((row) => row.value))
      next = body.next
      await city.store([at(1), at(-seen.length)])
    }
    expect(seen.filter((value) => (value ?? 1) % 2 === 0 && (value ?? -1) >= 0)).toEqual(
      Array.from({ length: 50 }, (_, i) => i * 2),
    )
    expect(new Set(seen).size).toBe(seen.length)
  })
})

describe('/readings by the day', () => {
  const ask = async (query: string) => (await city.call('GET', `/readings?${query}`)).body
  const series =
    'device=t-1,t-2,t-3&property=pm25&from=2026-11-20T00:00:00Z&to=2026-11-23T00:00:00Z'
  const days = (items: { device: string; from: string; to: string; count: number }[]) =>
    items.map(({ device, from, to, count }) => `${device} ${from} ${to} ${count}`)

  test('days begin where the site is: by its attribute, its location, or the setting', async () => {
    const { items } = await ask(`${series}&every=1d`)
    expect(days(items)).toEqual([
      // Sydney, by its location; half of the readings at 12:00 and 12:30 UTC, half at 13:00 and 13:30.
      't-1 2026-11-20T13:00:00.000Z 2026-11-21T13:00:00.000Z 2',
      't-1 2026-11-21T13:00:00.000Z 2026-11-22T13:00:00.000Z 2',
      // Kathmandu, by its attribute.
      't-2 2026-11-20T18:15:00.000Z 2026-11-21T18:15:00.000Z 4',
      // No site: the setting.
      't-3 2026-11-21T00:00:00.000Z 2026-11-22T00:00:00.000Z 4',
    ])
    expect(await ask(`${series}&every=1d&day=natural`)).toEqual({ items, next: null })
  })

  test('hydrological days begin at 08:00 there, days of UTC everywhere at once', async () => {
    const hydrological = (await ask(`${series}&every=1d&day=hydrological&fn=count`)).items
    expect(days(hydrological)).toEqual([
      't-1 2026-11-20T21:00:00.000Z 2026-11-21T21:00:00.000Z 4',
      't-2 2026-11-21T02:15:00.000Z 2026-11-22T02:15:00.000Z 4',
      't-3 2026-11-21T08:00:00.000Z 2026-11-22T08:00:00.000Z 4',
    ])
    const utc = (await ask(`${series}&every=1d&day=utc&fn=count`)).items
    expect(utc.map(({ from }: { from: string }) => from)).toEqual(
      Array(3).fill('2026-11-21T00:00:00.000Z'),
    )
    expect((await ask(`${series}&every=24h&fn=count`)).items).toEqual(utc)
  })

  test('completeness is the share of the readings due in the whole window', async () => {
    const of = async (query: string) =>
      (await ask(`${series}&${query}`)).items.map(
        ({ device, completeness }: { device: string; completeness: number | null }) =>
          `${device} ${completeness}`,
      )
    expect(await of('every=1h')).toEqual([
      't-1 1',
      't-1 1',
      // Clocks of Kathmandu are a quarter of an hour off.
      't-2 0.25',
      't-2 0.5',
      't-2 0.25',
      't-3 null',
      't-3 null',
    ])
    expect(await of('every=30m&quality=1')).toContain('t-1 1')
    expect(await of('every=1d&day=utc')).toEqual([`t-1 ${4 / 48}`, `t-2 ${4 / 96}`, 't-3 null'])
    const { text } = await city.call('GET', `/readings?${series}&every=1d&day=utc`, {
      headers: { accept: 'text/csv' },
    })
    expect(text).toContain('count,from,to,completeness\r\n')
    expect(text).toContain(`2026-11-22T00:00:00.000Z,${4 / 96}\r\n`)
  })
})

describe('/readings with tests', () => {
  const query = 'device=tested&property=pm25'
  const get = (accept: string) =>
    city.call('GET', `/readings?${query}&tests=true`, { headers: { accept } })

  test('tell each evaluated test: passed, or its flag with the reason', async () => {
    const { items } = (await get('application/json')).body
    const reason = { en: expect.stringMatching(/\w/), zh: expect.stringMatching(/\p{Script=Han}/u) }
    expect(items.map((row: { tests: unknown }) => row.tests)).toEqual([
      { gross_range: 1, spike: { flag: 3, reason } },
      { gross_range: { flag: 4, reason }, clock: 1 },
      {},
    ])
    expect(items[0]).toMatchObject({ device: 'tested', value: 1, quality: 3 })
    const lines = (await get('application/x-ndjson')).text.trimEnd().split('\n')
    expect(lines.map((line) => JSON.parse(line))).toEqual(items)
  })

  test('as CSV are one compact column', async () => {
    const lines = (await get('text/csv')).text.split('\r\n')
    expect(lines[0]).toBe('device,site,property,value,unit,quality,observedAt,receivedAt,tests')
    expect(lines.slice(1, 4).map((line) => line.split(',').at(-1))).toEqual([
      'gross_range=1 spike=3',
      'gross_range=4 clock=1',
      '',
    ])
  })

  test('are left out unless asked for', async () => {
    for (const more of ['', '&tests=false']) {
      const { items } = (await city.call('GET', `/readings?${query}${more}`)).body
      expect(items).toHaveLength(3)
      for (const row of items) expect(row).not.toHaveProperty('tests')
    }
    const latest = (await city.call('GET', `/latest?${query}`)).body.items
    expect(latest[0]).not.toHaveProperty('tests')
  })
})

describe('forms', () => {
  const get = (accept: string, query = `device=d-1&property=pm25&${day}`) =>
    city.call('GET', `/readings?${query}`, { headers: { accept } })

  test('CSV has a header row and every reading', async () => {
    const answer = await get('text/csv')
    expect(answer.headers['content-type']).toBe('text/csv; charset=utf-8')
    const lines = answer.text.split('\r\n')
    expect(lines).toHaveLength(12)
    expect(lines[0]).toBe('device,site,property,value,unit,quality,observedAt,receivedAt')
    expect(lines[1]).toBe(
      'd-1,a-1,pm25,30,ug/m3,1,2026-11-21T12:00:00.000Z,2026-11-21T12:00:00.040Z',
    )
  })

  test('NDJSON has a reading a line', async () => {
    const answer = await get('application/x-ndjson', `device=d-1&every=5m&${day}`)
    const rows = answer.text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(rows).toEqual((await get('application/json', `device=d-1&every=5m&${day}`)).body.items)
  })

  test('names that a spreadsheet would run are defused', async () => {
    const hostile = ['=cmd|calc', '-2+3', '@SUM(A1)', 'a,b"c']
    await city.store(hostile.map((id) => ({ device: id, property: 'noise', value: -5 })))
    const { text } = await get('text/csv', `property=noise&${day}`)
    expect(text).toContain(`\r\n'=cmd|calc,,noise,-5,`)
    expect(text).toContain(`\r\n'-2+3,,noise,-5,`)
    expect(text).toContain(`\r\n'@SUM(A1),,noise,-5,`)
    expect(text).toContain(`\r\n"a,b""c",,noise,-5,`)
  })

  test.each([
    ['*/*', 'application/json'],
    ['', 'application/json'],
    ['text/*', 'text/csv'],
    ['text/csv;q=0.5, application/x-ndjson', 'application/x-ndjson'],
    ['text/csv;q=0.5, application/json;q=0.4', 'text/csv'],
    ['application/json;q=0, */*', 'text/csv'],
    ['TEXT/CSV', 'text/csv'],
    ['text/html, application/xhtml+xml, */*;q=0.8', 'application/json'],
  ])('Accept: %s gives %s', async (accept, type) => {
    const answer = await get(accept)
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toContain(type)
  })

  test.each(['text/html', 'application/xml', 'text/csv;q=0', 'nonsense', ';', '*/json'])(
    'Accept: %s cannot be met',
    async (accept) => {
      const answer = await get(accept)
      expect(answer).toMatchObject({ status: 406, body: { code: 'not_acceptable' } })
    },
  )

  test('limit and cursor hold for streams as well', async () => {
    const { next } = (await get('application/json', `device=d-1&property=pm25&${day}&limit=4`)).body
    const { text } = await get('text/csv', `device=d-1&property=pm25&${day}&limit=3&cursor=${next}`)
    expect(
      text
        .split('\r\n')
        .slice(1, -1)
        .map((line) => line.split(',')[3]),
    ).toEqual(['34', '35', '36'])
  })
})

test('readings that cannot be read now are a 503 that says when to come back', async () => {
  const { Fault } = await import('../../domain/errors.ts')
  const { readings } = city.parts
  const since = readings.since
  readings.since = () => {
    throw new Fault('store_unavailable', 'The readings store cannot be reached.')
  }
  try {
    const answer = await city.call('GET', '/latest')
    expect(answer).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
  } finally {
    readings.since = since
  }
  expect((await city.call('GET', '/latest')).status).toBe(200)
})
