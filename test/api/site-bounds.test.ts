/** Attributes of sites: merged key by key, and not taken away from under an open alert by the way. */

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ruleSchema } from '../../domain/rule.ts'
import { happen } from './alert-record.ts'
import { type CityApi, noon, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

const attributes = { warningLevel: 8.4, guaranteeLevel: 9.1, datum: '1985' }
async function site(id: string): Promise<string> {
  const made = await city.call('POST', '/sites', { body: { id, kind: 'river-gauge', attributes } })
  expect(made.status).toBe(201)
  return `/sites/${id}`
}

test('a change of attributes is merged key by key, and null takes one away', async () => {
  const path = await site('m-1')
  const patch = async (change: object) =>
    (await city.call('PATCH', path, { body: { attributes: change } })).body.attributes
  expect(await patch({})).toEqual(attributes)
  expect(await patch({ warningLevel: 8.6, river: '秦淮河' })).toEqual({
    ...{ ...attributes, warningLevel: 8.6, river: '秦淮河' },
  })
  expect(await patch({ river: null, unknown: null })).toEqual({ ...attributes, warningLevel: 8.6 })
  const bad = await city.call('PATCH', path, { body: { attributes: { warningLevel: true } } })
  expect(bad).toMatchObject({ status: 400, body: { field: 'attributes.warningLevel' } })
  const many = Object.fromEntries(Array.from({ length: 64 }, (_, i) => [`a-${i}`, i]))
  const full = await city.call('PATCH', path, { body: { attributes: many } })
  expect(full).toMatchObject({ status: 400, body: { field: 'attributes' } })
  const put = await city.call('PUT', path, { body: { attributes: { datum: '1956' } } })
  expect(put.body.attributes).toEqual({ datum: '1956' })
})

describe('an attribute that an open alert stands on', () => {
  beforeAll(async () => {
    const levels = { yellow: { attribute: 'warningLevel' }, red: { attribute: 'guaranteeLevel' } }
    const rule = ruleSchema.parse({ id: 'stage', property: 'water_level', levels })
    await city.parts.registry.insert('rule', rule)
  })

  test('is not taken away or left out, unless by force', async () => {
    const path = await site('m-2')
    await happen(city.parts.alerts, { alert: 'stands', site: 'm-2', at: noon })
    const bodies = [
      ['PATCH', { attributes: { warningLevel: null } }],
      ['PUT', { kind: 'river-gauge', attributes: { guaranteeLevel: 9.1 } }],
      ['PUT', {}],
    ] as const
    for (const [method, body] of bodies) {
      const answer = await city.call(method, path, { body })
      expect(answer).toMatchObject({ status: 409, body: { field: 'attributes.warningLevel' } })
      expect(answer.body.detail).toMatch(/stands \(yellow, rule "stage"\).*force=true/)
    }
    const text = { attributes: { warningLevel: '8.4 m' } }
    for (const asked of [path, `${path}?force=true`]) {
      const answer = await city.call('PATCH', asked, { body: text })
      expect(answer).toMatchObject({ status: 400, body: { field: 'attributes.warningLevel' } })
    }
    expect((await city.call('GET', path)).body.attributes).toEqual(attributes)
    const change = { attributes: { guaranteeLevel: null, warningLevel: 8.9 } }
    expect((await city.call('PATCH', path, { body: change })).status).toBe(200)
    const taken = { attributes: { warningLevel: null } }
    const forced = await city.call('PATCH', `${path}?force=true`, { body: taken })
    expect(forced).toMatchObject({ status: 200, body: { attributes: { datum: '1985' } } })
    expect((await city.call('PATCH', `${path}?force=maybe`, { body: taken })).status).toBe(400)
  })

  test('may go when the alert is over or stands on a number of the rule', async () => {
    const path = await site('m-3')
    const of = { alert: 'over', site: 'm-3' }
    await happen(city.parts.alerts, { ...of, at: noon })
    await happen(city.parts.alerts, { ...of, type: 'alert.resolved', at: noon + 60_000 })
    await happen(city.parts.alerts, { alert: 'other', site: 'm-3', rule: 'numbers', at: noon })
    const body = { attributes: { warningLevel: null } }
    expect((await city.call('PATCH', path, { body })).status).toBe(200)
  })
})
