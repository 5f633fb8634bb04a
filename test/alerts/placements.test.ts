/** A device that moves is judged at each site by what it has said there. */

import { afterEach, expect, test } from 'vitest'
import { deviceSchema } from '../../domain/device.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'

const minute = 60_000
let city: AlertCity
afterEach(() => city.close())

/** Two river gauges with a level of warning each, and one device at the upper one. */
async function open(rule: object): Promise<void> {
  city = await openAlertCity({
    store: 'plain',
    settings: { BELLWETHER_STALE_AFTER_SECONDS: '31536000' },
  })
  for (const [id, warningLevel] of [
    ['upper', 27],
    ['lower', 4],
  ] as const) {
    await city.site({ id, kind: 'river-gauge', attributes: { warningLevel } })
  }
  await city.device({ id: 'float', site: 'upper' })
  await city.rule({ id: 'stage', property: 'water_level', ...rule })
  city.bus.ring('registry')
}

async function move(site: string): Promise<void> {
  city.ports.advance(minute)
  await city.registry.replace('device', deviceSchema.parse({ id: 'float', site }))
  city.bus.ring('registry')
  city.ports.advance(minute)
}

async function say(value: number, agoMs = 0): Promise<void> {
  const ts = city.ports.clock.now() - agoMs
  city.publish('float', { ts, values: { water_level: value } })
  await city.settled()
  await city.ingest()
}

const told = async () =>
  (await city.changes()).map(
    ({ type, level, view }) => `${type.slice(6)} ${level} ${view.site?.id}`,
  )

const stage = { levels: { yellow: { attribute: 'warningLevel' } } }

test('what comes late from before the move is not judged by the bounds of the new site', async () => {
  await open(stage)
  await say(19.5)
  await move('lower')
  await say(19.6, 3 * minute)
  expect(await told()).toEqual([])
  await say(2.5)
  city.ports.advance(minute)
  await say(4.4)
  expect(await told()).toEqual(['raised yellow lower'])
})

test.each([false, true])(
  'a window holds nothing of the other site (restart: %s)',
  async (again) => {
    await open({ ...stage, signal: { type: 'max', window: '1h' } })
    await say(19.5)
    await say(19.7)
    await move('lower')
    if (again) await city.restart()
    for (const value of [2.1, 2.2]) {
      city.ports.advance(minute)
      await say(value)
    }
    expect(await told()).toEqual([])
    city.ports.advance(minute)
    await say(4.2)
    expect(await told()).toEqual(['raised yellow lower'])
  },
)

test('what had begun at one site does not go on at the other', async () => {
  await open({ ...stage, levels: { yellow: 3 }, raiseAfter: '10m' })
  await say(3.5)
  city.ports.advance(7 * minute)
  await say(3.6)
  await move('lower')
  await say(3.7)
  city.ports.advance(5 * minute)
  await say(3.8)
  expect(await told()).toEqual([])
  city.ports.advance(6 * minute)
  await say(3.9)
  expect(await told()).toEqual(['raised yellow lower'])
})
