/** What was taken at a site stays with it, whatever becomes of the device. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import { type CityApi, openCityApi } from './city-api.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** 2026-10-12 00:00 in Beijing. */
const start = Date.parse('2026-10-11T16:00:00Z')
const iso = (at: number) => new Date(at).toISOString()

let city: CityApi
let now = start
beforeEach(async () => {
  now = start
  const clock = { now: () => now, monotonic: () => performance.now() }
  city = await openCityApi({ clock })
  for (const id of ['east', 'west']) {
    const body = { id, kind: 'air-station', location: [116.4, 39.9] }
    expect((await city.call('POST', '/sites', { body })).status).toBe(201)
  }
})
afterEach(() => city.close())

/** Hourly values of one device from `start + hours` on. */
async function say(device: string, hours: number, values: readonly number[]): Promise<void> {
  const readings = values.map((value, i): Partial<Reading> => {
    const observedAt = start + (hours + i) * hour
    return { device, observedAt, receivedAt: observedAt + 900, value }
  })
  await city.store(readings)
}

async function device(id: string, site: string | null): Promise<void> {
  const body = { id, site, expectedInterval: '1h' }
  expect((await city.call('POST', '/devices', { body })).status).toBe(201)
}

async function ask(path: string, query: Record<string, string>): Promise<Item[]> {
  const answer = await city.call('GET', `${path}?${new URLSearchParams(query)}`)
  expect(answer.status, answer.text).toBe(200)
  return answer.body.items
}

interface Item {
  device: string
  site: string | null
  value: number
  count: number
  index: string
  observedAt: string
  from: string
  to: string
}

/** How often each site is named. */
function tally(items: readonly Item[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const { site } of items) counts[String(site)] = (counts[String(site)] ?? 0) + 1
  return counts
}

const whole = { from: iso(start), to: iso(start + 9 * day) }
const dailyAqi = (site: string) =>
  ask(`/sites/${site}/indices`, { index: 'cn-aqi-daily', ...whole })

/** Two days in the east, then moved to the west for two. */
async function moved(): Promise<void> {
  await device('wanderer', 'east')
  await say(
    'wanderer',
    0,
    Array.from({ length: 48 }, () => 90),
  )
  now = start + 2 * day
  const answer = await city.call('PATCH', '/devices/wanderer', { body: { site: 'west' } })
  expect(answer).toMatchObject({ status: 200, body: { site: 'west' } })
  await say(
    'wanderer',
    48,
    Array.from({ length: 48 }, () => 20),
  )
  now = start + 5 * day
}

