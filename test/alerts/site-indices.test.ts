/** Indices of sites from a stream of readings: when each is observed, and from what. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { SiteIndices } from '../../alerts/indices/index-signal.ts'
import { createSiteIndices } from '../../alerts/indices/site-indices.ts'
import { type Device, deviceSchema } from '../../domain/device.ts'
import type { Reading } from '../../domain/reading.ts'
import type { SignalIndex } from '../../domain/rule.ts'
import { type Site, siteSchema } from '../../domain/site.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import type { Registry, RegistryView } from '../../stores/records/registry.ts'
import { openRegistry, openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemClock } from '../../runtime/system.ts'
import { fakePorts } from '../fixtures/ports.ts'

const minute = 60_000
const hour = 60 * minute
/** 2026-03-02 00:00 in Beijing. */
const midnight = Date.parse('2026-03-01T16:00:00Z')
const at = (hours: number, minutes = 0) => midnight + hours * hour + minutes * minute

let dir: string
let registry: Registry
let view: RegistryView
let site: Site
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'site-indices-'))
  registry = openRegistry({ path: join(dir, 'registry.db'), clock: systemClock })
  view = await openRegistryView({ path: join(dir, 'registry.db') })
})
afterEach(async () => {
  await Promise.all([registry.close(), view.close()])
  rmSync(dir, { recursive: true })
})

async function stand(of: object, devices: readonly Partial<Device>[]): Promise<void> {
  site = siteSchema.parse({ id: 's', location: [116.4, 39.9], ...of })
  await registry.insert('site', site)
  for (const device of devices) {
    await registry.insert('device', { ...deviceSchema.parse({ site: 's', ...device }) })
  }
  await view.refresh()
}

function begin(past?: Parameters<typeof createSiteIndices>[0]['past']): SiteIndices {
  const { clock } = fakePorts()
  return createSiteIndices({
    ...{ registry: view, clock, timeZone: 'UTC' },
    ...(past === undefined ? {} : { past }),
  })
}

function reading(fields: Partial<Reading>): Reading {
  const observedAt = fields.observedAt ?? midnight
  return {
    ...{ device: 'a', property: 'pm25', observedAt, receivedAt: observedAt + 500 },
    ...{ value: 1, quality: 1 },
    ...fields,
  }
}

interface Heard {
  index: SignalIndex
  edition?: string
}

const newestHeard = new WeakMap<SiteIndices, number>()

/** Readings as one slice; `[hours since midnight, value]` of what was observed anew. */
async function hear(indices: SiteIndices, of: Heard, readings: readonly Reading[]) {
  await indices.prepare(readings)
  const seen: [number, number][] = []
  let newest = newestHeard.get(indices) ?? Number.NEGATIVE_INFINITY
  for (const one of readings) {
    indices.take(one, site)
    for (const { observedAt, value } of indices.observe({ type: 'index', ...of }, site, one)) {
      if (observedAt > newest) seen.push([(observedAt - midnight) / hour, value])
      newest = Math.max(newest, observedAt)
    }
  }
  newestHeard.set(indices, newest)
  return seen
}

const hourly = (device: string, property: string, values: readonly (number | null)[]) =>
  values.flatMap((value, i) =>
    value === null ? [] : [reading({ device, property, observedAt: at(i), value })],
  )
const merged = (...lists: (readonly Reading[])[]) =>
  lists.flat().sort((a, b) => a.observedAt - b.observedAt)

