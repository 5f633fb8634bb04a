/** What is told to whoever makes a rule: what it watches, where it has no bound, and bounds that make no sense. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi, reading } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
  const sites = [
    { id: 'w-1', kind: 'river-gauge', district: '320104', attributes: { alarmStage: 4 } },
    {
      id: 'w-2',
      kind: 'river-gauge',
      district: '320104',
      attributes: { alarmStage: 'see plan' },
    },
    { id: 'w-3', kind: 'river-gauge', district: '320105' },
    { id: 'air-1', kind: 'air-station', district: '320105' },
    { id: 'lake', kind: 'reservoir' },
  ]
  for (const body of sites) expect((await city.call('POST', '/sites', { body })).status).toBe(201)
  const devices = [
    { id: 'w-1-a', site: 'w-1' },
    { id: 'w-1-b', site: 'w-1' },
    { id: 'w-1-off', site: 'w-1', enabled: false },
    { id: 'w-2-a', site: 'w-2' },
    { id: 'w-3-a', site: 'w-3' },
    { id: 'air-1-a', site: 'air-1' },
    { id: 'lake-a', site: 'lake' },
  ]
  for (const body of devices) {
    expect((await city.call('POST', '/devices', { body })).status).toBe(201)
  }
  // What has spoken, but never of the level, has no series of it.
  await city.store([
    reading({ device: 'w-1-a', property: 'water_level', value: 3 }),
    reading({ device: 'w-1-b', property: 'flow', value: 3 }),
    reading({ device: 'air-1-a', property: 'pm25', value: 3 }),
  ])
  await city.call('GET', '/latest')
})
afterAll(() => city.close())

const levels = { yellow: { attribute: 'alarmStage' } }
const make = async (rule: object) => {
  const made = await city.call('POST', '/rules', { body: { property: 'water_level', ...rule } })
  expect(made.status).toBe(201)
  return made.body
}

describe('watching', () => {
  test('counts the series that a rule covers, and those without a bound', async () => {
    const made = await make({ id: 'all', where: { kind: ['river-gauge'] }, levels })
    expect(made.watching).toEqual({ series: 3, withoutBound: 2 })
    expect(made.warnings).toEqual([
      expect.stringMatching(/levels\.yellow.*"alarmStage".*2 of 3 sites \("w-2", "w-3"\)/),
    ])
    const list = (await city.call('GET', '/rules', { as: 'viewer' })).body.items
    expect(list.find(({ id }: { id: string }) => id === 'all')).toEqual(made)
    const plain = await make({ where: { district: ['320104'] }, levels: { red: 7 } })
    expect(plain).toMatchObject({ watching: { series: 2, withoutBound: 0 }, warnings: [] })
  })

  test('of a misspelt attribute or site is nothing, and the answer says so', async () => {
    const attribute = await make({
      where: { site: ['w-1'] },
      levels: { red: { attribute: 'warnLevel' } },
    })
    expect(attribute.watching).toEqual({ series: 1, withoutBound: 1 })
    expect(attribute.warnings.join()).toContain('"warnLevel"')
    const site = await make({ where: { site: ['w-11'] }, levels: { red: 7 } })
    expect(site.watching).toEqual({ series: 0, withoutBound: 0 })
    expect(site.warnings).toEqual([
      'where.site: "w-11" is not registered; make it first (POST /api/v1/sites).',
      expect.stringContaining('It watches nothing'),
    ])
    const device = await make({ where: { device: ['w-1-a', 'x', 'y'] }, levels: { red: 7 } })
    expect(device.watching.series).toBe(1)
    expect(device.warnings).toEqual([
      'where.device: "x", "y" are not registered; make them first (POST /api/v1/devices).',
    ])
    const district = await make({ where: { district: ['32'] }, levels: { red: 7 } })
    expect(district.warnings[0]).toBe('where.district: no site lies in "32".')
  })

  test('of an index counts sites', async () => {
    const made = await make({
      ...{ property: undefined, where: { district: ['320105'] }, levels: { red: 3 } },
      signal: { type: 'index', index: 'flood-signal' },
    })
    expect(made.watching).toEqual({ series: 2, withoutBound: 0 })
  })

  test('follows what is registered, and what was answered may be sent back', async () => {
    const made = await make({ where: { site: ['lake'] }, levels })
    expect(made.watching).toEqual({ series: 1, withoutBound: 1 })
    const attributes = { alarmStage: 5 }
    await city.call('PATCH', '/sites/lake', { body: { attributes } })
    const path = `/rules/${made.id}`
    expect((await city.call('GET', path)).body).toMatchObject({
      watching: { series: 1, withoutBound: 0 },
      warnings: [],
    })
    const again = await city.call('PUT', path, { body: { ...made, raiseAfter: '1m' } })
    expect(again.body).toMatchObject({ watching: { withoutBound: 0 }, raiseAfter: '1m' })
  })

  test('warns of an attribute from which an alert would never come back', async () => {
    await city.call('PATCH', '/sites/lake', { body: { attributes: { curb: 0.2 } } })
    const made = await make({
      ...{ property: 'water_depth', where: { site: ['lake'] }, clearMargin: 0.45 },
      levels: { yellow: { attribute: 'curb' } },
    })
    expect(made.warnings).toEqual([
      expect.stringMatching(/"lake".*0\.2 m, less 0\.45 m.*never end.*from -0\.2 to/),
    ])
  })
})

describe('bounds', () => {
  const refused = async (rule: object) => {
    const answer = await city.call('POST', '/rules', { body: rule })
    expect(answer.status).toBe(422)
    return answer.body as { field: string; detail: string }
  }

  test('from which an alert would never come back are refused with what there is', async () => {
    const depth = { property: 'water_depth', levels: { blue: 0.1, red: 0.5 }, clearMargin: 0.35 }
    const answer = await refused(depth)
    expect(answer.field).toBe('clearMargin')
    expect(answer.detail).toMatch(
      /0\.1 m, less 0\.35 m.*water_depth is plausible from -0\.2 to .* at most 0\.3 m/,
    )
    const made = await make({ ...depth, clearMargin: 0.3 })
    const path = `/rules/${made.id}`
    const wider = await city.call('PATCH', path, { body: { clearMargin: 0.31 } })
    expect(wider).toMatchObject({ status: 422, body: { field: 'clearMargin' } })
  })

  test.each([
    [{ property: 'humidity', levels: { yellow: 90, red: 120 } }, 'levels.red', /never reached/],
    [{ property: 'humidity', levels: { red: -5 }, direction: 'below' }, 'levels.red', /0 to 110/],
    [{ property: 'humidity', levels: { red: 0 } }, 'levels.red', /always reached/],
    [
      { property: 'humidity', levels: { red: 95 }, direction: 'below', clearMargin: 20 },
      'clearMargin',
      /95 %, plus 20 %.*at most 15 %/,
    ],
    [
      { property: 'humidity', levels: { red: 130 }, signal: { type: 'mean', window: '1h' } },
      'levels.red',
      /the mean of humidity/,
    ],
    [
      { property: 'humidity', levels: { red: 130 }, signal: { type: 'range', window: '1h' } },
      'levels.red',
      /never reached/,
    ],
    [
      { levels: { red: 7 }, signal: { type: 'index', index: 'gb3838-class' } },
      'levels.red',
      /gb3838-class is plausible from 1 to 6/,
    ],
  ])('%j', async (rule, field, why) => {
    const answer = await refused(rule)
    expect(answer.field).toBe(field)
    expect(answer.detail).toMatch(why)
  })

  test.each([
    { property: 'humidity', levels: { red: 900 }, signal: { type: 'rate', window: '1h' } },
    { property: 'rainfall', levels: { red: 5_000 }, signal: { type: 'sum', window: '31d' } },
    { property: 'humidity', levels: { red: 0 }, signal: { type: 'silence', window: '1h' } },
    { property: 'humidity', levels: { red: 100 }, clearMargin: 100 },
    { property: 'temperature', levels: { red: -5 }, direction: 'below', clearMargin: 2 },
    { levels: { red: 6_000 }, signal: { type: 'index', index: 'us-aqi' } },
  ])('%j is taken', async (rule) => {
    expect((await city.call('POST', '/rules', { body: rule })).status).toBe(201)
  })

  test('of a rule of an earlier version do not keep it from being switched off', async () => {
    const made = await make({ levels: { red: 7 } })
    const rule = city.parts.view.get('rule', made.id)
    if (rule === undefined) throw new Error('It was made.')
    await city.parts.registry.replace('rule', { ...rule, clearMargin: 1e6 })
    const path = `/rules/${made.id}`
    expect((await city.call('PATCH', path, { body: { enabled: false } })).status).toBe(200)
  })
})
