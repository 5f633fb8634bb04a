/** The feed over real stores, into a shelf that can be away. Time stands still until a test moves it. */

import { afterEach, describe, expect, test } from 'vitest'
import type { AlertChange } from '../../../domain/alert.ts'
import { siteSchema } from '../../../domain/site.ts'
import type { BoardMeasurement } from '../../../stores/readings/board-points.ts'
import { refusal, uplink } from '../../conformance/ledger.ts'
import { type BoardShelf, boardShelf, type ShelfPoint } from '../../fixtures/board-shelf.ts'
import { type FakePorts, fakePorts } from '../../fixtures/ports.ts'
import { eventually } from '../../flow/city-server.ts'
import { type Happening, happen, viewOf } from '../../api/alert-record.ts'
import { type CityApi, noon, openCityApi } from '../../api/city-api.ts'

const second = 1_000
const minute = 60 * second
const hour = 60 * minute

interface Town extends CityApi {
  shelf: BoardShelf
  clock: FakePorts
  /** Records a change as the alerts role does, and rings. */
  happens(what: Happening): Promise<void>
  points(measurement: BoardMeasurement): ShelfPoint[]
  /** Moves time and waits until so many points of a measurement are there. */
  after(ms: number, measurement: BoardMeasurement, count: number): Promise<ShelfPoint[]>
}

const towns: Town[] = []
afterEach(async () => {
  for (const town of towns.splice(0)) await town.close()
})

async function openTown(shelf = boardShelf()): Promise<Town> {
  const clock = fakePorts(noon)
  const city = await openCityApi({ parts: { ports: clock }, boards: shelf })
  const { parts } = city
  const town: Town = {
    ...city,
    shelf,
    clock,
    points: shelf.points,
    async happens(what) {
      await happen(parts.alerts, what)
      parts.bus.ring('alerts')
    },
    async after(ms, measurement, count) {
      clock.advance(ms)
      return eventually(() => {
        const found = shelf.points(measurement)
        return found.length >= count ? found : undefined
      })
    },
  }
  towns.push(town)
  return town
}

/** A gauge with a logger that should report each minute, and a street that nobody watches. */
async function build({ call, store }: CityApi): Promise<void> {
  const gauge = { kind: 'river-gauge', location: [118.78, 32.05], attributes: { warningLevel: 9 } }
  await call('POST', '/sites', { body: { id: 'g-1', district: '320106', ...gauge } })
  await call('POST', '/sites', { body: { id: 's-1', kind: 'street' } })
  await call('POST', '/devices', { body: { id: 'd-1', site: 'g-1', expectedInterval: '1m' } })
  await store([
    { property: 'water_level', value: 8.1, observedAt: noon, receivedAt: noon },
    { property: 'battery', value: 77, observedAt: noon, receivedAt: noon },
  ])
}

const newest = (points: readonly ShelfPoint[], tag: string, value: string) =>
  points.filter(({ tags }) => tags[tag] === value).at(-1)?.fields

describe('at the start and then on', () => {
  test('each kind of point is written in its own time', async () => {
    const town = await openTown()
    await build(town)
    await town.after(0, 'bellwether', 1)
    const platform = await town.after(10 * second, 'bellwether', 2)
    expect(platform[0]?.fields).toMatchObject({ received: 10, in_flight: 1, ingest_lag_s: 1.5 })
    const sites = await town.after(50 * second, 'site_state', 2)
    expect(newest(sites, 'site', 'g-1')).toMatchObject({ level_code: 0, devices: 1, silent_s: 60 })
    expect(newest(sites, 'site', 's-1')).toMatchObject({ level_code: -1, devices: 0 })
    const devices = await town.after(5 * minute, 'device_state', 1)
    expect(newest(devices, 'device', 'd-1')).toMatchObject({ battery: 77, interval_s: 60 })
  })

  test('a device that is new is shown within the minute, all of them every five', async () => {
    const town = await openTown()
    await build(town)
    await town.after(minute, 'device_state', 1)
    await town.call('POST', '/devices', { body: { id: 'd-2', site: 's-1' } })
    await town.after(minute, 'device_state', 2)
    const points = await town.after(3 * minute, 'device_state', 4)
    expect(points.map(({ tags, at }) => [tags.device, (at - noon) / minute])).toEqual([
      ['d-1', 1],
      ['d-2', 2],
      ['d-1', 5],
      ['d-2', 5],
    ])
  })

  test('readings refused since are counted once', async () => {
    const town = await openTown()
    await town.after(0, 'quarantine', 10)
    await town.parts.ledger.quarantine([{ uplink: uplink(1), refused: [refusal(), refusal()] }])
    await town.after(minute, 'quarantine', 20)
    const points = await town.after(minute, 'quarantine', 30)
    const malformed = points.filter(({ tags }) => tags.code === 'malformed')
    expect(malformed.map(({ fields }) => fields.n)).toEqual([0, 2, 0])
  })

  test('a device is silent after three of its intervals, and its site with it', async () => {
    const town = await openTown()
    await build(town)
    const states = async (ms: number) => {
      const before = town.points('site_state').length
      await town.after(ms, 'site_state', before + 2)
      return newest(town.points('site_state'), 'site', 'g-1')
    }
    expect(await states(3 * minute)).toMatchObject({ level_code: 0, devices_silent: 0 })
    expect(await states(minute)).toMatchObject({ level_code: -1, devices_silent: 1, silent_s: 240 })
    await town.store([
      { property: 'water_level', observedAt: noon + 1, receivedAt: noon + 4 * minute },
    ])
    expect(await states(minute)).toMatchObject({ level_code: 0, silent_s: 60 })
  })

  test('a gateway without readings of its own is heard by its messages', async () => {
    const town = await openTown()
    await build(town)
    await town.call('POST', '/devices', { body: { id: 'gw', site: 's-1', expectedInterval: '1m' } })
    await town.call('POST', '/devices', { body: { id: 'child', gateway: 'gw' } })
    await town.parts.ledger.updateStatus([{ device: 'gw', lastSeenAt: noon + minute }])
    const sites = await town.after(2 * minute, 'site_state', 2)
    expect(newest(sites, 'site', 's-1')).toMatchObject({ level_code: 0, silent_s: 60 })
  })
})

