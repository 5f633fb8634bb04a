/** Hours of a series from its stream: late readings, ones sent again, ones found bad, and the bounds of memory. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSeriesHours } from '../../alerts/indices/series-hours.ts'

const minute = 60_000
const hour = 60 * minute
const start = Date.parse('2026-03-02T00:00:00Z')
const at = (hours: number, minutes = 0) => start + hours * hour + minutes * minute

function filled(readings: readonly (readonly [at: number, value: number | null])[]) {
  const hours = createSeriesHours(start)
  for (const [time, value] of readings) hours.put(time, value)
  return hours
}

describe('hours of a series', () => {
  test('are counts and means of clock hours', () => {
    const hours = filled([
      [at(0), 1],
      [at(0, 59), 3],
      [at(1), 10],
      [at(3, 30), 7],
    ])
    expect(hours.windows()).toEqual([
      { from: at(0), count: 2, value: 2 },
      { from: at(1), count: 1, value: 10 },
      { from: at(3), count: 1, value: 7 },
    ])
    expect(hours.newest).toBe(at(3, 30))
  })

  test('a reading sent again counts once, the last value wins, one found bad is taken out', () => {
    const hours = filled([
      [at(0), 1],
      [at(0), 5],
      [at(0, 10), 100],
      [at(0, 10), null],
      [at(0, 20), null],
    ])
    expect(hours.windows()).toEqual([{ from: at(0), count: 1, value: 5 }])
  })

  test('equals what all readings give in whatever order they come', () => {
    const reading = fc.record({
      time: fc.integer({ min: 0, max: 4 * 60 - 1 }),
      value: fc.option(fc.integer({ min: 0, max: 500 })),
    })
    fc.assert(
      fc.property(fc.array(reading, { maxLength: 200 }), (readings) => {
        const hours = filled(readings.map(({ time, value }) => [at(0, time), value]))
        const last = new Map(readings.map(({ time, value }) => [time, value]))
        const sums = new Map<number, number[]>()
        for (const [time, value] of last) {
          const from = at(Math.floor(time / 60))
          if (value !== null) sums.set(from, [...(sums.get(from) ?? []), value])
        }
        const expected = [...sums]
          .sort(([a], [b]) => a - b)
          .map(([from, values]) => [from, values.length, values.reduce((a, b) => a + b, 0)])
        const found = hours.windows().map((w) => [w.from, w.count, Math.round(w.value * w.count)])
        expect(found).toEqual(expected)
      }),
    )
  })

  test('an hour that was folded is opened again by the readings of the store', () => {
    const hours = filled([0, 1, 2, 3, 4, 5].map((h) => [at(h), h]))
    expect(hours.isFolded(at(0, 30))).toBe(true)
    expect(hours.isFolded(at(5, 30))).toBe(false)
    hours.open(at(0), new Map([[at(0), 0]]))
    hours.put(at(0), 8)
    hours.put(at(0, 30), 10)
    expect(hours.windows()[0]).toEqual({ from: at(0), count: 2, value: 9 })
  })

  test('readings that the store does not have yet are not lost by it', () => {
    const hours = filled([0, 0.25, 1, 2, 3, 4].map((h) => [at(h), h]))
    hours.open(at(0), new Map([[at(0), 0]]))
    hours.put(at(0, 30), 1)
    expect(hours.windows()[0]).toMatchObject({ from: at(0), count: 3 })
  })

  test('hours of the store fill what was not heard, and no hour that was', () => {
    const hours = filled([[at(1), 4]])
    hours.fill({ from: at(0), count: 12, value: 7 })
    hours.fill({ from: at(1), count: 12, value: 7 })
    expect(hours.windows()).toEqual([
      { from: at(0), count: 12, value: 7 },
      { from: at(1), count: 1, value: 4 },
    ])
  })

  test('keep 50 hours, however many readings there are in one', () => {
    const hours = createSeriesHours(start)
    for (let h = 0; h <= 60; h += 1) hours.put(at(h, 30), h)
    expect(hours.windows()[0]?.from).toBe(at(11))
    hours.put(at(2), 1)
    expect(hours.windows()[0]?.from).toBe(at(11))
    for (let i = 0; i < 5_000; i += 1) hours.put(at(61) + i, i)
    expect(hours.windows().at(-1)).toEqual({ from: at(61), count: 5_000, value: 2_499.5 })
  })
})
