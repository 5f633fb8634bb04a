/** Indices of a site over time, through the real API over stored readings. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Quality } from '../../domain/reading.ts'
import { type CityApi, openCityApi } from './city-api.ts'

const hour = 3_600_000
const minute = 60_000
/** 2026-02-28 00:00 in Beijing: the last day of HJ 633-2012. */
const lastOld = Date.parse('2026-02-27T16:00:00Z')
const day = 24 * hour
/** What the clock of the API shows; everything is stored before it. */
const now = lastOld + 10 * day + 20 * minute

let city: CityApi
beforeAll(async () => {
  const clock = { now: () => now, monotonic: () => performance.now() }
  city = await openCityApi()
  city.parts.ports.clock = clock
})
afterAll(() => city.close())

interface SiteOptions {
  id: string
  kind: string
  attributes?: Record<string, string | number>
  location?: [number, number] | null
  devices?: readonly { id: string; expectedInterval?: string }[]
}

/** A site with one hourly device of the same name, in Beijing unless said otherwise. */
async function site({ id, kind, attributes = {}, location, devices }: SiteOptions): Promise<void> {
  const place = location === undefined ? [116.4, 39.9] : location
  await city.call('POST', '/sites', { body: { id, kind, attributes, location: place } })
  for (const device of devices ?? [{ id, expectedInterval: '1h' }]) {
    await city.call('POST', '/devices', { body: { ...device, site: id } })
  }
}

interface Series {
  device: string
  property: string
  from: number
  values: readonly (number | null)[]
  everyMs?: number
  quality?: Quality
}

async function say({ device, property, from, values, everyMs = hour, quality = 1 }: Series) {
  const readings = values.flatMap((value, i) =>
    value === null ? [] : [{ device, property, observedAt: from + i * everyMs, value, quality }],
  )
  await city.store(readings)
}

const always = (value: number, count: number) => Array.from({ length: count }, () => value)
const iso = (at: number) => new Date(at).toISOString()

async function ask(id: string, query: Record<string, string> = {}) {
  return city.call('GET', `/sites/${id}/indices?${new URLSearchParams(query)}`)
}
async function items(id: string, query: Record<string, string> = {}) {
  const answer = await ask(id, query)
  expect(answer.text, answer.text).toContain('"items"')
  return answer.body.items as Item[]
}
const between = (from: number, to: number) => ({ from: iso(from), to: iso(to) })

interface Item {
  index: string
  edition: string
  site: string
  from: string
  to: string
  value: number | string | null
  sub: Record<string, number | null>
  level: number | null
  details: Record<string, unknown>
  notes: { en: string }[]
}

