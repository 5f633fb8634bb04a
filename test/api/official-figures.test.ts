/** `fn=official` of readings, through the real API over stored readings. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import { type CityApi, openCityApi } from './city-api.ts'

const hour = 3_600_000
/** 2026-05-03 00:00 in Beijing. */
const midnight = Date.parse('2026-05-02T16:00:00Z')
const day = 24 * hour

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
  const now = midnight + 2 * day + hour
  city.parts.ports.clock = { now: () => now, monotonic: () => performance.now() }
})
afterAll(() => city.close())

interface Stood {
  id: string
  expectedInterval?: string | null
}

async function stand({ id, expectedInterval = '1h' }: Stood): Promise<void> {
  await city.call('POST', '/sites', {
    body: { id, kind: 'air-station', location: [116.4, 39.9] },
  })
  await city.call('POST', '/devices', { body: { id, site: id, expectedInterval } })
}

async function say(
  device: string,
  property: string,
  values: readonly (number | null)[],
  { from = midnight, everyMs = hour }: { from?: number; everyMs?: number } = {},
): Promise<void> {
  const all: Partial<Reading>[] = values.flatMap((value, i) =>
    value === null ? [] : [{ device, property, observedAt: from + i * everyMs, value, quality: 1 }],
  )
  await city.store(all)
}

const always = (value: number, count: number) => Array.from({ length: count }, () => value)

async function ask(query: Record<string, string>) {
  const between = {
    from: new Date(midnight).toISOString(),
    to: new Date(midnight + day).toISOString(),
  }
  return city.call('GET', `/readings?${new URLSearchParams({ ...between, ...query })}`)
}

const official = { fn: 'official', every: '1d' }

describe('of a day', () => {
  test('a mean needs 20 valid hours; with fewer it is none, and the plain mean is called so', async () => {
    for (const id of ['full', 'short', 'twice']) await stand({ id })
    await say('full', 'so2', [...always(30, 10), ...always(61, 10)])
    await say('short', 'so2', [...always(30, 10), ...always(61, 9)])
    await say('twice', 'so2', [44, ...Array(12).fill(null), 46])
    const { body } = await ask({ ...official, device: 'full,short,twice' })
    expect(body.items).toMatchObject([
      { device: 'full', value: 45.5, valid: true, reason: null, plainMean: 45.5, fn: 'official' },
      {
        ...{ device: 'short', value: null, valid: false, plainMean: 44.6842105263, count: 19 },
        reason: '19 of 24 hours are measured well enough, 20 are needed',
        ...{ statistic: 'mean of the day', completeness: 19 / 24 },
      },
      { device: 'twice', value: null, valid: false, plainMean: 45, count: 2 },
    ])
    expect(body.items[0].standard).toContain('GB 3095')
  })

  test('values that were not evaluated count, suspect, failed and missing ones do not', async () => {
    await stand({ id: 'flags' })
    const told = (hours: number, value: number | null, quality: Reading['quality']) =>
      Array.from({ length: hours }, () => ({ value, quality }))
    const day1 = [
      ...[...told(11, 24, 1), ...told(10, 66, 2)],
      ...[...told(1, 5_000, 3), ...told(1, 5_000, 4), ...told(1, null, 9)],
    ]
    const at = (i: number) => midnight + i * hour
    await city.store(
      day1.map((one, i) => ({ device: 'flags', property: 'no2', observedAt: at(i), ...one })),
    )
    const { body } = await ask({ ...official, device: 'flags' })
    expect(body.items).toMatchObject([
      { value: 44, valid: true, completeness: 21 / 24, count: 21, plainMean: 44 },
    ])
  })

  test('ozone is its largest mean of 8 h, and a day that is not over is not valid', async () => {
    await stand({ id: 'ozone' })
    await say('ozone', 'o3', [...always(40, 10), ...always(120, 8), ...always(40, 6)])
    await say('ozone', 'o3', always(50, 2), { from: midnight + 2 * day })
    const to = new Date(midnight + 3 * day).toISOString()
    const { body } = await ask({ ...official, device: 'ozone', to })
    expect(body.items).toMatchObject([
      { value: 120, valid: true, statistic: 'largest moving mean of 8 h of the day' },
      { value: null, valid: false, reason: 'has not ended yet', plainMean: 50 },
    ])
  })

  test('of rain is from 08:00 to 08:00, and with hours missing the sum is not valid', async () => {
    await stand({ id: 'gauge' })
    // Sums of intervals that end at 09:00 … 08:00 of the next day.
    const from = midnight - day + 9 * hour
    await say('gauge', 'rainfall', [...always(0.5, 24), 7], { from })
    const to = new Date(midnight + 8 * hour).toISOString()
    const since = new Date(midnight - 16 * hour).toISOString()
    const { body } = await ask({ ...official, device: 'gauge', from: since, to })
    expect(body.items).toMatchObject([
      { value: 12, valid: true, plainMean: null, from: since, count: 24 },
    ])
    await stand({ id: 'holed' })
    await say('holed', 'rainfall', [...always(0.5, 20)], { from })
    const holed = await ask({ ...official, device: 'holed', from: since, to })
    expect(holed.body.items).toMatchObject([{ value: 10, valid: false, completeness: 20 / 24 }])
  })
})

