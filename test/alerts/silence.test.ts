/** Rules on silence: the clock raises and escalates, a reading ends, and our own outages are nobody's silence. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { deviceOf } from '../fixtures/registry.ts'
import { until } from '../fixtures/receiver.ts'

const minute = 60_000
const rule = {
  id: 'offline',
  property: 'water_level',
  signal: { type: 'silence', window: '15m' },
  levels: { yellow: 0, red: 3_600 },
}

let city: AlertCity
beforeEach(async () => {
  city = await openAlertCity({ settings: { BELLWETHER_STALE_AFTER_SECONDS: '60' } })
  await city.site({ id: 'g-17', name: { en: 'Xiaguan' } })
  await city.device({ id: 'g-1', site: 'g-17' })
  await city.device({ id: 'g-2', site: 'g-17' })
})
afterEach(() => city.close())

const changes = async () =>
  (await city.changes()).map(
    ({ type, level, value, view }) => `${view.device} ${type.slice(6)} ${level} ${value}`,
  )

async function begin(change: object = {}): Promise<void> {
  await city.rule({ ...rule, ...change })
  city.bus.ring('registry')
  await say('g-1')
}

async function say(device: string, values: object = { water_level: 3 }): Promise<void> {
  city.publish(device, values)
  await city.settled()
}

/** Time goes on minute by minute, and alerts with it. */
async function pass(minutes: number): Promise<void> {
  for (let i = 0; i < minutes; i += 1) {
    city.ports.advance(minute)
    await new Promise((resolve) => setTimeout(resolve, 4))
  }
  await new Promise((resolve) => setTimeout(resolve, 30))
}

const expectChanges = (told: readonly string[]) =>
  until(async () => (await city.told()).length >= told.length)
    .then(changes)
    .then((found) => expect(found).toEqual(told))

test('it is told once the window is exceeded, escalates at its bounds, and ends with a reading', async () => {
  await begin()
  await pass(15)
  expect(await changes()).toEqual([])
  await pass(1)
  await expectChanges(['g-1 raised yellow 960'])
  const [alert] = await city.log.open()
  expect(alert).toMatchObject({ unit: 's', bound: 0, value: 960, state: 'firing' })
  expect(alert?.summary).toEqual({
    en: 'Yellow: no data for 16 min: Water level above datum at Xiaguan',
    zh: expect.stringContaining('已16分钟无数据'),
  })
  await pass(43)
  expect(await changes()).toHaveLength(1)
  await pass(1)
  await expectChanges(['g-1 raised yellow 960', 'g-1 escalated red 3600'])
  await pass(600)
  await say('g-1')
  await expectChanges(['g-1 raised yellow 960', 'g-1 escalated red 3600', 'g-1 resolved red 0'])
  await pass(16)
  expect(await city.told()).toHaveLength(4)
})

test('it is never stale, and no other alert is ended by it', async () => {
  await city.rule({ id: 'high', property: 'water_level', levels: { orange: 3 } })
  await begin()
  await pass(20)
  expect((await city.told()).sort()).toEqual(['raised orange', 'raised yellow', 'stale orange'])
})

test('it is noticed while others talk all the time', async () => {
  await begin()
  for (let i = 0; i < 100; i += 1) {
    city.ports.advance(10_000)
    await say('g-2')
  }
  expect(await city.told()).toEqual(['raised yellow'])
})

test('readings of other properties are no word of this one, bad readings are', async () => {
  await begin()
  await pass(10)
  await say('g-1', { flow: 3 })
  await pass(10)
  expect(await city.told()).toEqual(['raised yellow'])
  await say('g-1', { water_level: null })
  expect(await city.told()).toEqual(['raised yellow', 'resolved yellow'])
  await say('g-1', { water_level: 1e9 })
  await pass(20)
  expect(await city.told()).toHaveLength(3)
})