describe('a daily AQI', () => {
  beforeAll(async () => {
    await site({ id: 'pm', kind: 'air-station' })
    // The last day of the old edition and the first of the new one, both with a mean of 75.
    await say({ device: 'pm', property: 'pm25', from: lastOld, values: always(75, 48) })
  })

  test('changes its edition at midnight of the place', async () => {
    const found = await items('pm', {
      index: 'cn-aqi-daily',
      ...between(lastOld, lastOld + 2 * day),
    })
    expect(found.map(({ edition, value, from }) => [edition, value, from])).toEqual([
      ['HJ 633-2012', 100, '2026-02-27T16:00:00.000Z'],
      ['HJ 633-2026', 114, '2026-02-28T16:00:00.000Z'],
    ])
    expect(found[0]).toMatchObject({
      index: 'cn-aqi-daily',
      site: 'pm',
      to: '2026-02-28T16:00:00.000Z',
      sub: { pm25_24h: 100 },
      primary: ['pm25'],
      category: { en: 'Good', zh: '良' },
      level: 2,
      details: { notMonitored: ['so2', 'no2', 'pm10', 'co', 'o3'] },
    })
  })

  test('is given under the edition that is asked for', async () => {
    const found = await items('pm', {
      edition: 'HJ 633-2012',
      index: 'cn-aqi-daily',
      ...between(lastOld, lastOld + 2 * day),
    })
    expect(found.map(({ edition, value }) => [edition, value])).toEqual([
      ['HJ 633-2012', 100],
      ['HJ 633-2012', 100],
    ])
  })

  test('an edition alone chooses the indices that have it', async () => {
    const found = await items('pm', { edition: 'HJ 633-2012', ...between(lastOld, lastOld + day) })
    expect(new Set(found.map(({ index }) => index))).toEqual(
      new Set(['cn-aqi-daily', 'cn-aqi-hourly']),
    )
  })

  test('19 valid hours make no day, 20 do', async () => {
    await site({ id: 'holes', kind: 'air-station' })
    await say({ device: 'holes', property: 'pm25', from: lastOld, values: always(40, 19) })
    const last = { index: 'cn-aqi-daily', ...between(lastOld, lastOld + day) }
    expect(await items('holes', last)).toMatchObject([{ value: null, sub: { pm25_24h: null } }])
    // Late data changes what was answered before.
    await say({ device: 'holes', property: 'pm25', from: lastOld + 22 * hour, values: [160] })
    expect(await items('holes', last)).toMatchObject([{ value: 64, sub: { pm25_24h: 64 } }])
  })

  test('an hour with less than 45 minutes of readings is not valid', async () => {
    await site({
      id: 'minutes',
      kind: 'air-station',
      devices: [{ id: 'minutes', expectedInterval: '1m' }],
    })
    const hours = (count: number, first: number, perHour: number) =>
      say({
        device: 'minutes',
        property: 'pm25',
        from: lastOld + first * hour,
        everyMs: minute,
        values: Array.from({ length: count * 60 }, (_, i) => (i % 60 < perHour ? 40 : null)),
      })
    await hours(19, 0, 60)
    await hours(5, 19, 44)
    const last = { index: 'cn-aqi-daily', ...between(lastOld, lastOld + day) }
    expect(await items('minutes', last)).toMatchObject([{ value: null }])
    await hours(1, 19, 45)
    expect(await items('minutes', last)).toMatchObject([{ value: 57 }])
  })

  test('only good readings count', async () => {
    await site({ id: 'suspect', kind: 'air-station' })
    const one = { device: 'suspect', property: 'pm25', from: lastOld }
    await say({ ...one, values: always(900, 24), quality: 4 })
    const last = { index: 'cn-aqi-daily', ...between(lastOld, lastOld + day) }
    expect(await items('suspect', last)).toEqual([])
    await say({ ...one, values: always(35, 24), quality: 2 })
    expect(await items('suspect', last)).toMatchObject([{ value: 50 }])
  })

  test('ozone of 8 h is of the windows that lie in the day', async () => {
    await site({ id: 'ozone', kind: 'air-station' })
    const values = [...always(300, 8), ...always(20, 8), ...always(100, 8), ...always(160, 8)]
    await say({ device: 'ozone', property: 'o3', from: lastOld + day - 8 * hour, values })
    const found = await items('ozone', {
      index: 'cn-aqi-daily',
      ...between(lastOld + day, lastOld + 2 * day),
    })
    expect(found).toMatchObject([{ sub: { o3_8h: 100 }, value: 100 }])
  })
})

