/** The signals of rules through the API: what is taken, what is refused and why, and how they are described. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type CityApi, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

const rule = { property: 'water_level', levels: { yellow: 9 } }
const post = (change: object) => city.call('POST', '/rules', { body: { ...rule, ...change } })

test.each([
  { type: 'value' },
  { type: 'mean', window: '24h' },
  { type: 'max', window: '31d' },
  { type: 'min', window: '1s' },
  { type: 'sum', window: '12h' },
  { type: 'range', window: '90m' },
  { type: 'rate', window: '1h', per: '10m' },
  { type: 'index', index: 'cn-aqi-hourly', edition: 'HJ 633-2026' },
  { type: 'silence', window: '15m' },
])('%j is taken as given', async (signal) => {
  const made = await post({ signal })
  expect(made).toMatchObject({ status: 201, body: { signal, property: 'water_level' } })
})

test('a rate is per hour unless said otherwise', async () => {
  const made = await post({ signal: { type: 'rate', window: '30m' } })
  expect(made.body.signal).toEqual({ type: 'rate', window: '30m', per: '1h' })
})

test('only a rule on an index may do without a property, and is shown without one', async () => {
  const signal = { type: 'index', index: 'rain-grade' }
  const made = await post({ property: undefined, signal, levels: { yellow: 5 } })
  expect(made.status).toBe(201)
  expect(made.body).not.toHaveProperty('property')
  const found = await city.call('GET', '/rules?property=rain-grade')
  expect(found.body.items.map(({ id }: { id: string }) => id)).toEqual([made.body.id])
  const bad = await post({ property: undefined, signal: { type: 'mean', window: '1h' } })
  expect(bad).toMatchObject({ status: 400, body: { field: 'property' } })
})

describe('forms that are refused', () => {
  test.each([
    [{ type: 'mean' }, 'signal.window', /window/],
    [{ type: 'mean', window: '0s' }, 'signal.window', /longer than 0s/],
    [{ type: 'sum', window: '32d' }, 'signal.window', /at most 31d/],
    [{ type: 'sum', window: '12 hours' }, 'signal.window', /whole number/],
    [{ type: 'rate', window: '1h', per: '0m' }, 'signal.per', /longer than 0s/],
    [{ type: 'mean', window: '1h', per: '1h' }, 'signal.per', /per/],
    [{ type: 'index', index: 'mood' }, 'signal.index', /cn-aqi-hourly/],
    [{ type: 'silence' }, 'signal.window', /window/],
    [{ type: 'median', window: '1h' }, 'signal.type', /type/],
  ])('%j', async (signal, field, why) => {
    const answer = await post({ signal })
    expect(answer).toMatchObject({ status: 400, body: { field } })
    expect(answer.body.detail).toMatch(why)
  })
})

describe('what makes no sense is refused', () => {
  test.each([
    [
      { signal: { type: 'silence', window: '1h' }, direction: 'below', levels: { red: 1 } },
      'direction',
    ],
    [{ signal: { type: 'mean', window: '1h' }, property: 'wind_direction' }, 'signal'],
    [{ signal: { type: 'min', window: '1h' }, property: 'wind_direction' }, 'signal'],
    [{ signal: { type: 'max', window: '1h' }, property: 'wind_direction' }, 'signal'],
    [{ signal: { type: 'index', index: 'us-aqi' }, where: { device: ['a'] } }, 'where.device'],
    [{ signal: { type: 'index', index: 'us-aqi', edition: 'HJ 633-2026' } }, 'signal.edition'],
    [{ signal: { type: 'index', index: 'us-aqi' }, property: 'mood' }, 'property'],
    [{ signal: { type: 'sum', window: '1h' }, property: 'noise' }, 'signal'],
    [{ signal: { type: 'increase', window: '1h' }, property: 'pm25' }, 'signal'],
  ])('%j', async (change, field) => {
    const answer = await post(change)
    expect(answer).toMatchObject({ status: 422, body: { field } })
    expect(answer.body.detail).toContain(field)
  })
})

test('the description shows each signal with its own fields', async () => {
  const { body } = await city.call('GET', '/openapi.json', { as: null })
  const { signal, property } = body.components.schemas.RuleWithWatching.properties
  const types = signal.oneOf.flatMap(({ properties: { type } }: never) => {
    const { const: one, enum: several } = type as { const?: string; enum?: string[] }
    return several ?? [one]
  })
  expect(types).toEqual([
    'value',
    'mean',
    'max',
    'min',
    'sum',
    'range',
    'increase',
    'rate',
    'index',
    'silence',
  ])
  expect(signal.description).toContain('Unless given: `{"type":"value"}`')
  expect(property).toBeDefined()
  expect(body.components.schemas.RuleWithWatching.required).not.toContain('property')
  const { device } = body.components.schemas.Alert.properties
  expect(JSON.stringify(device)).toContain('null')
})