describe('an air index of the hour', () => {
  const index: Heard = { index: 'eu-aqi' }

  test('is observed at the end of the hour, once all instruments have moved on', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const indices = begin()
    // Both belong to one message: the hour is over with the second.
    const readings = merged(hourly('a', 'no2', [30, 70, 5, 5]), hourly('a', 'pm25', [1, 1, 100, 1]))
    expect(await hear(indices, index, readings)).toEqual([
      [1, 3],
      [2, 4],
      [3, 5],
    ])
  })

  test('waits five minutes for an instrument that is late, three hours long', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a' }, { id: 'b' }])
    const indices = begin()
    const slow = reading({ device: 'b', property: 'no2', observedAt: at(0, 50), value: 140 })
    const every = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) =>
        reading({ property: 'no2', observedAt: at(0, from + i), value: 20 }),
      )
    const before = [...every(0, 50), slow, ...every(50, 65)]
    expect(await hear(indices, index, before)).toEqual([])
    const last = reading({ device: 'b', property: 'no2', observedAt: at(0, 59), value: 100 })
    expect(await hear(indices, index, [last])).toEqual([])
    // The mean of 20 and of 120: both devices count alike.
    expect(await hear(indices, index, every(65, 66))).toEqual([[1, 4]])
    // In the fifth hour nobody waits any more for the one that stopped in the first.
    expect(await hear(indices, index, every(66, 4 * 60 + 1))).toEqual([
      [2, 2],
      [3, 2],
      [4, 2],
    ])
  })

  test('needs 45 minutes, and readings that count', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '15m' }])
    const indices = begin()
    const quarter = (i: number, fields: Partial<Reading> = {}) =>
      reading({ property: 'no2', observedAt: at(0, 15 * i), value: 50, ...fields })
    const readings = [
      ...[0, 1].map((i) => quarter(i)),
      quarter(2, { quality: 3 }),
      quarter(3, { value: null, quality: 9 }),
      ...[4, 5, 6, 7, 8].map((i) => quarter(i)),
    ]
    expect(await hear(indices, index, readings)).toEqual([[2, 3]])
  })

  test('a reading found bad later, sent again, or late changes the hours to come only', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const indices = begin()
    const old: Heard = { index: 'cn-aqi-hourly', edition: 'HJ 633-2012' }
    const values = Array.from({ length: 21 }, (_, i) => (i === 3 ? null : 35))
    // 19 of 24 hours are there: no mean of 24 h yet.
    expect(await hear(indices, old, hourly('a', 'pm25', values))).toEqual([])
    const late = [
      reading({ observedAt: at(3), value: 995 }),
      reading({ observedAt: at(3), value: 995 }),
      reading({ observedAt: at(18), value: 35, quality: 4 }),
    ]
    expect(await hear(indices, old, late)).toEqual([])
    const next = reading({ observedAt: at(21), value: 35 })
    // (19 × 35 + 995) / 20 = 83 ug/m3.
    expect(await hear(indices, old, [next])).toEqual([[21, 110]])
  })

  test('of an edition that does not exist there is nothing', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const wrong: Heard = { index: 'eu-aqi', edition: 'HJ 633-2012' }
    expect(await hear(begin(), wrong, hourly('a', 'no2', [30, 70]))).toEqual([])
  })

  test('after a silence longer than what is kept it goes on with the hour that is over next', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const indices = begin()
    const readings = [0, 1, 200, 201, 202].map((h) =>
      reading({ property: 'no2', observedAt: at(h), value: 20 }),
    )
    expect(await hear(indices, index, readings)).toEqual([
      [1, 2],
      [201, 2],
      [202, 2],
    ])
  })
})

test('a daily index is observed at midnight of the place, under the edition of that day', async () => {
  await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
  const values = Array.from({ length: 50 }, () => 75)
  const readings = hourly('a', 'pm25', values).map((one) => ({
    ...one,
    observedAt: one.observedAt - 48 * hour,
  }))
  expect(await hear(begin(), { index: 'cn-aqi-daily' }, readings)).toEqual([
    [-24, 100],
    [0, 114],
  ])
})

test('a day of the EPA with ozone is observed when its last mean of 8 h has ended', async () => {
  await stand({ kind: 'air-station', attributes: { timeZone: 'UTC' } }, [
    { id: 'a', expectedInterval: '1h' },
  ])
  const from = Date.UTC(2026, 0, 20)
  const readings = Array.from({ length: 56 }, (_, i) =>
    // 200 ug/m3 from 23:00 to 07:00 are 101.9 ppb.
    reading({ property: 'o3', observedAt: from + i * hour, value: i >= 23 && i < 31 ? 200 : 40 }),
  )
  const found = await hear(begin(), { index: 'us-aqi' }, readings)
  expect(found).toEqual([
    [(from + 31 * hour - at(0)) / hour, 190],
    [(from + 55 * hour - at(0)) / hour, 19],
  ])
})