describe('hourly indices', () => {
  beforeAll(async () => {
    await site({ id: 'six', kind: 'air-station' })
    const shared = { device: 'six', from: lastOld }
    await say({ ...shared, property: 'pm25', values: [...always(40, 23), 110, 110] })
    await say({ ...shared, property: 'o3', values: always(80, 25) })
  })
  const change = between(lastOld + 23 * hour, lastOld + 25 * hour)

  test('the last hour of the old edition has the means of 24 h and 8 h, the next one those of 1 h', async () => {
    const found = await items('six', { index: 'cn-aqi-hourly', ...change })
    expect(found.map(({ edition, sub }) => [edition, sub])).toEqual([
      // (23 × 40 + 110) / 24 = 42.92
      ['HJ 633-2012', { o3_1h: 25, o3_8h: 40, pm25_1h: null, pm25_24h: 60 }],
      ['HJ 633-2026', { o3_1h: 25, pm25_1h: 146 }],
    ])
  })

  test('the European and the American index come from the same hours', async () => {
    const found = await items('six', { index: 'eu-aqi,us-nowcast', ...change })
    expect(found.map(({ index, value }) => [index, value])).toEqual([
      ['us-nowcast', 165],
      ['us-nowcast', 177],
      ['eu-aqi', 5],
      ['eu-aqi', 5],
    ])
    expect(found[1]?.details).toMatchObject({ o3: { surrogate: true } })
  })

  test('gases are converted at 25 °C for the index of the EPA', async () => {
    await site({ id: 'gas', kind: 'air-station' })
    await say({ device: 'gas', property: 'no2', from: lastOld, values: always(188.1, 24) })
    await say({ device: 'gas', property: 'co', from: lastOld, values: always(10.3, 24) })
    const found = await items('gas', { index: 'us-aqi', ...between(lastOld, lastOld + day) })
    // 188.1 ug/m3 of NO2 are 100.03 ppb, 10.3 mg/m3 of CO are 8.996 ppm, cut to 8.9.
    expect(found).toMatchObject([
      { value: 100, sub: { no2_1h: 100, co_8h: 95 }, edition: 'EPA-454/B-24-002' },
    ])
  })

  test('days of the EPA are of local standard time, and ozone of the means that begin at 07:00 … 23:00', async () => {
    const attributes = { timeZone: 'America/Chicago' }
    await site({ id: 'chicago', kind: 'air-station', attributes, location: null })
    // 2025-07-10 00:00 CST is 06:00 UTC: 01:00 by the clocks of the summer.
    const midnight = Date.parse('2025-07-10T06:00:00Z')
    const o3 = [...always(50, 23), ...always(180, 8), ...always(50, 24)]
    await say({ device: 'chicago', property: 'o3', from: midnight, values: o3 })
    const pm25 = [...always(9, 24), ...always(20, 24)]
    await say({ device: 'chicago', property: 'pm25', from: midnight, values: pm25 })
    const both = { index: 'us-aqi', ...between(midnight, midnight + 2 * day) }
    // 180 ug/m3 are 91.7 ppb: 0.091 ppm is 164; 50 are 25 ppb: 23. PM2.5 of 9.0 is 50, of 20.0 is 71.
    expect(await items('chicago', both)).toMatchObject([
      { from: iso(midnight), to: iso(midnight + day), sub: { o3_8h: 164, pm25: 50 }, value: 164 },
      { from: iso(midnight + day), sub: { o3_8h: 23, pm25: 71 }, value: 71 },
    ])
    const later = { index: 'us-aqi', ...between(midnight + 1, midnight + day + 1) }
    expect(await items('chicago', later)).toEqual([])
  })

  test('a day of the EPA with ozone is told when its last mean has ended', async () => {
    await site({ id: 'today', kind: 'air-station' })
    // The clock shows 00:20, twenty minutes after the end of the day.
    const from = now - 20 * minute - 2 * day
    await say({ device: 'today', property: 'pm25', from, values: always(9, 48) })
    const asked = { index: 'us-aqi', from: iso(from) }
    expect((await items('today', asked)).length).toBe(2)
    await say({ device: 'today', property: 'o3', from, values: always(50, 48) })
    expect((await items('today', asked)).map(({ from }) => from)).toEqual([iso(from)])
  })

  test('hours in which the site said nothing are left out', async () => {
    await site({ id: 'gap', kind: 'air-station' })
    await say({ device: 'gap', property: 'no2', from: lastOld, values: [50, null, null, 60] })
    const found = await items('gap', { index: 'eu-aqi', ...between(lastOld, lastOld + 8 * hour) })
    expect(found.map(({ from }) => from)).toEqual([iso(lastOld), iso(lastOld + 3 * hour)])
  })

  test('hours are those of the place, also where they begin at half past', async () => {
    await site({ id: 'delhi', kind: 'air-station', location: [77.2, 28.6] })
    const half = Date.parse('2026-02-27T18:30:00Z')
    await say({ device: 'delhi', property: 'no2', from: half, values: [50, 60] })
    const found = await items('delhi', {
      index: 'eu-aqi',
      ...between(half - hour, half + 3 * hour),
    })
    expect(found.map(({ from }) => from)).toEqual([iso(half), iso(half + hour)])
  })
})

