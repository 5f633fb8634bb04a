/** Indices of sites on boards: made from what is stored, each hour anew. */

import { afterEach, describe, expect, test } from 'vitest'
import { createOutlet } from '../../../grafana/feed/outlet.ts'
import { createSiteIndexRound } from '../../../grafana/feed/site-index-round.ts'
import { createLatestTable } from '../../../stores/readings/latest-table.ts'
import { createSiteIndex } from '../../../indices/site-series.ts'
import type { Reading } from '../../../domain/reading.ts'
import type { ReadingsReader } from '../../../stores/readings/readings.ts'
import { boardShelf } from '../../fixtures/board-shelf.ts'
import { fakePorts } from '../../fixtures/ports.ts'
import { type CityApi, openCityApi } from '../../api/city-api.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
/** Twenty past noon in Beijing, under HJ 633-2026. */
const now = Date.parse('2026-11-21T04:20:00Z')
const thisHour = now - 20 * minute

const cities: CityApi[] = []
afterEach(async () => {
  for (const city of cities.splice(0)) await city.close()
})

async function open(reader: (own: ReadingsReader) => ReadingsReader = (own) => own) {
  const ports = fakePorts(now)
  const city = await openCityApi({ parts: { ports } })
  cities.push(city)
  const shelf = boardShelf()
  const readings = reader(city.parts.readings)
  const latest = createLatestTable({ ...city.parts, readings })
  const { view, config } = city.parts
  const outlet = createOutlet(shelf, ports)
  const sites = createSiteIndex(view)
  const parts = { config, ports, view, latest, outlet, sites, readings, timers: ports.timers }
  const round = createSiteIndexRound(parts)
  const points = (index: string, site?: string) =>
    shelf
      .points('site_index')
      .filter(({ tags }) => tags.index === index && (site === undefined || tags.site === site))
      .sort((a, b) => a.at - b.at)
  return { city, ports, shelf, round, points, latest }
}

async function station(city: CityApi, id: string, kind = 'air-station'): Promise<void> {
  await city.call('POST', '/sites', {
    body: { id, kind, location: [116.4, 39.9], district: '110101' },
  })
  await city.call('POST', '/devices', { body: { id, site: id, expectedInterval: '1h' } })
}

/** One reading an hour of each, at its beginning, up to the hour that is not over. */
function hourly(
  device: string,
  values: Partial<Record<string, number>>,
  hours: number,
): Partial<Reading>[] {
  return Array.from({ length: hours }, (_, i) => thisHour - (hours - 1 - i) * hour).flatMap((at) =>
    Object.entries(values).map(([property, value = null]) => ({
      device,
      property,
      value,
      observedAt: at,
    })),
  )
}

const smog = { pm25: 60, pm10: 90, so2: 10, no2: 40, co: 0.8, o3: 50 }