describe('a device that moves', () => {
  test('leaves its readings where they were taken', async () => {
    await moved()
    expect(tally(await ask('/readings', { site: 'east' }))).toEqual({ east: 48 })
    expect(tally(await ask('/readings', { site: 'west' }))).toEqual({ west: 48 })
    expect(tally(await ask('/readings', { device: 'wanderer' }))).toEqual({ east: 48, west: 48 })
    expect(tally(await ask('/readings', { site: 'east,west' }))).toEqual({ east: 48, west: 48 })
    expect(await ask('/readings', { site: 'west', to: iso(start + 2 * day) })).toEqual([])
  })

  test('is told with its site in every form of an answer', async () => {
    await moved()
    const get = (accept: string) =>
      city.call('GET', '/readings?device=wanderer', { headers: { accept } })
    const csv = (await get('text/csv')).text.trim().split('\r\n').slice(1)
    const lines = (await get('application/x-ndjson')).text.trim().split('\n')
    for (const sites of [
      csv.map((line) => line.split(',')[1]),
      lines.map((line) => JSON.parse(line).site),
      (await ask('/readings', { device: 'wanderer', tests: 'true' })).map(({ site }) => site),
    ]) {
      expect(sites).toHaveLength(96)
      expect(sites.slice(46, 50)).toEqual(['east', 'east', 'west', 'west'])
    }
  })

  test('changes no index that was, and brings the new site none of the old', async () => {
    await moved()
    const east = await dailyAqi('east')
    expect(east.map(({ from, value }) => [from, value])).toEqual([
      [iso(start), 128],
      [iso(start + day), 128],
    ])
    const west = await dailyAqi('west')
    expect(west.map(({ from, site }) => [from, site])).toEqual([
      [iso(start + 2 * day), 'west'],
      [iso(start + 3 * day), 'west'],
    ])
  })

  test('sends late what it took before: that is of the old site', async () => {
    await moved()
    await say('wanderer', 12.5, [70, 71])
    expect(await ask('/readings', { site: 'east' })).toHaveLength(50)
    expect(await ask('/readings', { site: 'west' })).toHaveLength(48)
  })

  test('has windows of each site by itself', async () => {
    await device('wanderer', 'east')
    await say('wanderer', 0, [10, 20, 30, 40, 50, 60])
    const body = { site: 'west', placedAt: iso(start + 2.5 * hour) }
    now = start + 6 * hour
    expect((await city.call('PATCH', '/devices/wanderer', { body })).status).toBe(200)
    const query = { every: '2h', fn: 'sum', from: iso(start), to: iso(start + 6 * hour) }
    const windows = async (filter: Record<string, string>) =>
      (await ask('/readings', { ...query, ...filter })).map(({ site, value, from, to }) => [
        ...[site, value],
        ...[from, to].map((at) => (Date.parse(at) - start) / hour),
      ])
    const east = [
      ['east', 30, 0, 2],
      ['east', 30, 2, 2.5],
    ]
    const west = [
      ['west', 40, 2.5, 4],
      ['west', 110, 4, 6],
    ]
    expect(await windows({ device: 'wanderer' })).toEqual([...east, ...west])
    expect(await windows({ site: 'east' })).toEqual(east)
    expect(await windows({ site: 'west' })).toEqual(west)
    expect(await windows({ site: 'west,east' })).toEqual([...east, ...west])
  })

  test.each([{}, { every: '1h', fn: 'last' }])('can be paged through %o', async (windows) => {
    await device('steady', 'east')
    await device('zebra', 'west')
    await moved()
    await say('steady', 0, [1, 2, 3])
    await say('zebra', 0, [4, 5])
    await city.call('POST', '/devices/wanderer/placements', {
      body: { site: 'east', from: iso(start + 60.5 * hour), until: iso(start + 70.5 * hour) },
    })
    for (const filter of [{ site: 'east' }, { site: 'west' }, { site: 'west,east' }, {}]) {
      const query = { ...filter, ...windows, from: iso(start), to: iso(start + 5 * day) }
      const all = await ask('/readings', { ...query, limit: '1000' })
      const paged: Item[] = []
      for (let cursor: string | null = ''; cursor !== null; ) {
        const more: Record<string, string> = cursor === '' ? {} : { cursor }
        const path = `/readings?${new URLSearchParams({ ...query, limit: '7', ...more })}`
        const { body } = await city.call('GET', path)
        paged.push(...body.items)
        cursor = body.next
      }
      expect(paged).toEqual(all)
      expect(all.length).toBeGreaterThan(30)
    }
  })

  test('is newest where its newest reading was taken', async () => {
    await device('wanderer', 'east')
    await say('wanderer', 0, [33])
    now = start + hour
    await city.call('PATCH', '/devices/wanderer', { body: { site: 'west' } })
    expect(await ask('/latest', { site: 'west' })).toEqual([])
    expect(await ask('/latest', { device: 'wanderer' })).toMatchObject([{ site: 'east' }])
    await say('wanderer', 2, [44])
    expect(await ask('/latest', { site: 'east' })).toEqual([])
    expect(await ask('/latest', { site: 'west' })).toMatchObject([{ site: 'west', value: 44 }])
  })
})