describe('water and rain', () => {
  test('the class of surface water is of the day, by the target and kind of water of the site', async () => {
    await site({ id: 'lake', kind: 'reservoir', attributes: { targetClass: 'II' } })
    const every4h = { device: 'lake', from: lastOld, everyMs: 4 * hour }
    await say({ ...every4h, property: 'tp', values: always(0.04, 6) })
    await say({ ...every4h, property: 'dissolved_oxygen', values: always(8, 6) })
    await say({ ...every4h, property: 'water_temperature', values: always(-0.1, 6) })
    const found = await items('lake', between(lastOld, lastOld + day))
    expect(found).toMatchObject([
      {
        index: 'gb3838',
        value: 'III',
        level: 3,
        primary: [],
        details: { target: 'II', meetsTarget: false, exceedMultiple: { tp: '0.60' } },
      },
    ])
  })

  test('a day of three measurements has no class', async () => {
    await site({ id: 'few', kind: 'surface-water' })
    await say({ device: 'few', property: 'codmn', from: lastOld, everyMs: hour, values: [3, 3, 3] })
    expect(await items('few', between(lastOld, lastOld + day))).toMatchObject([{ value: null }])
  })

  test('drinking water is judged as leaving the plant there', async () => {
    await site({ id: 'works', kind: 'water-plant' })
    await say({ device: 'works', property: 'residual_chlorine', from: lastOld, values: [0.2] })
    await say({ device: 'works', property: 'turbidity', from: lastOld, values: [-0.02] })
    expect(await items('works', between(lastOld, lastOld + hour))).toMatchObject([
      { index: 'gb5749', value: 'exceeds', details: { point: 'plant', itemsBeyond: 1 } },
    ])
  })

  test('a reading of rain on the full hour belongs to the hour that it ends', async () => {
    await site({ id: 'rain', kind: 'rain-gauge' })
    await say({ device: 'rain', property: 'rainfall', from: lastOld + hour, values: [20, 20, 10] })
    const found = await items('rain', {
      index: 'rainstorm-signal',
      ...between(lastOld, lastOld + 5 * hour),
    })
    expect(found.map(({ from, value, level }) => [from, value, level])).toEqual([
      [iso(lastOld), null, 0],
      [iso(lastOld + hour), null, 0],
      [iso(lastOld + 2 * hour), 'orange', 3],
      // Nothing fell in the last hours: reached, but over.
      [iso(lastOld + 3 * hour), null, 0],
      [iso(lastOld + 4 * hour), null, 0],
    ])
    expect(found[2]?.notes[0]?.en).toContain('last hour')
    const grades = await items('rain', {
      index: 'rain-grade',
      ...between(lastOld + 2 * hour, lastOld + 3 * hour),
    })
    expect(grades).toMatchObject([{ value: '暴雨', sub: { '12h': '暴雨', '24h': '暴雨' } }])
  })

  test('a gauge that sends only its counter has the same indices', async () => {
    await site({ id: 'bucket', kind: 'rain-gauge' })
    const values = [640.2, 661.8, 683.4, 0, 11.8]
    await say({ device: 'bucket', property: 'rain_total', from: lastOld, values })
    const found = await items('bucket', {
      index: 'rainstorm-signal',
      ...between(lastOld, lastOld + 4 * hour),
    })
    // 21.6 + 21.6 + 0 + 11.8 mm, of which no three hours hold 50.
    expect(found.map(({ from, value }) => [from, value])).toEqual([
      [iso(lastOld), null],
      [iso(lastOld + hour), null],
      [iso(lastOld + 2 * hour), null],
      [iso(lastOld + 3 * hour), 'yellow'],
    ])
    const grade = between(lastOld + 3 * hour, lastOld + 4 * hour)
    expect(await items('bucket', { index: 'rain-grade', ...grade })).toMatchObject([
      { value: '暴雨', sub: { '12h': '暴雨', '24h': '暴雨' } },
    ])
  })

  test('floods by flow, low water and drought stand in the list of a site that has the figures', async () => {
    const attributes = { guaranteeFlow: 300, historicMinimum: 1.5 }
    await site({ id: 'stream', kind: 'river-gauge', attributes })
    const shared = { device: 'stream', from: lastOld }
    await say({ ...shared, property: 'flow', values: [310] })
    await say({ ...shared, property: 'water_level', values: [1.4] })
    await say({ ...shared, property: 'soil_moisture', values: [14] })
    expect(await items('stream', between(lastOld, lastOld + hour))).toMatchObject([
      { index: 'flood-signal', value: 'orange', primary: ['flow'] },
      { index: 'low-water-signal', value: 'red' },
      { index: 'drought-signal', value: 'yellow', details: { relativeMoisture: '46.6' } },
    ])
  })

  test('a flood signal is of the highest level of the hour and the figures of the gauge', async () => {
    await site({
      id: 'gauge',
      kind: 'river-gauge',
      attributes: { warningLevel: 9.3, guaranteeLevel: 10.5, floodSeason: '06-01/09-30' },
      devices: [{ id: 'gauge-a' }, { id: 'gauge-b' }],
    })
    const shared = { property: 'water_level', from: lastOld, everyMs: 10 * minute }
    await say({ ...shared, device: 'gauge-a', values: [8, 9.35, 8.1] })
    await say({ ...shared, device: 'gauge-b', values: [8, 8, 8] })
    expect(await items('gauge', between(lastOld, lastOld + hour))).toMatchObject([
      { index: 'flood-signal', value: 'yellow', level: 2, details: { aboveWarning: '0.050' } },
    ])
  })

  test.each([
    ['street', { device: 'road', property: 'water_depth' }],
    ['outfall', { device: 'pipe', property: 'codmn' }],
    ['river-gauge', { device: 'no-figures', property: 'water_level' }],
    ['pipe', { device: 'drain', property: 'ph' }],
  ])('kind %s: without what an index needs there is none', async (kind, { device, property }) => {
    await site({ id: device, kind })
    await say({ device, property, from: now - 2 * hour, values: [1, 1] })
    expect((await ask(device)).body).toEqual({ items: [], next: null })
  })
})