describe('a round', () => {
  test('brings whole hours of two days and three whole days, as the API gives them', async () => {
    const { city, round, points } = await open()
    await station(city, 'a-1')
    await city.store(hourly('a-1', smog, 6 * 24))
    await round.go()
    const hours = points('cn-aqi-hourly')
    expect(hours.map(({ at }) => at)).toEqual(
      Array.from({ length: 48 }, (_, i) => thisHour - (48 - i) * hour),
    )
    const days = points('cn-aqi-daily')
    const midnight = Date.parse('2026-11-20T16:00:00Z')
    expect(days.map(({ at }) => at)).toEqual([3, 2, 1].map((back) => midnight - back * day))
    const tags = { site: 'a-1', district: '110101', index: 'cn-aqi-daily', edition: 'HJ 633-2026' }
    expect(days[0]?.tags).toEqual(tags)
    for (const index of ['cn-aqi-hourly', 'cn-aqi-daily', 'us-nowcast', 'eu-aqi']) {
      const last = points(index).at(-1)
      const from = new Date(last?.at ?? 0).toISOString()
      const { body } = await city.call('GET', `/sites/a-1/indices?index=${index}&from=${from}`)
      const item = body.items.at(-1)
      expect(last?.fields, index).toMatchObject({
        value: item.value,
        level: item.level,
        category_zh: item.category.zh,
        primary: item.primary.join(', '),
      })
      for (const [code, value] of Object.entries(item.sub)) {
        if (typeof value === 'number') expect(last?.fields[`sub_${code}`]).toBe(value)
      }
    }
  })

  test('follows a correction of where a device stood, also of days long told', async () => {
    const { city, round, ports, points } = await open()
    await station(city, 'a-1')
    await station(city, 'a-2')
    await city.store(hourly('a-1', smog, 6 * 24))
    await round.go()
    const hoursAgo = (site: string) =>
      points('cn-aqi-hourly', site).map(({ at }) => (thisHour - at) / hour)
    expect(hoursAgo('a-1')).toHaveLength(48)
    expect(hoursAgo('a-2')).toEqual([])
    const ago = (hours: number) => new Date(thisHour - hours * hour).toISOString()
    for (const [from, until] of [
      [115, 110],
      [24, 20],
    ] as const) {
      const body = { site: 'a-2', from: ago(from), until: ago(until) }
      const answer = await city.call('POST', '/devices/a-1/placements', { body })
      expect(answer.status, answer.text).toBe(200)
    }
    ports.advance(hour)
    await round.go()
    const there = hoursAgo('a-2')
    expect(there).toEqual([115, 114, 113, 112, 111, 24, 23, 22, 21])
    const here = hoursAgo('a-1')
    expect(here.filter((hours) => there.includes(hours))).toEqual([])
    expect(here.filter((hours) => hours <= 115 && hours > 0)).toHaveLength(115 - there.length)
  })

  test('tells an hour a few minutes after it is over', async () => {
    const { city, round, ports, shelf, points } = await open()
    await station(city, 'a-1')
    await city.store(hourly('a-1', smog, 30))
    await round.go()
    ports.advance(42 * minute)
    await round.go()
    const writes = shelf.writes.length
    expect(points('cn-aqi-hourly').at(-1)?.at).toBe(thisHour - hour)
    await round.go()
    expect(shelf.writes).toHaveLength(writes)
    ports.advance(minute)
    await round.go()
    expect(points('cn-aqi-hourly').at(-1)?.at).toBe(thisHour)
  })

  test('comes within the hour as often as it costs little', async () => {
    const { city, round, ports, shelf } = await open()
    await station(city, 'a-1')
    await city.store(hourly('a-1', smog, 30))
    const goes = async () => {
      const before = shelf.writes.length
      let isOver = false
      const going = round.go().finally(() => {
        isOver = true
      })
      // What it takes, it leaves to others as well.
      while (!isOver) {
        await new Promise((resolve) => setImmediate(resolve))
        ports.advance(20)
      }
      await going
      return shelf.writes.length > before
    }
    expect(await goes()).toBe(true)
    ports.advance(4 * minute)
    expect(await goes()).toBe(false)
    ports.advance(minute)
    shelf.write = async (points) => {
      ports.advance(minute / 2)
      shelf.writes.push(points.length)
    }
    expect(await goes()).toBe(true)
    ports.advance(7 * minute)
    expect(await goes()).toBe(false)
    ports.advance(20 * minute)
    expect(await goes()).toBe(true)
  })

  test('shows what came late, and takes words back that hold no more', async () => {
    const { city, round, ports, points, latest } = await open()
    await station(city, 'a-1')
    await city.store(hourly('a-1', smog, 30))
    await round.go()
    const at = thisHour - 20 * hour
    const before = points('cn-aqi-hourly').find((point) => point.at === at)
    await city.store([
      { device: 'a-1', property: 'pm25', value: 20, observedAt: at, receivedAt: now },
    ])
    await city.store([
      { device: 'a-1', property: 'pm10', value: 20, observedAt: at, receivedAt: now },
    ])
    ports.advance(hour)
    await latest.refresh()
    await round.go()
    const after = points('cn-aqi-hourly').find((point) => point.at === at)
    expect(after?.fields.value).toBeLessThan(Number(before?.fields.value))
    expect(before?.fields.primary).not.toBe('')
    expect(after?.fields.primary).toBe('')
  })

  test('has nothing to say of sites that no index fits', async () => {
    const { city, round, shelf } = await open()
    await station(city, 'm-1', 'meter')
    await city.store(hourly('m-1', { flow: 3 }, 30))
    await round.go()
    expect(shelf.points('site_index')).toEqual([])
  })
})

describe('a round that fails', () => {
  async function threeStations(city: CityApi): Promise<void> {
    for (const id of ['a-1', 'a-2', 'a-3']) {
      await station(city, id)
      await city.store(hourly(id, { pm25: 60 }, 30))
    }
  }

  test('goes on where it was when the database is back', async () => {
    const { city, round, shelf, points } = await open()
    await threeStations(city)
    const write = shelf.write
    shelf.write = async (all) => {
      if (all[0]?.tags.site === 'a-2') shelf.isAway = true
      await write(all)
    }
    await expect(round.go()).rejects.toThrow('away')
    expect(points('us-nowcast', 'a-1').length).toBeGreaterThan(0)
    expect(points('us-nowcast', 'a-2')).toEqual([])
    const told: (string | null)[] = []
    shelf.isAway = false
    shelf.write = async (all) => {
      told.push(all[0]?.tags.site ?? null)
      await write(all)
    }
    await round.go()
    expect([...new Set(told)]).toEqual(['a-2', 'a-3'])
    expect(points('us-nowcast', 'a-3').length).toBeGreaterThan(0)
  })

  test('at one site by a fault of ours goes on at the next, and says so', async () => {
    const { city, round, ports, points } = await open((own) => ({
      ...own,
      aggregate(query) {
        if (query.series.some(({ device }) => device === 'a-2')) throw new TypeError('a bug')
        return own.aggregate(query)
      },
    }))
    await threeStations(city)
    await round.go()
    expect(points('us-nowcast', 'a-2')).toEqual([])
    expect(points('us-nowcast', 'a-3').length).toBeGreaterThan(0)
    const told = ports.notes.filter(({ fields }) => fields.site === 'a-2')
    expect(told).toHaveLength(1)
  })
})
