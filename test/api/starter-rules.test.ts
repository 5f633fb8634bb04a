/** The rules to start from through the real API: taken as they stand, and edited as the page says. */

import { afterAll, beforeAll, expect, test } from 'vitest'
import { starterGroups } from '../../domain/starter-rules.ts'
import { type CityApi, openCityApi } from './city-api.ts'

let city: CityApi
beforeAll(async () => {
  city = await openCityApi()
})
afterAll(() => city.close())

const rules = starterGroups.flatMap((group) => group.rules.map(({ rule }) => rule))

test.each(rules.map((rule) => [rule.id, rule] as const))(
  '%s is taken as it stands',
  async (id, rule) => {
    const made = await city.call('POST', '/rules', { body: rule })
    const { watching, warnings, ...taken } = made.body
    expect(taken).toEqual(JSON.parse(JSON.stringify(rule)))
    expect(watching).toEqual({ series: 0, withoutBound: 0 })
    expect(warnings).toHaveLength(1)
    expect(made.status).toBe(201)
    const changed = await city.call('PATCH', `/rules/${id}`, { body: { enabled: false } })
    expect(changed.body).toEqual({ ...made.body, enabled: false })
  },
)
