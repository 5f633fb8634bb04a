/** Questions about single identities are asked together where that is cheap, and each is asked once. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { planLookups, type Wanted } from '../../../../stores/readings/influx/write/lookup-plan.ts'

const minute = 60_000

function wanted(device: string, observedAt: number, more: Partial<Wanted> = {}): Wanted {
  return { measurement: 'air', device, property: 'pm25', observedAt, ...more }
}

describe('questions', () => {
  test('about a day of a device are one query', () => {
    const day = Array.from({ length: 288 }, (_, i) => wanted('a', i * 5 * minute))
    expect(planLookups(day)).toHaveLength(1)
  })

  test('about one second of a city are few', () => {
    const city = Array.from({ length: 1_000 }, (_, i) => wanted(`d-${i}`, 1_000 + (i % 900)))
    const queries = planLookups(city)
    expect(queries.length).toBeLessThanOrEqual(5)
    for (const { devices } of queries) expect(devices.size).toBeLessThanOrEqual(200)
  })

  test('about moments far apart are not one', () => {
    expect(planLookups([wanted('a', 0), wanted('b', 1_000 * minute)])).toHaveLength(2)
    expect(planLookups([wanted('a', 0), wanted('b', 0, { measurement: 'water' })])).toHaveLength(2)
  })

  test('are all asked, each once, by a query that covers it', () => {
    const anyWanted = fc.record({
      measurement: fc.constantFrom('air', 'water'),
      device: fc.integer({ min: 0, max: 30 }).map((n) => `d-${n}`),
      property: fc.constantFrom('a', 'b'),
      observedAt: fc.integer({ min: 0, max: 100 * minute }),
    })
    fc.assert(
      fc.property(fc.array(anyWanted, { maxLength: 200 }), (items) => {
        const queries = planLookups(items)
        expect(queries.flatMap((query) => query.items)).toHaveLength(items.length)
        for (const query of queries) {
          for (const item of query.items) {
            expect(items).toContain(item)
            expect(item.measurement).toBe(query.measurement)
            expect(query.devices.has(item.device)).toBe(true)
            expect(query.properties.has(item.property)).toBe(true)
            expect(item.observedAt).toBeGreaterThanOrEqual(query.from)
            expect(item.observedAt).toBeLessThanOrEqual(query.to)
          }
        }
      }),
    )
  })
})
