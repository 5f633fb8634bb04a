/** Sums that a version before kinds of quantities made: never believed, and made anew when nothing else is due. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { openSqlite } from '../../../stores/sqlite.ts'
import { allOf, always, reading, tidyAll } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { influxql, openInfluxStore, writeLines } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const minute = 60_000
const hour = 3_600_000
const midnight = Date.UTC(2026, 2, 10)
const hours = 30

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    test('answers are right before and after', async () => {
      const store = openInfluxStore(server, { zoneOf: () => 'UTC' })
      onTestFinished(() => store.dispose())
      const { writer, reader, bucket } = store
      const devices = Array.from({ length: 10 }, (_, i) => `g-${i}`)
      for (const device of devices) {
        await writer.write(
          Array.from({ length: hours * 6 + 1 }, (_, i) =>
            reading(midnight + i * 10 * minute, { device, property: 'rainfall', value: 0.5 }),
          ),
        )
      }
      let now = midnight + 40 * hour
      await tidyAll(writer, now)
      // As they were: the hour from its beginning on, so the reading of the full hour in the wrong one.
      const old = devices.flatMap((device) =>
        Array.from({ length: hours }, (_, i) => {
          const tags = `device=${device},district=320106,site=site\\ of\\ ${device}`
          return `hydro_1h,${tags} rainfall_sum=77,rainfall_count=6 ${midnight + i * hour}`
        }),
      )
      await writeLines(server, bucket, old.join('\n'))
      const db = openSqlite(store.options.path)
      onTestFinished(() => {
        db.close()
      })
      db.prepare('update state set forms_from = ?').run(now)

      const query = {
        series: devices.map((device) => ({ device, property: 'rainfall' })),
        ...always,
      }
      async function check(): Promise<void> {
        const sums = await allOf(reader.aggregate({ ...query, everyMs: hour, fn: 'sum' }))
        expect(sums).toHaveLength(devices.length * (hours + 1))
        for (const { from, value } of sums) expect(value).toBe(from < midnight ? 0.5 : 3)
      }
      await check()
      const formsFrom = db.prepare<[], number | null>('select forms_from from state').pluck()
      for (let step = 0; formsFrom.get() !== null; step++) {
        await writer.tidy(now)
        await check()
        now += 2 * minute
        expect(step).toBeLessThan(1_000)
      }
      await tidyAll(writer, now + 2 * minute)
      await check()
      const { results } = await influxql(
        server,
        bucket,
        `SELECT count("rainfall_sum") FROM "hydro_1h" WHERE "rainfall_sum" = 77`,
      )
      expect(results[0]?.series ?? []).toEqual([])
    })
  })
}
