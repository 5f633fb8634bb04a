/** Event streams over real connections: what is told, to whom, from where, and to slow readers. */

import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { happen } from './alert-record.ts'
import { type CityApi, noon, openCityApi, tokens } from './city-api.ts'
import { type EventReader, readEvents } from './event-reader.ts'

let city: CityApi
let port: number
let readers: EventReader[]

beforeEach(async () => {
  city = await openCityApi({ settings: { BELLWETHER_API_STREAMS_MAX: '5' } })
  await city.call('PUT', '/sites/g-1', { body: { kind: 'river-gauge', location: [118.78, 32.05] } })
  await city.call('PUT', '/sites/a-1', { body: { kind: 'air-station', location: [120, 30] } })
  await city.call('PUT', '/devices/w-1', { body: { site: 'g-1' } })
  await city.call('PUT', '/devices/d-1', { body: { site: 'a-1' } })
  await city.app.listen({ host: '127.0.0.1', port: 0 })
  port = (city.app.server.address() as AddressInfo).port
  readers = []
})
afterEach(async () => {
  for (const reader of readers) reader.close()
  await city.close()
})

async function read(query = '', headers: Record<string, string> = {}): Promise<EventReader> {
  const reader = await readEvents(port, query, headers)
  readers.push(reader)
  return reader
}
const alertIds = (reader: EventReader) =>
  reader.told.filter(({ event }) => event === 'alert').map(({ data }) => data.alert.id)

