/**
 * Windows from roll-ups of hours against those of the readings, for any history: late readings, revisions, housekeeping
 * cut short, cut intervals, civil days of a change of clocks.
 */

import fc from 'fast-check'
import { afterAll, beforeAll, describe, test } from 'vitest'
import type { Quality, Reading, SeriesKey } from '../../../domain/reading.ts'
import type { AggregateQuery } from '../../../stores/readings/readings.ts'
import { always, civilDay, reading, tidyAll } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'
import { expectWindowsOfReadings } from './windows-of-readings.ts'

const minute = 60_000
const hour = 3_600_000
const day = 24 * hour
/** The day on which clocks go back in Berlin: 25 hours from 2026-10-24T22:00Z on. */
const midnight = Date.UTC(2026, 9, 24, 22)
const later = midnight + 60 * day

const series: SeriesKey[] = ['a', 'b', '闸门'].flatMap((device) =>
  ['pm25', 'pm10', 'wind_direction'].map((property) => ({ device, property })),
)

/** Some hours are full and many have a reading or none. */
const anyMoment = fc.oneof(
  fc.integer({ min: -6 * 60, max: 6 * 60 }),
  fc.integer({ min: -15 * 24 * 60, max: 20 * 24 * 60 }),
)

const anyReading: fc.Arbitrary<Reading> = fc
  .record({
    key: fc.constantFrom(...series),
    at: anyMoment,
    value: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: -500, max: 5_000 }).map((n) => n / 10) },
      { weight: 1, arbitrary: fc.constant(null) },
    ),
    quality: fc.constantFrom<Quality>(1, 1, 2, 3, 4),
  })
  .map(({ key, at, value, quality }) =>
    reading(midnight + at * minute, { ...key, value, quality: value === null ? 9 : quality }),
  )

const anyQuery: fc.Arbitrary<AggregateQuery> = fc
  .record({
    from: anyMoment,
    minutes: fc.oneof(
      fc.integer({ min: 1, max: 5_000 }),
      fc.integer({ min: 20_000, max: 60_000 }),
      fc.constant(undefined),
    ),
    isWhole: fc.boolean(),
    windows: fc.constantFrom<Omit<AggregateQuery, keyof typeof always | 'series' | 'fn'>>(
      { everyMs: hour },
      { everyMs: 3 * hour, originMs: midnight },
      { everyMs: 3 * hour, originMs: midnight + 20 * minute },
      { everyMs: 30 * minute },
      civilDay('Europe/Berlin', 0),
      civilDay('Asia/Shanghai', 8),
      civilDay('Asia/Kolkata', 0),
    ),
    fn: fc.constantFrom('mean', 'min', 'max', 'sum', 'count', 'last'),
    quality: fc.constantFrom<readonly Quality[] | undefined>(undefined, [2, 1], [1], [1, 2, 3]),
    wanted: fc.subarray(series, { minLength: 1 }),
  })
  .map(({ from, minutes, isWhole, windows, fn, quality, wanted }) => {
    const begin = midnight + (isWhole ? Math.floor(from / 60) * 60 : from) * minute
    const interval = minutes === undefined ? always : { from: begin, to: begin + minutes * minute }
    return {
      ...{ ...interval, ...windows, fn, series: wanted },
      vector: (property: string) => property === 'wind_direction',
      ...(quality === undefined ? {} : { quality }),
    }
  })

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    test('any windows are those of the readings, before and after any housekeeping', async () => {
      const anyStep = (sizes: { minLength: number; maxLength: number }) =>
        fc.record({
          batch: fc.array(anyReading, sizes),
          revised: fc.array(fc.nat(), { maxLength: 3 }),
          quality: fc.constantFrom<Quality>(1, 4),
          tidies: fc.integer({ min: 0, max: 12 }),
          queries: fc.array(anyQuery, { minLength: 5, maxLength: 5 }),
        })
      const history = fc.tuple(
        anyStep({ minLength: 50, maxLength: 150 }),
        fc.array(anyStep({ minLength: 0, maxLength: 5 }), { minLength: 1, maxLength: 4 }),
      )
      await fc.assert(
        fc.asyncProperty(history, async ([first, others]) => {
          const store = openInfluxStore(server, { limits: { logEntries: 30, logSlack: 0 } })
          const written = new Map<string, Reading>()
          let now = later
          for (const { batch, revised, quality, tidies, queries } of [first, ...others]) {
            await store.writer.write(batch)
            for (const one of batch) {
              written.set(`${one.device} ${one.property} ${one.observedAt}`, one)
            }
            const known = [...written.values()]
            const judged = revised.flatMap((which) => known[which % known.length] ?? [])
            await store.writer.revise(
              judged.map((one) => (one.value === null ? one : { ...one, quality, tests: 1 })),
            )
            now += 2 * minute
            for (let i = 0; i < tidies; i++) await store.writer.tidy(now)
            for (const query of queries) await expectWindowsOfReadings(store.reader, query)
            await tidyAll(store.writer, now)
            for (const query of queries) await expectWindowsOfReadings(store.reader, query)
          }
          await store.dispose()
        }),
        { numRuns: 25 },
      )
    }, 180_000)
  })
}