describe('of hours', () => {
  test('an hour needs 45 minutes', async () => {
    await stand({ id: 'quarter', expectedInterval: '15m' })
    await say('quarter', 'no2', [20, 22, 27, null, 30, 31, null, null], { everyMs: hour / 4 })
    const { body } = await ask({ fn: 'official', every: '1h', device: 'quarter' })
    expect(body.items).toMatchObject([
      { value: 23, valid: true, statistic: 'mean of 1 h' },
      {
        ...{ value: null, valid: false, plainMean: 30.5 },
        reason: 'measured for less than 45 minutes of the hour',
      },
    ])
  })

  test('8 h of ozone need six of them', async () => {
    await stand({ id: 'eight' })
    await say('eight', 'o3', [10, 20, null, 30, 40, null, 50, 60, 1, 2, 3, 4, 5])
    const { body } = await ask({ fn: 'official', every: '8h', device: 'eight' })
    expect(body.items).toMatchObject([
      { value: 35, valid: true },
      { value: null, valid: false, plainMean: 3 },
    ])
  })
})

describe('asking', () => {
  test('pages follow each other, and CSV has the same columns', async () => {
    await stand({ id: 'pages' })
    await say('pages', 'co', always(1.5, 30))
    await say('pages', 'pm10', always(70, 30))
    await say('pages', 'battery', always(70, 3))
    const query = { fn: 'official', every: '1h', device: 'pages' }
    const whole = await ask(query)
    expect(whole.body.items).toHaveLength(48)
    const first = await ask({ ...query, limit: '30' })
    const second = await ask({ ...query, limit: '30', cursor: first.body.next })
    expect([...first.body.items, ...second.body.items]).toEqual(whole.body.items)
    const csv = await city.call('GET', `/readings?${new URLSearchParams(query)}`, {
      headers: { accept: 'text/csv' },
    })
    const [header, row] = csv.text.split(/\r?\n/)
    expect(header).toContain('completeness,valid,reason,statistic,standard,plainMean')
    expect(row).toContain('official')
  })

  test.each([
    [{ ...official, property: 'wind_speed' }, 'fn', 'no standard here'],
    [{ ...official, property: 'co', every: '6h' }, 'every', '1h, 8h or 1d'],
    [{ ...official, every: '8h', property: 'pm25' }, 'fn', 'every=1d'],
    [{ ...official, quality: '1' }, 'quality', 'good readings'],
    [{ ...official, day: 'utc' }, 'day', 'days of their standard'],
    [{ fn: 'official', every: '' }, 'every', ''],
  ])('%j is refused', async (query, field, why) => {
    const { status, body } = await ask(query)
    expect([status, body.field]).toEqual([400, field])
    expect(body.detail).toContain(why)
  })
})
