/** What windows make of each kind of quantity, before and after housekeeping, reading by reading and from roll-ups. */

import { describe, expect, test } from 'vitest'
import type { AggregateFn, Reading } from '../../domain/reading.ts'
import type { AggregateQuery } from '../../stores/readings/readings.ts'
import { allOf, always, day, minute, type OpenStore, reading, start, tidyAll } from './readings.ts'

const hour = 3_600_000
const device = 'd-1'

/** Minutes from the start on, and values. */
type Told = readonly (readonly [minutes: number, value: number, quality?: Reading['quality']])[]

async function told(store: OpenStore, property: string, values: Told): Promise<void> {
  await store.writer.write(
    values.map(([minutes, value, quality = 1]) =>
      reading(start + minutes * minute, { device, property, value, quality }),
    ),
  )
}

interface Asked extends Partial<AggregateQuery> {
  property: string
  fn: AggregateFn
}

/** [minutes from the start on at which the window begins, value, count] */
async function asked(store: OpenStore, { property, ...query }: Asked) {
  const series = [{ device, property }]
  const windows = await allOf(
    store.reader.aggregate({ ...always, everyMs: hour, ...query, series }),
  )
  return windows.map(({ from, value, count }) => [(from - start) / minute, value, count])
}

export function quantities(fresh: (keepDays?: number) => Promise<OpenStore>): void {
  /** The same must come from the log, from chunks, and from sums that housekeeping has made. */
  async function always3(store: OpenStore, check: () => Promise<void>): Promise<void> {
    await check()
    await tidyAll(store.writer, start + 40 * day)
    await check()
    store.writer = await store.reopenWriter()
    await check()
  }

  describe('windows of quantities', () => {
    test('an amount of an interval belongs to the window that ends with its reading', async () => {
      const store = await fresh()
      const values = [
        [0, 3],
        [10, 0.5],
        [60, 2],
        [70, 4],
        [120, 1.5],
        [1440, 6],
        [1441, 7],
      ] as const
      await told(store, 'rainfall', values)
      await always3(store, async () => {
        expect(await asked(store, { property: 'rainfall', fn: 'sum' })).toEqual([
          [-60, 3, 1],
          [0, 2.5, 2],
          [60, 5.5, 2],
          [1380, 6, 1],
          [1440, 7, 1],
        ])
        // UTC+8: the hydrological day is that of UTC.
        const civil = { zone: 'Asia/Shanghai', hour: 8, unit: 'day' } as const
        const days = { property: 'rainfall', everyMs: day, civil } as const
        expect(await asked(store, { ...days, fn: 'sum' })).toEqual([
          [-1440, 3, 1],
          [0, 14, 5],
          [1440, 7, 1],
        ])
        expect(await asked(store, { ...days, fn: 'max' })).toEqual([
          [-1440, 3, 1],
          [0, 6, 5],
          [1440, 7, 1],
        ])
        // The interval asked for is open at its start and closed at its end as well.
        const within = { from: start, to: start + 2 * hour }
        expect(await asked(store, { property: 'rainfall', fn: 'increase', ...within })).toEqual([
          [0, 2.5, 2],
          [60, 5.5, 2],
        ])
      })
      await told(store, 'rainfall', [[60, 9]])
      await always3(store, async () => {
        const first = await asked(store, { property: 'rainfall', fn: 'sum', to: start + 2 * hour })
        expect(first).toEqual([
          [-60, 3, 1],
          [0, 9.5, 2],
          [60, 5.5, 2],
        ])
      })
    })

    test('states keep windows that begin with their first reading', async () => {
      const store = await fresh()
      await told(store, 'temperature', [
        [0, 20],
        [60, 22],
      ])
      expect(await asked(store, { property: 'temperature', fn: 'max' })).toEqual([
        [0, 20, 1],
        [60, 22, 1],
      ])
    })

    test('a counter grows by its increments, through a restart and from one window to the next', async () => {
      const store = await fresh()
      await told(store, 'rain_total', [
        [5, 641.2],
        [30, 641.4],
        [60, 642.2],
        [90, 642.2],
        [95, 0],
        [110, 0.4],
        [300, 1.2],
      ])
      const query = { property: 'rain_total' }
      await always3(store, async () => {
        for (const fn of ['increase', 'sum'] as const) {
          expect(await asked(store, { ...query, fn })).toEqual([
            [0, 1, 3],
            [60, 0.4, 3],
            [240, 0.8, 1],
          ])
        }
        // What it grew by since the reading before, which lies outside of the interval.
        const later = { from: start + 90 * minute, to: start + 6 * hour }
        expect(await asked(store, { ...query, fn: 'increase', ...later, everyMs: day })).toEqual([
          [0, 1.2, 3],
        ])
        expect(await asked(store, { ...query, fn: 'last' })).toEqual([
          [0, 642.2, 3],
          [60, 0.4, 3],
          [240, 1.2, 1],
        ])
      })
      // A late reading divides what was told; one found bad is passed over.
      await told(store, 'rain_total', [
        [120, 0.6],
        [30, 641.4, 4],
      ])
      await always3(store, async () => {
        expect(await asked(store, { ...query, fn: 'increase' })).toEqual([
          [0, 1, 2],
          [60, 0.6, 4],
          [240, 0.6, 1],
        ])
      })
    })

    test('the first reading of a counter alone tells no increase', async () => {
      const store = await fresh()
      await told(store, 'energy', [[30, 512]])
      expect(await asked(store, { property: 'energy', fn: 'increase' })).toEqual([[0, null, 1]])
    })

    test('a register that ran over has as many digits as it shows', async () => {
      const store = await fresh()
      const values = [99_971.5, 99_999.5, 4, 19, 999_995, 3, 2.999].map(
        (value, i) => [10 * i + 1, value] as const,
      )
      await told(store, 'meter_volume', values)
      await always3(store, async () => {
        const query = { property: 'meter_volume', fn: 'increase' as const, everyMs: 10 * minute }
        const steps = [null, 28, 4.5, 15, 999_976, 8, -0.001]
        expect((await asked(store, query)).map(([, value]) => value)).toEqual(steps)
      })
    })

    test('levels are averaged as energy, and their extremes are what was measured', async () => {
      const store = await fresh()
      await told(store, 'noise', [
        [0, 55],
        [20, 75],
        [40, 75],
        [60, 48.3],
        [80, 48.3],
      ])
      await always3(store, async () => {
        const mean = (values: readonly number[]) =>
          10 * Math.log10(values.reduce((sum, one) => sum + 10 ** (one / 10), 0) / values.length)
        const means = await asked(store, { property: 'noise', fn: 'mean' })
        expect(means.map(([from, , count]) => [from, count])).toEqual([
          [0, 3],
          [60, 2],
        ])
        expect(means[0]?.[1]).toBeCloseTo(mean([55, 75, 75]), 9)
        expect(means[1]?.[1]).toBe(48.3)
        const [[, whole] = []] = await asked(store, { property: 'noise', fn: 'mean', everyMs: day })
        expect(whole).toBeCloseTo(mean([55, 75, 75, 48.3, 48.3]), 9)
        expect(await asked(store, { property: 'noise', fn: 'max' })).toEqual([
          [0, 75, 3],
          [60, 48.3, 2],
        ])
      })
    })

    test.each([
      ['rainfall', 'sum', [0.7, 0.1], 0.8],
      ['rainfall', 'sum', Array.from({ length: 30 }, () => 0.1), 3],
      ['pm25', 'mean', Array.from({ length: 6 }, () => 0.2), 0.2],
      ['water_level', 'mean', [9.2, 9.3, 9.4], 9.3],
      ['temperature', 'mean', [-0.1, 0.3, -0.2], 0],
      ['storage', 'mean', [123_456_789_012.5, 123_456_789_012.5], 123_456_789_012.5],
      ['storage', 'sum', [1_234_567_890.1, 1_234_567_890.2], 2_469_135_780.3],
      ['turbidity', 'mean', [1e-5, 2e-5, 3e-5], 2e-5],
    ] as const)(
      '%s: the %s of %j has no binary remainder',
      async (property, fn, values, expected) => {
        const store = await fresh()
        await told(
          store,
          property,
          values.map((value, i) => [i + 1, value] as const),
        )
        await always3(store, async () => {
          expect(await asked(store, { property, fn })).toEqual([[0, expected, values.length]])
          expect(await asked(store, { property, fn, everyMs: day })).toEqual([
            [0, expected, values.length],
          ])
        })
      },
    )

    test.each([
      ['week', 7 * day, [-7680, 2400, 12_480]],
      ['month', 30 * day, [-29_280, 13_920]],
      ['year', 365 * day, [-467_040]],
    ] as const)('periods of the calendar: %s', async (unit, everyMs, begins) => {
      const store = await fresh()
      // The start is a Saturday, 08:00 in Shanghai; then Monday, 2026-11-30, and Tuesday, 2026-12-01.
      const values = [0, 2_880, 2_880 + 9 * 1440, 13_920].map((at) => [at, 1] as const)
      await told(store, 'pm25', values)
      await always3(store, async () => {
        const civil = { zone: 'Asia/Shanghai', hour: 0, unit }
        const windows = await asked(store, { property: 'pm25', fn: 'sum', everyMs, civil })
        expect(windows.map(([from]) => from)).toEqual(begins)
        expect(windows.reduce((sum, [, value]) => sum + Number(value), 0)).toBe(values.length)
      })
    })

    test('hours of clocks that are half an hour off', async () => {
      const store = await fresh()
      await told(store, 'pm25', [
        [0, 1],
        [29, 2],
        [30, 4],
        [89, 6],
        [90, 9],
      ])
      await always3(store, async () => {
        const civil = { zone: 'Asia/Kolkata', hour: 0, unit: hour }
        expect(await asked(store, { property: 'pm25', fn: 'mean', civil })).toEqual([
          [-30, 1.5, 2],
          [30, 5, 2],
          [90, 9, 1],
        ])
      })
    })
  })
}
