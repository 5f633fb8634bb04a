/** Hours and days for boards: summed up when they have ended, and again when something comes late. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { reading, tidyAll } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { influxql, openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const minute = 60_000
const hour = 3_600_000
const day = 24 * hour
/** Midnight in Shanghai. */
const midnight = Date.UTC(2026, 10, 20, 16)

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    function open(more: Partial<InfluxWriterOptions> = {}) {
      const store = openInfluxStore(server, { zoneOf: () => 'Asia/Shanghai', ...more })
      onTestFinished(() => store.dispose())
      const rows = async (measurement: string) => {
        const fields = ['mean', 'min', 'max', 'sum', 'count'].map((each) => `"pm25_${each}"`)
        const statement = `SELECT ${fields.join(', ')} FROM "${measurement}" WHERE "device" = 'air-1'`
        const { results } = await influxql(server, store.bucket, statement)
        return results[0]?.series?.[0]?.values ?? []
      }
      return { ...store, rows }
    }

    test('an hour that has ended, of the readings that count', async () => {
      const { writer, rows } = open()
      const values = [1, 2, 9, 4, null, 100]
      const batch = values.map((value, i) =>
        reading(midnight + i * 10 * minute, {
          value,
          quality: value === null ? 9 : value === 100 ? 4 : i === 1 ? 2 : 1,
        }),
      )
      await writer.write([...batch, reading(midnight + hour, { value: 50 })])
      await tidyAll(writer, midnight + hour + minute)
      expect(await rows('air_1h')).toEqual([])
      await tidyAll(writer, midnight + hour + 5 * minute)
      expect(await rows('air_1h')).toEqual([[midnight, 4, 1, 9, 16, 4]])
    })

    test('again when a reading comes late or is judged anew, also after a restart', async () => {
      const { writer, rows, reopenWriter } = open()
      const first = reading(midnight, { value: 10 })
      const second = reading(midnight + minute, { value: 20 })
      await writer.write([first, second])
      await tidyAll(writer, midnight + 2 * hour)
      await writer.revise([{ ...second, quality: 4, tests: 3 }])
      const again = await reopenWriter()
      await tidyAll(again, midnight + 2 * hour + minute)
      expect(await rows('air_1h')).toEqual([[midnight, 10, 10, 10, 10, 1]])
      await again.write([reading(midnight + 2 * minute, { value: 30 })])
      await tidyAll(again, midnight + 2 * hour + 10 * minute)
      expect(await rows('air_1h')).toEqual([[midnight, 20, 10, 30, 40, 2]])
    })

    test('not while a backlog is drained, which would touch it again and again', async () => {
      const { writer, rows } = open()
      const ahead = { from: 5, to: 6 }
      await writer.write([reading(midnight, { value: 10 })], { seq: 2, quarantined: 0, ahead })
      await tidyAll(writer, midnight + 2 * hour)
      expect(await rows('air_1h')).toEqual([])
      await writer.write([reading(midnight + minute, { value: 20 })], { seq: 6, quarantined: 0 })
      await tidyAll(writer, midnight + 2 * hour + 1)
      expect(await rows('air_1h')).toEqual([[midnight, 15, 10, 20, 30, 2]])
    })

    test('a natural day of the site, when it has ended', async () => {
      const { writer, rows } = open()
      const batch = Array.from({ length: 50 }, (_, i) =>
        reading(midnight - hour + i * hour + minute, { value: i }),
      )
      await writer.write(batch)
      await tidyAll(writer, midnight + day - minute)
      expect(await rows('air_1d')).toHaveLength(1)
      await tidyAll(writer, midnight + 2 * day)
      expect(await rows('air_1h')).toHaveLength(48)
      const sum = (24 * (1 + 24)) / 2
      expect(await rows('air_1d')).toEqual([
        [midnight - day, 0, 0, 0, 0, 1],
        [midnight, sum / 24, 1, 24, sum, 24],
      ])
    })

    test('a day that begins at half past is made of readings', async () => {
      const { writer, rows } = open({ zoneOf: () => 'Asia/Kolkata' })
      const start = Date.UTC(2026, 10, 20, 18, 30)
      await writer.write([
        reading(start - minute, { value: 1 }),
        reading(start, { value: 2 }),
        reading(start + day - 1, { value: 4 }),
      ])
      await tidyAll(writer, start + 3 * day)
      expect(await rows('air_1d')).toEqual([
        [start - day, 1, 1, 1, 1, 1],
        [start, 3, 2, 4, 6, 2],
      ])
    })

    test('many devices and properties at once, and directions not at all', async () => {
      const { writer, bucket } = open()
      const batch = Array.from({ length: 700 }, (_, i) =>
        ['pm25', 'wind_direction', 'water_level'].map((property) =>
          reading(midnight + (i % 50) * minute, { device: `d-${i}`, property, value: i / 10 }),
        ),
      ).flat()
      await writer.write(batch)
      await tidyAll(writer, midnight + 2 * day)
      for (const [measurement, property] of [
        ['air_1h', 'pm25'],
        ['hydro_1d', 'water_level'],
      ]) {
        const statement = `SELECT sum("${property}_count"), sum("${property}_sum") FROM "${measurement}"`
        const { results } = await influxql(server, bucket, statement)
        const [, count, sum] = results[0]?.series?.[0]?.values[0] ?? []
        expect(count).toBe(700)
        expect(sum).toBeCloseTo((699 * 700) / 20, 6)
      }
      const none = await influxql(server, bucket, 'SELECT * FROM "weather_1h"')
      expect(none.results[0]?.series).toBeUndefined()
    })
  })
}