describe('a device that is removed', () => {
  test('is gone from latest, its history stays with the site and under its name', async () => {
    await device('brief', 'east')
    await device('other', 'east')
    await say(
      'brief',
      0,
      Array.from({ length: 24 }, () => 90),
    )
    await city.store([{ device: 'other', property: 'temperature', observedAt: start, value: 5 }])
    now = start + 3 * day
    expect((await city.call('DELETE', '/devices/brief')).status).toBe(204)
    expect((await ask('/latest', {})).map(({ device }) => device)).toEqual(['other'])
    expect(await ask('/latest', { device: 'brief' })).toEqual([])
    expect(tally(await ask('/readings', { device: 'brief' }))).toEqual({ east: 24 })
    expect(tally(await ask('/readings', { site: 'east' }))).toEqual({ east: 25 })
    expect(await dailyAqi('east')).toMatchObject([{ value: 128 }])
    const windows = await ask('/readings', { device: 'brief', every: '1d', ...whole })
    expect(windows).toMatchObject([{ site: 'east', value: 90, count: 24 }])

    await city.call('DELETE', '/devices/other')
    expect((await city.call('DELETE', '/sites/east')).status).toBe(204)
    expect(tally(await ask('/readings', { device: 'brief' }))).toEqual({ east: 24 })
  })

  test('begins anew at another site when it is registered again', async () => {
    await device('brief', 'east')
    await say(
      'brief',
      0,
      Array.from({ length: 24 }, () => 90),
    )
    now = start + 2 * day
    await city.call('DELETE', '/devices/brief')
    now = start + 3 * day
    await device('brief', 'west')
    await say(
      'brief',
      72,
      Array.from({ length: 24 }, () => 20),
    )
    now = start + 5 * day
    expect(tally(await ask('/readings', { site: 'east' }))).toEqual({ east: 24 })
    expect(tally(await ask('/readings', { site: 'west' }))).toEqual({ west: 24 })
    expect((await dailyAqi('east')).map(({ from }) => from)).toEqual([iso(start)])
    expect((await dailyAqi('west')).map(({ from }) => from)).toEqual([iso(start + 3 * day)])
    expect(await ask('/latest', {})).toMatchObject([{ site: 'west', value: 20 }])
    expect(await placements('brief')).toEqual([
      { site: 'east', from: null, until: iso(start + 2 * day) },
      { site: null, from: iso(start + 2 * day), until: iso(start + 3 * day) },
      { site: 'west', from: iso(start + 3 * day), until: null },
    ])
  })
})

async function placements(id: string) {
  const { status, body } = await city.call('GET', `/devices/${id}/placements`, { as: 'viewer' })
  expect(status).toBe(200)
  return body.items
}

describe('a correction', () => {
  test('moves what was taken in its time, and is in the audit trail', async () => {
    await device('wanderer', 'east')
    await say(
      'wanderer',
      0,
      Array.from({ length: 72 }, () => 90),
    )
    now = start + 4 * day
    const body = { site: 'west', from: iso(start + day), until: iso(start + 2 * day) }
    const answer = await city.call('POST', '/devices/wanderer/placements', { body })
    expect(answer.body).toEqual({
      items: [
        { site: 'east', from: null, until: iso(start + day) },
        { site: 'west', from: iso(start + day), until: iso(start + 2 * day) },
        { site: 'east', from: iso(start + 2 * day), until: null },
      ],
      next: null,
    })
    expect(tally(await ask('/readings', { site: 'east' }))).toEqual({ east: 48 })
    expect(tally(await ask('/readings', { site: 'west' }))).toEqual({ west: 24 })
    expect((await dailyAqi('west')).map(({ from }) => from)).toEqual([iso(start + day)])
    expect((await dailyAqi('east')).map(({ from }) => from)).toEqual([
      iso(start),
      iso(start + 2 * day),
    ])
    const [entry] = await ask('/audit', { limit: '1' })
    expect(entry).toMatchObject({ action: 'device.place', target: 'device/wanderer' })
    const whole = { site: 'west', from: null }
    await city.call('POST', '/devices/wanderer/placements', { body: whole })
    expect(await placements('wanderer')).toEqual([{ site: 'west', from: null, until: null }])
    expect((await city.call('GET', '/devices/wanderer')).body.site).toBe('west')
    expect(tally(await ask('/readings', { site: 'west' }))).toEqual({ west: 72 })
  })

  test.each([
    ['a site that is not there', { site: 'north', from: null }, 422, 'site'],
    ['the future', { site: 'west', from: iso(start + day) }, 422, 'from'],
    ['no time', { site: 'west' }, 400, 'from'],
    ['a date without a zone', { site: 'west', from: '2026-10-01' }, 400, 'from'],
  ])('is refused for %s', async (_name, body, status, field) => {
    await device('wanderer', 'east')
    const answer = await city.call('POST', '/devices/wanderer/placements', { body })
    expect(answer).toMatchObject({ status, body: { field } })
    const unknown = await city.call('POST', '/devices/nobody/placements', { body })
    expect(unknown.status).toBeGreaterThanOrEqual(400)
    expect((await city.call('GET', '/devices/nobody/placements')).status).toBe(404)
  })

  test('a move into the future is refused, and nothing changes', async () => {
    await device('wanderer', 'east')
    const body = { site: 'west', placedAt: iso(start + 1) }
    const answer = await city.call('PATCH', '/devices/wanderer', { body })
    expect(answer).toMatchObject({ status: 422, body: { field: 'placedAt' } })
    expect((await city.call('GET', '/devices/wanderer')).body.site).toBe('east')
  })
})