describe('alerts', () => {
  test('a change is there at once, as an event and among the open ones', async () => {
    const town = await openTown()
    await town.happens({ level: 'orange' })
    await town.after(0, 'alert_open', 1)
    expect(town.points('alert_event')).toMatchObject([
      { tags: { type: 'raised', site: 'g-1' }, fields: { level_code: 3 } },
    ])
    expect(town.points('alert_open')).toMatchObject([
      { fields: { level_code: 3, acknowledged: 0 } },
    ])
  })

  test('all open ones are written each minute, resolved ones once more at level 0', async () => {
    const town = await openTown()
    await town.happens({ alert: 'a', level: 'red' })
    await town.happens({ alert: 'b', level: 'blue' })
    await town.after(0, 'alert_open', 2)
    await town.after(minute, 'alert_open', 4)
    town.clock.advance(1_000)
    await town.happens({ alert: 'a', type: 'alert.resolved', level: 'red', at: noon + minute })
    await town.after(0, 'alert_event', 3)
    const closed = await town.after(0, 'alert_open', 5)
    expect(closed.at(-1)).toMatchObject({
      tags: { device: 'a' },
      fields: { level_code: 0, acknowledged: 1, state: 'resolved' },
    })
    const found = await town.after(minute, 'alert_open', 6)
    const last = found.filter(({ at }) => at >= noon + 2 * minute)
    expect(last.map(({ tags }) => tags.device)).toEqual(['b'])
  })

  test('an acknowledgement stays known while the alert is stale, until it escalates', async () => {
    const town = await openTown()
    const acknowledged = async () => {
      const before = town.points('alert_open').length
      await town.after(minute, 'alert_open', before + 1)
      return town.points('alert_open').at(-1)?.fields.acknowledged
    }
    await town.happens({})
    const by = { id: 'ack', actor: 'li', note: null, at: noon + 3 * minute }
    await town.parts.alerts.acknowledge('alert-1', by, { webhooks: [], silences: [] })
    expect(await acknowledged()).toBe(1)
    await town.happens({ type: 'alert.stale', at: noon + 5 * minute })
    expect(await acknowledged()).toBe(1)
    await town.happens({ type: 'alert.escalated', level: 'red', at: noon + 6 * minute })
    expect(await acknowledged()).toBe(0)
  })

  test('a site shows its highest open level', async () => {
    const town = await openTown()
    await build(town)
    await town.happens({ alert: 'a', level: 'blue' })
    await town.happens({ alert: 'b', level: 'orange' })
    const sites = await town.after(minute, 'site_state', 2)
    expect(newest(sites, 'site', 'g-1')).toMatchObject({ level_code: 3, alerts_open: 2 })
  })

  test('changes recorded in the same millisecond are all kept, in order', async () => {
    const town = await openTown()
    const levels = ['blue', 'yellow', 'orange', 'red'] as const
    const changes = levels.map((level, i): AlertChange => {
      const type = i === 0 ? 'alert.raised' : 'alert.escalated'
      const view = viewOf({ level })
      const times = { observedAt: noon + i, recordedAt: noon + 50 }
      const more = { previousLevel: null, actor: null, note: null, value: 9, bound: 8 }
      return { id: `m${i}`, alert: view.id, type, level, view, ...times, ...more }
    })
    await town.parts.alerts.record({ watches: [], changes })
    town.parts.bus.ring('alerts')
    const events = await town.after(0, 'alert_event', 4)
    expect(events.map(({ fields }) => fields.level)).toEqual(levels)
    expect(events.map(({ at }) => Math.floor(at))).toEqual(levels.map(() => noon + 50))
    const times = events.map(({ at }) => at)
    expect([...times].sort((a, b) => a - b)).toEqual(times)
  })
})

