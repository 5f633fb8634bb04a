/** Alerts of a site as a whole, with an index small enough to follow: the highest of the newest values. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import type { SiteIndices } from '../../alerts/indices/index-signal.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { openReceiver, type Receiver, taken, until } from '../fixtures/receiver.ts'

/** Values below zero are taken in and make nothing known, as an hour that is not over. */
function highest(): SiteIndices {
  const newest = new Map<string, number>()
  return {
    feeding: () => ['water_level', 'water_depth'],
    prepare: async () => undefined,
    take: ({ device, property, value }) => {
      if (value !== null) newest.set(`${device} ${property}`, value)
    },
    observe: (_signal, _site, { observedAt, value }) =>
      value !== null && value < 0 ? [] : [{ observedAt, value: Math.max(...newest.values()) }],
  }
}

let city: AlertCity
let receiver: Receiver

beforeEach(async () => {
  receiver = await openReceiver()
  city = await openAlertCity({ indices: highest })
  await city.site({ id: 's-1', name: { en: 'Old town' }, kind: 'street', district: '320106' })
  await city.site({ id: 's-2', kind: 'street' })
  await city.device({ id: 'a', site: 's-1' })
  await city.device({ id: 'b', site: 's-1' })
  await city.device({ id: 'elsewhere', site: 's-2' })
  await city.device({ id: 'nowhere' })
  await city.rule({
    id: 'flood',
    name: { en: 'Flood signal' },
    where: { kind: ['street'], site: ['s-1'] },
    signal: { type: 'index', index: 'flood-signal' },
    levels: { blue: 1, yellow: 2 },
  })
  await city.webhook({ id: 'duty', url: receiver.url() })
  await city.webhook({ id: 'a-only', url: receiver.url('/a'), where: { device: ['a'] } })
})
afterEach(async () => {
  await city.close()
  await receiver.close()
})

function say(device: string, values: object): void {
  city.ports.advance(1_000)
  city.publish(device, values)
}
const last = () => JSON.parse(receiver.received.at(-1)?.body ?? '').data.alert
const arrived = (count: number) => taken(receiver, count, city.log)

test('one alert of the site follows from all devices that feed the index', async () => {
  say('a', { water_level: 1.5 })
  await arrived(1)
  expect(last()).toMatchObject({
    ...{ rule: 'flood', level: 'blue', device: null, property: 'flood-signal', value: 1.5 },
    ...{ unit: '1', bound: 1, site: { id: 's-1', district: '320106' } },
  })
  expect(last().summary.en).toContain('Flood signal at Old town')
  say('b', { water_depth: 2.5 })
  say('elsewhere', { water_depth: 9 })
  say('nowhere', { water_depth: 9 })
  say('b', { flow: 9 })
  await arrived(2)
  say('b', { water_depth: 0 })
  say('a', { water_level: 0.5 })
  await arrived(4)
  await city.settled()
  expect(await city.told()).toEqual([
    'raised blue',
    'escalated yellow',
    'deescalated blue',
    'resolved blue',
  ])
  const [alert] = await city.log.list({ limit: 2 })
  expect(await city.log.get(alert?.id ?? '')).toMatchObject({ device: null, state: 'resolved' })
  expect(receiver.received.every(({ path }) => path === '/hook')).toBe(true)
})

test('it survives crashes, and only an edit that takes its site away ends it', async () => {
  say('a', { water_level: 1.5 })
  await arrived(1)
  await city.crash()
  await city.registry.remove('device', 'b')
  city.bus.ring('registry')
  say('a', { water_level: 1.6 })
  await city.settled()
  expect(await city.told()).toEqual(['raised blue'])
  await city.registry.remove('rule', 'flood')
  city.bus.ring('registry')
  await until(() => receiver.received.length > 1 && last().state === 'resolved')
  expect(last()).toMatchObject({ device: null, property: 'flood-signal' })
  await until(async () => {
    city.ports.advance(10_000)
    return (await city.log.watches()).length === 0
  })
})

test('it becomes stale when no device of the site feeds it, as slow as the slowest of them', async () => {
  await city.device({ id: 'slow', site: 's-1', expectedInterval: '2h' })
  city.bus.ring('registry')
  say('a', { water_level: 1.5 })
  await arrived(1)
  const quiet = async (ms: number) => {
    city.ports.advance(ms)
    await city.settled()
    await new Promise((resolve) => setTimeout(resolve, 30))
    city.ports.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }
  await quiet(5 * 3_600_000)
  say('b', { water_level: -1 })
  await quiet(5 * 3_600_000)
  expect(await city.told()).toEqual(['raised blue'])
  await quiet(3_601_000)
  await until(async () => (await city.told()).length === 2)
  say('b', { water_depth: 1 })
  await until(async () => (await city.told()).length === 3)
  expect(await city.told()).toEqual(['raised blue', 'stale blue', 'resumed blue'])
})