describe('what is asked for', () => {
  beforeAll(async () => {
    await site({ id: 'long', kind: 'air-station' })
    await say({ device: 'long', property: 'no2', from: lastOld, values: always(50, 10 * 24 + 1) })
  })

  test('without a time: the last 24 hours and 7 days that are over', async () => {
    const found = await items('long')
    const of = (index: string) => found.filter((item) => item.index === index)
    expect(of('eu-aqi')).toHaveLength(24)
    expect(of('eu-aqi').at(-1)?.to).toBe(iso(lastOld + 10 * day))
    expect(of('cn-aqi-daily')).toHaveLength(7)
    expect(of('cn-aqi-daily').at(-1)?.to).toBe(iso(lastOld + 10 * day))
    const names = [...new Set(found.map(({ index }) => index))]
    expect(names).toEqual(['cn-aqi-daily', 'cn-aqi-hourly', 'us-aqi', 'eu-aqi'])
  })

  test('a day that is not over is not given, whatever is asked', async () => {
    const found = await items('long', {
      index: 'cn-aqi-daily',
      ...between(lastOld + 9 * day, now + day),
    })
    expect(found.map(({ from }) => from)).toEqual([iso(lastOld + 9 * day)])
  })

  test('pages go through everything once', async () => {
    const query = { index: 'eu-aqi,cn-aqi-daily', ...between(lastOld, lastOld + 2 * day) }
    const whole = await items('long', { ...query, limit: '1000' })
    expect(whole).toHaveLength(50)
    const pages: Item[] = []
    let cursor: string | null = null
    do {
      const page = await ask('long', { ...query, limit: '7', ...(cursor && { cursor }) })
      pages.push(...page.body.items)
      cursor = page.body.next
    } while (cursor !== null)
    expect(pages).toEqual(whole)
  })

  test('a page keeps the time it began with', async () => {
    const whole = await items('long', { limit: '1000' })
    const first = await ask('long', { limit: '10' })
    const second = await ask('long', { limit: '1000', cursor: first.body.next })
    expect([...first.body.items, ...second.body.items]).toEqual(whole)
  })

  test.each([
    [{ index: 'flood-size' }, 'index'],
    [{ index: 'aqi' }, 'index'],
    [{ from: '2026-03-02T00:00:00Z', to: '2026-03-01T00:00:00Z' }, 'to'],
    [{ from: '2025-12-01T00:00:00Z' }, '31 days'],
    [{ index: 'cn-aqi-daily', from: '2024-12-01T00:00:00Z' }, '366 days'],
    [{ edition: 'HJ 633-2013' }, 'cn-aqi-daily: HJ 633-2012, HJ 633-2026'],
    [{ index: 'eu-aqi', edition: 'HJ 633-2012' }, 'ETC HE 2024/17'],
    [{ every: '1h' }, 'every'],
    [{ cursor: 'abc' }, 'cursor'],
    [{ limit: '1001' }, 'limit'],
  ])('%o is refused and says why', async (query, part) => {
    const answer = await ask('long', query as Record<string, string>)
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toContain(part)
  })

  test('a year of daily indices is one request', async () => {
    const found = await items('long', { index: 'cn-aqi-daily', from: iso(now - 365 * day) })
    expect(found).toHaveLength(10)
  })

  test('31 days until now are allowed, whatever the clock of the asker says', async () => {
    const from = iso(now - 31 * day - minute)
    expect((await ask('long', { index: 'eu-aqi', from })).status).toBe(200)
  })

  test('a site that does not exist is not found', async () => {
    expect((await ask('nowhere')).status).toBe(404)
  })
})