describe('the past of a station', () => {
  async function stored(readings: readonly Reading[]) {
    const path = join(dir, 'readings.db')
    const writer = openReadingsWriter({ path, keepDays: 0 })
    await writer.write(readings, { seq: 1, quarantined: 0 })
    await writer.close()
    return openReadingsReader({ path })
  }
  const old: Heard = { index: 'cn-aqi-hourly', edition: 'HJ 633-2012' }

  test('a new start knows what was stored before, and tells the hour that was over last', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const readings = hourly(
      'a',
      'pm25',
      Array.from({ length: 25 }, (_, i) => 20 + i),
    )
    const reader = await stored(readings.slice(0, 24))
    // The mean of 20 … 43 is 31.5.
    expect(await hear(begin(reader), old, readings.slice(24))).toEqual([[24, 45]])
    const whole = begin()
    const all = await hear(whole, old, readings)
    expect(all.at(-1)).toEqual([24, 45])
    await reader.close()
  })

  test('holds what stood there then, not what came later with another past', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    await registry.insert('site', { ...site, id: 'other' })
    for (const id of ['left', 'came']) {
      const device = deviceSchema.parse({ id, expectedInterval: '1h', site: 's' })
      const there = id === 'left' ? 's' : 'other'
      await registry.insert('device', { ...device, site: there })
      await registry.replace('device', { ...device, site: there === 's' ? 'other' : 's' }, at(6))
    }
    await view.refresh()
    const day = (device: string, value: number) =>
      hourly(
        device,
        'pm25',
        Array.from({ length: 24 }, () => value),
      )
    const steady = [...day('a', 40), reading({ observedAt: at(24, 6), value: 40 })]
    // Of `left` the first six hours count here, of `came` the eighteen after them.
    const reader = await stored([...steady, ...day('left', 80), ...day('came', 40)])
    const indices = begin(reader)
    // (6 × (40 + 80) / 2 + 18 × 40) / 24 = 45.
    expect(await hear(indices, old, steady.slice(24))).toEqual([[24, 63]])
    // It turns out that `left` was never here.
    const never = { device: 'left', site: 'other', from: Number.NEGATIVE_INFINITY, until: null }
    await registry.place(never)
    await view.refresh()
    const next = [25, 26].map((h) => reading({ observedAt: at(h, 6), value: 40 }))
    expect((await hear(indices, old, next)).at(-1)).toEqual([26, 57])
    await reader.close()
  })

  test('what was received later than the reading at hand is not known yet', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
    const readings = hourly('a', 'no2', [20, 30, 70, 140])
    const reader = await stored(readings)
    const indices = begin(reader)
    expect(await hear(indices, { index: 'eu-aqi' }, readings.slice(1, 2))).toEqual([[1, 2]])
    expect(await hear(indices, { index: 'eu-aqi' }, readings.slice(2))).toEqual([
      [2, 3],
      [3, 4],
    ])
    await reader.close()
  })

  test('a late reading of an hour long over is taken into what the store has of it', async () => {
    await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '30m' }])
    const halves = Array.from({ length: 49 }, (_, i) =>
      reading({ observedAt: at(0, 30 * i), value: 35 }),
    )
    const reader = await stored(halves)
    const indices = begin(reader)
    await hear(indices, old, halves)
    // Sent again with another value: it takes the place of the first.
    const again = reading({ observedAt: at(2), value: 515, receivedAt: at(24, 1) })
    const next = [24.5, 25].map((h) => reading({ observedAt: at(h), value: 35 }))
    // (23 × 35 + 275) / 24 = 45.
    expect((await hear(indices, old, [again, ...next])).at(-1)).toEqual([25, 63])
    await reader.close()
  })
})