describe('readings', () => {
  test('each stored reading is told as the contract shows it', async () => {
    const reader = await read()
    expect(reader.status).toBe(200)
    expect(reader.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect(reader.headers['x-content-type-options']).toBe('nosniff')
    await city.store([
      { device: 'd-1', value: 35.2 },
      { device: 'w-1', property: 'water_level', value: 9 },
    ])
    const told = await reader.until((all) => all.length >= 2)
    expect(told[0]).toEqual({
      event: 'reading',
      id: undefined,
      data: {
        device: 'd-1',
        site: 'a-1',
        property: 'pm25',
        value: 35.2,
        unit: 'ug/m3',
        quality: 1,
        observedAt: '2026-11-21T12:00:00.000Z',
        receivedAt: '2026-11-21T12:00:00.040Z',
      },
    })
  })

  test.each([
    ['?device=w-1', ['w-1 water_level']],
    ['?site=a-1', ['d-1 pm25', 'd-1 pm10']],
    ['?property=pm10', ['d-1 pm10']],
    ['?kind=river-gauge,street', ['w-1 water_level']],
    ['?bbox=119,29,121,31', ['d-1 pm25', 'd-1 pm10']],
    ['?device=d-1&type=reading', ['d-1 pm25', 'd-1 pm10']],
  ])('%s tells only %j', async (query, expected) => {
    const reader = await read(query)
    await city.store([
      { device: 'w-1', property: 'water_level' },
      { device: 'd-1', property: 'pm25' },
      { device: 'd-1', property: 'pm10' },
      { device: 'unregistered', property: 'noise' },
    ])
    await reader.until((all) => all.length >= expected.length)
    await city.store([
      {
        device: expected[0]?.split(' ')[0] ?? '',
        property: expected[0]?.split(' ')[1] ?? '',
        observedAt: noon + 1,
      },
    ])
    await reader.until((all) => all.length >= expected.length + 1)
    expect(reader.told.map(({ data }) => `${data.device} ${data.property}`)).toEqual([
      ...expected,
      expected[0],
    ])
  })

  test('a reader that is fast enough misses none of many', async () => {
    const reader = await read('?type=reading')
    const many = Array.from({ length: 9_000 }, (_, i) => ({ observedAt: noon + i, value: i }))
    await city.store(many)
    await reader.until(
      (all) =>
        all.some(({ data }) => data.value === 8_999) ||
        all.some(({ event }) => event === 'dropped'),
    )
    const values = reader.told
      .filter(({ event }) => event === 'reading')
      .map(({ data }) => data.value)
    expect(values).toEqual(many.map(({ value }) => value))
  })
})

describe('alerts', () => {
  test('a change is told with its alert and its place', async () => {
    const reader = await read()
    const change = await happen(city.parts.alerts, { alert: 'a', type: 'alert.raised' })
    city.parts.bus.ring('alerts')
    const [told] = await reader.until((all) => all.length >= 1)
    expect(told).toMatchObject({
      event: 'alert',
      id: expect.stringMatching(/^\d+$/),
      data: {
        id: change.id,
        type: 'alert.raised',
        level: 'yellow',
        alert: { id: 'a', state: 'firing' },
      },
    })
  })

  test('Last-Event-ID brings every change since then, exactly once and in order', async () => {
    const first = await read()
    await happen(city.parts.alerts, { alert: 'before' })
    city.parts.bus.ring('alerts')
    await first.until((all) => all.length >= 1)
    const id = first.lastId() ?? ''
    first.close()
    const missed = Array.from({ length: 250 }, (_, i) => `m-${i}`)
    for (const [i, alert] of missed.entries())
      await happen(city.parts.alerts, { alert, at: noon + i })
    const second = await read('', { 'last-event-id': id })
    await happen(city.parts.alerts, { alert: 'after', at: noon + 1_000 })
    city.parts.bus.ring('alerts')
    await second.until(() => alertIds(second).includes('after'))
    expect(alertIds(second)).toEqual([...missed, 'after'])
  })

  test('who connects, hears nothing, and comes back, misses nothing', async () => {
    await happen(city.parts.alerts, { alert: 'old' })
    const first = await read()
    for (let i = 0; i < 100 && first.lastId() === undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    const id = first.lastId() ?? ''
    first.close()
    await happen(city.parts.alerts, { alert: 'between', at: noon + 1 })
    const second = await read('', { 'last-event-id': id })
    await second.until((all) => all.length >= 1)
    expect(alertIds(second)).toEqual(['between'])
  })

  test('a new reader hears only what happens from now on, also with a place that is no longer', async () => {
    await happen(city.parts.alerts, { alert: 'old' })
    const fresh = await read()
    const beyond = await read('', { 'last-event-id': '999999' })
    await happen(city.parts.alerts, { alert: 'new', at: noon + 1 })
    for (const reader of [fresh, beyond]) {
      await reader.until((all) => all.length >= 1)
      expect(alertIds(reader)).toEqual(['new'])
    }
  })

  test('filters hold for alerts', async () => {
    const here = await read('?site=g-1')
    const there = await read('?site=a-1')
    const kind = await read('?kind=river-gauge&property=water_level')
    await happen(city.parts.alerts, { alert: 'at-g-1' })
    await happen(city.parts.alerts, { alert: 'at-a-1', site: 'a-1', at: noon + 1 })
    await there.until((all) => all.length >= 1)
    await here.until((all) => all.length >= 1)
    await kind.until((all) => all.length >= 1)
    expect([here, there, kind].map(alertIds)).toEqual([['at-g-1'], ['at-a-1'], ['at-g-1']])
  })

  test.each(['x', '-1', '1.5', '1e3', '9'.repeat(30), "1'"])(
    'Last-Event-ID: %s is refused',
    async (id) => {
      const reader = await read('', { 'last-event-id': id })
      expect(reader.status).toBe(400)
      expect(reader.headers['content-type']).toContain('problem+json')
    },
  )
})

test('devices: connected, changed, registered and removed are told, being seen is not', async () => {
  const reader = await read('?type=device')
  const { ledger } = city.parts
  // The first look knows nobody, so give it time to get to know them.
  await new Promise((resolve) => setTimeout(resolve, 600))
  await ledger.updateStatus([{ device: 'w-1', lastSeenAt: noon, connected: true }])
  await reader.until((all) => all.length >= 1)
  await ledger.updateStatus([{ device: 'w-1', lastSeenAt: noon + 1 }])
  await ledger.updateStatus([{ device: 'd-1', attributes: { battery: 20 } }])
  await reader.until((all) => all.length >= 2)
  await city.call('PUT', '/devices/new', { body: {} })
  await reader.until((all) => all.length >= 3)
  await city.call('DELETE', '/devices/new')
  await reader.until((all) => all.length >= 4)
  expect(reader.told.map(({ event }) => event)).toEqual(Array(4).fill('device'))
  expect(reader.told.map(({ data }) => data)).toEqual([
    expect.objectContaining({ id: 'w-1', connected: true, removed: false }),
    expect.objectContaining({ id: 'd-1', attributes: { battery: 20 } }),
    expect.objectContaining({ id: 'new', connected: false, site: null }),
    { id: 'new', site: null, removed: true },
  ])
})

describe('a reader that does not read', () => {
  test('costs bounded memory, is told what it missed, and gets every alert', async () => {
    const slow = await read()
    const fast = await read('?type=alert')
    slow.pause()
    const before = process.memoryUsage().rss
    for (let batch = 0; batch < 40; batch++) {
      await city.store(
        Array.from({ length: 5_000 }, (_, i) => ({
          observedAt: noon + batch * 5_000 + i,
          value: i,
        })),
      )
      await happen(city.parts.alerts, { alert: `a-${batch}`, at: noon + batch })
      city.parts.bus.ring('alerts')
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    await fast.until(() => alertIds(fast).length === 40)
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 1_048_576)
    slow.resume()
    await slow.until(() => alertIds(slow).length === 40)
    expect(alertIds(slow)).toEqual(Array.from({ length: 40 }, (_, i) => `a-${i}`))
    await slow.until((all) => all.some(({ event }) => event === 'dropped'))
    const missed = slow.told
      .filter(({ event }) => event === 'dropped')
      .reduce((sum, { data }) => sum + data.readings, 0)
    await slow.until(
      (all) => all.filter(({ event }) => event === 'reading').length + missed >= 200_000,
    )
    const got = slow.told.filter(({ event }) => event === 'reading').length
    expect(got + missed).toBe(200_000)
    const { text } = await city.call('GET', '/metrics', { as: null })
    expect(text).toContain(`bellwether_api_stream_readings_dropped_total ${missed}`)
  })
})

describe('limits', () => {
  test('streams are counted, and one more is refused until another ends', async () => {
    for (let i = 0; i < 5; i++) expect((await read()).status).toBe(200)
    const refused = await read()
    expect(refused.status).toBe(503)
    expect(refused.headers['retry-after']).toBe('5')
    readers[0]?.close()
    let status = 503
    for (let i = 0; i < 100 && status !== 200; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
      status = (await read()).status
    }
    expect(status).toBe(200)
  })

  test('HEAD does not open a stream', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/events`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${tokens.viewer}` },
    })
    expect(answer.status).toBe(405)
  })

  test('all streams end at once when the server stops', async () => {
    const open = [await read(), await read('?type=alert')]
    open[1]?.pause()
    const began = Date.now()
    await city.app.close()
    expect(Date.now() - began).toBeLessThan(5_000)
    open[1]?.resume()
    await Promise.all(open.map(({ ended }) => ended))
  })

  test('a stream whose token was withdrawn is ended at the next look, well before a heartbeat', async () => {
    const made = await city.call('POST', '/tokens', { body: { id: 'short', role: 'viewer' } })
    const reader = await read('', { authorization: `Bearer ${made.body.token}` })
    const other = await read()
    expect((await city.call('DELETE', '/tokens/short')).status).toBe(204)
    let isOpen = true
    const ended = reader.ended.then(() => {
      isOpen = false
    })
    await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, 8_000))])
    expect(isOpen).toBe(false)
    await city.store([{ device: 'd-1' }])
    await other.until((all) => all.some(({ event }) => event === 'reading'))
  })
})