describe('when the database is away', () => {
  test('no change of an alert is lost, trouble is told once, and its end as well', async () => {
    const town = await openTown()
    await town.after(0, 'bellwether', 1)
    town.shelf.isAway = true
    for (let i = 0; i < 250; i++) await town.happens({ alert: `a${i}`, at: noon + i })
    town.clock.advance(5 * minute)
    expect(town.points('alert_event')).toEqual([])
    town.shelf.isAway = false
    const events = await town.after(10 * second, 'alert_event', 250)
    expect(events.map(({ fields }) => fields.alert)).toEqual(
      Array.from({ length: 250 }, (_, i) => `a${i}`),
    )
    const told = town.clock.notes.filter(({ sentence }) => sentence.startsWith('What boards show'))
    expect(told.map(({ level }) => level)).toEqual(['warn', 'info'])
    expect(town.clock.notes.filter(({ sentence }) => /not up to date/.test(sentence))).toEqual([])
  })

  test('another round begins soon after a failure, not only in its own time', async () => {
    const shelf = boardShelf()
    shelf.isAway = true
    const town = await openTown(shelf)
    await eventually(() => (town.clock.notes.length > 0 ? true : undefined))
    shelf.isAway = false
    await town.after(10 * second, 'quarantine', 10)
  })

  test('the API answers meanwhile', async () => {
    const shelf = boardShelf()
    shelf.write = () => new Promise(() => undefined)
    const town = await openTown(shelf)
    await build(town)
    town.clock.advance(hour)
    const { status } = await town.call('GET', '/latest')
    expect(status).toBe(200)
    // A stop waits a second for what hangs.
    setTimeout(() => town.clock.advance(second), 50)
  })
})

describe('after a restart', () => {
  /** The same alert log and another feed. */
  async function follow(town: Town, shelf: BoardShelf, count: number): Promise<ShelfPoint[]> {
    const other = await openCityApi({
      parts: { ports: fakePorts(noon + hour), alerts: town.parts.alerts },
      boards: shelf,
    })
    const events = () => shelf.points('alert_event')
    await eventually(() => (events().length >= count ? true : undefined))
    await other.app.close()
    return events()
  }

  test('it goes on where the points end, and a database that lost them gets all', async () => {
    const town = await openTown()
    for (let i = 0; i < 5; i++) await town.happens({ alert: `a${i}`, at: noon + i })
    await town.after(0, 'alert_event', 5)
    await happen(town.parts.alerts, { alert: 'later', at: noon + minute })
    const before = town.points('alert_event').map((point) => structuredClone(point))
    const after = await follow(town, town.shelf, 6)
    expect(after.slice(0, 5)).toEqual(before)
    expect(after.map(({ fields }) => fields.alert)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4', 'later'])
    expect(await follow(town, boardShelf(), 6)).toHaveLength(6)
  })

  test('a log that has another past than the points is written as a whole', async () => {
    const town = await openTown()
    for (let i = 0; i < 3; i++) await town.happens({ alert: `a${i}`, at: noon + i })
    await town.after(0, 'alert_event', 3)
    const restored = await openTown()
    for (let i = 0; i < 4; i++) await restored.happens({ alert: `b${i}`, at: noon + i })
    await restored.after(0, 'alert_event', 4)
    const found = await follow(restored, town.shelf, 7)
    expect(found).toHaveLength(7)
  })
})

test('points go in slices, however many sites there are', async () => {
  const town = await openTown()
  const sites = Array.from({ length: 900 }, (_, i) => siteSchema.parse({ id: `s-${i}` }))
  await town.parts.registry.upsertAll(sites, [])
  await town.after(minute, 'site_state', 900)
  expect(town.shelf.writes.filter((count) => count === 250)).toHaveLength(3)
  expect(Math.max(...town.shelf.writes)).toBe(250)
})

test('after the stop nothing is written, and the place is closed', async () => {
  const town = await openTown()
  await town.after(0, 'bellwether', 1)
  await town.app.close()
  expect(town.shelf.isClosed).toBe(true)
  const writes = town.shelf.writes.length
  town.clock.advance(hour)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(town.shelf.writes).toHaveLength(writes)
})