describe('an index of the moment', () => {
  test('floods by flow, low water and dry soil from the newest values of the site', async () => {
    const attributes = { warningFlow: 640, droughtLevel: 2.2, fieldCapacity: 32 }
    await stand({ kind: 'river-gauge', attributes }, [{ id: 'a' }])
    const said = (property: string, values: readonly number[]) =>
      values.map((value, h) => reading({ device: 'a', property, observedAt: at(h), value }))
    const flows = said('flow', [600, 641, 639])
    expect(await hear(begin(), { index: 'flood-signal' }, flows)).toEqual([
      [0, 0],
      [1, 2],
      [2, 0],
    ])
    const levels = said('water_level', [2.6, 2.45, 2.1])
    expect(await hear(begin(), { index: 'low-water-signal' }, levels)).toEqual([
      [0, 0],
      [1, 1],
      [2, 2],
    ])
    // 60 % of 32 are 19.2, 30 % are 9.6.
    const moisture = said('soil_moisture', [19.3, 19.1, 9.5])
    expect(await hear(begin(), { index: 'drought-signal' }, moisture)).toEqual([
      [0, 0],
      [1, 1],
      [2, 4],
    ])
  })

  test('rain: from the sums up to each reading, of several gauges the largest', async () => {
    await stand({ kind: 'rain-gauge' }, [{ id: 'a' }, { id: 'b' }])
    const rain = (device: string, h: number, value: number) =>
      reading({ device, property: 'rainfall', observedAt: at(h), value })
    const readings = merged(
      [rain('a', 1, 20), rain('a', 2, 20), rain('a', 3, 10), rain('a', 4, 0), rain('a', 5, 1)],
      [rain('b', 1.5, 1), rain('b', 2.5, 60), rain('b', 3.5, 45)],
    )
    const signal = await hear(begin(), { index: 'rainstorm-signal' }, readings)
    expect(signal).toEqual([
      [1, 0],
      [1.5, 0],
      [2, 0],
      [2.5, 3],
      [3, 3],
      [3.5, 4],
      [4, 4],
      [5, 4],
    ])
    const grade = await hear(begin(), { index: 'rain-grade' }, readings)
    expect(grade.at(-1)).toEqual([5, 6])
  })

  test('rain: a gauge that sends only its counter is judged by what it grew by', async () => {
    await stand({ kind: 'rain-gauge' }, [{ id: 'a' }])
    // It begins again between the hours 3 and 4.
    const counter = [812.4, 826.4, 846, 863.4, 2, 2.4].map((value, h) =>
      reading({ device: 'a', property: 'rain_total', observedAt: at(h), value }),
    )
    const index: Heard = { index: 'rainstorm-signal' }
    expect(await hear(begin(), index, counter)).toEqual([
      [1, 0],
      [2, 0],
      [3, 3],
      [4, 2],
      [5, 2],
    ])
    const path = join(dir, 'counter.db')
    const writer = openReadingsWriter({ path, keepDays: 0 })
    await writer.write(counter, { seq: 1, quarantined: 0 })
    const reader = openReadingsReader({ path })
    expect(await hear(begin(reader), index, counter.slice(-1))).toEqual([[5, 2]])
    await reader.close()
    await writer.close()
  })

  test('water: what one message says is observed once, and values do not count forever', async () => {
    await stand({ kind: 'surface-water' }, [{ id: 'a', expectedInterval: '4h' }])
    const index: Heard = { index: 'gb3838-class' }
    const indices = begin()
    const message = (h: number, values: Record<string, number>) =>
      Object.entries(values).map(([property, value]) =>
        reading({ property, value, observedAt: at(h) }),
      )
    expect(await hear(indices, index, message(0, { codmn: 12, nh3n: 0.1 }))).toEqual([[0, 5]])
    // In between it would be class I: neither is bad for a moment.
    expect(await hear(indices, index, message(4, { codmn: 1, nh3n: 1.9 }))).toEqual([[4, 5]])
    // Ammonia is not measured any more: it counts for three times four hours.
    for (const h of [8, 12, 16]) {
      expect(await hear(indices, index, message(h, { codmn: 1 }))).toEqual([[h, 5]])
    }
    expect(await hear(indices, index, message(20, { codmn: 1 }))).toEqual([[20, 1]])
  })

  test('water: a bad reading at the end of a message does not hold back the rest of it', async () => {
    await stand({ kind: 'surface-water' }, [{ id: 'a' }])
    const index: Heard = { index: 'gb3838-class' }
    const indices = begin()
    const one = (property: string, value: number, fields: Partial<Reading> = {}) =>
      reading({ property, value, observedAt: at(1), ...fields })
    const bad = one('nh3n', 0.1, { quality: 4 })
    expect(await hear(indices, index, [one('codmn', 12), one('cod', 10), bad])).toEqual([[1, 5]])
    const later = { observedAt: at(2) }
    expect(await hear(indices, index, [{ ...bad, ...later }])).toEqual([])
    expect(await hear(indices, index, [one('codmn', 1, later)])).toEqual([[2, 1]])
  })

  test('levels: the highest of the devices, by the figures of the gauge', async () => {
    const attributes = { warningLevel: 9, guaranteeLevel: 10 }
    await stand({ kind: 'river-gauge', attributes }, [{ id: 'a' }, { id: 'b' }])
    const level = (device: string, h: number, value: number, quality: 1 | 4 = 1) =>
      reading({ device, property: 'water_level', observedAt: at(h), value, quality })
    const readings = [
      level('a', 1, 8),
      level('b', 1.1, 9.2),
      level('a', 1.2, 10.3, 4),
      level('a', 1.3, 8.1),
      level('b', 1.3, 10.1),
    ]
    expect(await hear(begin(), { index: 'flood-signal' }, readings)).toEqual([
      [1, 0],
      [1.1, 2],
      [1.3, 3],
    ])
  })

  test('a late reading changes what is observed next, and nothing goes back in time', async () => {
    await stand({ kind: 'rain-gauge' }, [{ id: 'a' }])
    const indices = begin()
    const rain = (h: number, value: number) =>
      reading({ property: 'rainfall', observedAt: at(h), value })
    const index: Heard = { index: 'rainstorm-signal' }
    expect(await hear(indices, index, [rain(3, 30)])).toEqual([[3, 0]])
    const [late] = await hear(indices, index, [rain(2, 30)])
    expect(late?.[0]).toBeGreaterThan(3)
    expect(late?.[0]).toBeLessThan(3.001)
    expect(late?.[1]).toBe(3)
  })

  test('what it stands on is read from the store at a new start', async () => {
    await stand({ kind: 'rain-gauge' }, [{ id: 'a' }])
    const rain = Array.from({ length: 12 }, (_, i) =>
      reading({ property: 'rainfall', observedAt: at(i), value: 4.5 }),
    )
    const path = join(dir, 'readings.db')
    const writer = openReadingsWriter({ path, keepDays: 0 })
    await writer.write(rain, { seq: 1, quarantined: 0 })
    const reader = openReadingsReader({ path })
    const last = rain.slice(-1)
    expect(await hear(begin(reader), { index: 'rainstorm-signal' }, last)).toEqual([[11, 1]])
    expect(await hear(begin(), { index: 'rainstorm-signal' }, last)).toEqual([[11, 0]])
    await reader.close()
    await writer.close()
  })
})

test('an hour that had begun before anything is known of it is passed over', async () => {
  await stand({ kind: 'air-station' }, [{ id: 'a' }])
  const readings = [55, 60, 65, 90, 115, 120].map((minutes) =>
    reading({ property: 'no2', observedAt: at(0, minutes), value: 70 }),
  )
  expect(await hear(begin(), { index: 'eu-aqi' }, readings)).toEqual([[2, 4]])
})

test('a store that cannot be read takes nothing of what is heard', async () => {
  await stand({ kind: 'air-station' }, [{ id: 'a', expectedInterval: '1h' }])
  const down = () => {
    throw new Error('down')
  }
  const indices = begin({ range: down, aggregate: down })
  const index: Heard = { index: 'eu-aqi' }
  const readings = hourly('a', 'no2', [20, 30, 70])
  await expect(indices.prepare(readings)).rejects.toThrow('down')
  const seen = readings.flatMap((one) => {
    indices.take(one, site)
    return indices.observe({ type: 'index', ...index } as const, site, one)
  })
  expect(seen.at(-1)).toEqual({ observedAt: at(2), value: 3 })
})