test('it counts from receipt: what a device sends of yesterday is a word of today', async () => {
  await begin()
  await pass(10)
  await say('g-1', { ts: city.ports.clock.now() - 86_400_000, values: { water_level: 3 } })
  await pass(10)
  expect(await changes()).toEqual([])
})

describe('who is watched', () => {
  test('devices that were heard of, and those that the rule names', async () => {
    await begin()
    await pass(30)
    expect(await changes()).toEqual(['g-1 raised yellow 960'])
    await city.rule({ ...rule, id: 'named', where: { device: ['g-2', 'nobody'] } })
    city.bus.ring('registry')
    await pass(20)
    expect((await changes()).slice(1)).toEqual(['g-2 raised yellow 960'])
  })

  test('a named device that is registered later is waited for from then on', async () => {
    await begin({ where: { device: ['g-9'] } })
    await pass(30)
    expect(await changes()).toEqual([])
    await city.device({ id: 'g-9' })
    city.bus.ring('registry')
    await pass(14)
    expect(await changes()).toEqual([])
    await pass(3)
    expect(await changes()).toHaveLength(1)
  })

  test('a device that is switched off ends it', async () => {
    await begin()
    await pass(20)
    await city.registry.replace('device', deviceOf({ id: 'g-1', site: 'g-17', enabled: false }))
    city.bus.ring('registry')
    await expectChanges(['g-1 raised yellow 960', 'g-1 resolved yellow 1200'])
  })
})

describe('times', () => {
  test('silence must stand for raiseAfter, and data for clearAfter', async () => {
    await begin({ raiseAfter: '10m', clearAfter: '5m' })
    await pass(25)
    expect(await city.told()).toEqual([])
    await pass(2)
    expect(await city.told()).toEqual(['raised yellow'])
    await say('g-1')
    await pass(4)
    await say('g-1')
    expect(await city.told()).toEqual(['raised yellow'])
    // It falls silent again before it was clear: the clearing begins anew.
    await pass(20)
    await say('g-1')
    await pass(4)
    await say('g-1')
    expect(await city.told()).toEqual(['raised yellow'])
    await pass(1)
    await say('g-1')
    expect(await city.told()).toEqual(['raised yellow', 'resolved yellow'])
  })

  test('a bound above the window waits for itself', async () => {
    await begin({ levels: { red: 1_800 } })
    await pass(29)
    expect(await city.told()).toEqual([])
    await pass(1)
    expect(await changes()).toEqual(['g-1 raised red 1800'])
  })
})

describe('outages of our own', () => {
  test('are not the silence of devices', async () => {
    await begin()
    await city.kill()
    city.ports.advance(10 * 3_600_000)
    await city.revive()
    await pass(14)
    expect(await changes()).toEqual([])
    await pass(3)
    expect(await changes()).toEqual(['g-1 raised yellow 960'])
  })

  test('neither end an open alert nor repeat or lower it', async () => {
    await begin()
    await pass(70)
    const told = ['g-1 raised yellow 960', 'g-1 escalated red 3600']
    expect(await changes()).toEqual(told)
    for (let i = 0; i < 3; i += 1) {
      await city.crash()
      await pass(20)
    }
    expect(await changes()).toEqual(told)
    await city.crash()
    await say('g-1')
    expect(await changes()).toEqual([...told, 'g-1 resolved red 0'])
  })

  test('a crash before the change was written makes it late by what we did not hear', async () => {
    await begin()
    await pass(10)
    city.letWrite(false)
    await pass(10)
    await city.crash()
    expect(await changes()).toEqual([])
    await pass(17)
    expect(await changes()).toEqual(['g-1 raised yellow 960'])
  })

  test('what was journaled meanwhile is a word of the device', async () => {
    await begin()
    await pass(20)
    await city.kill()
    city.publish('g-1', { water_level: 3 })
    city.ports.advance(3_600_000)
    await city.revive()
    await city.settled()
    expect(await city.told()).toEqual(['raised yellow', 'resolved yellow'])
  })
})
