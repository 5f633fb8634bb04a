/** Points stand under the site where their device stood, also after it has moved and when that is put right later. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { TagsInTime } from '../../../stores/readings/influx/write/place.ts'
import type { Placements } from '../../../stores/readings/influx/write/places.ts'
import { reading, tidyAll } from '../../conformance/readings.ts'
import { makeEarlier } from './earlier-file.ts'
import { findInfluxes } from './find.ts'
import { influxql, openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const minute = 60_000
const hour = 3_600_000
const start = Date.UTC(2026, 9, 3, 4)
const late = start + 50 * hour

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    /** A device that stands at `weir` until it is said otherwise. */
    function open() {
      const history: { version: number; steps?: [string | null, number][] } = { version: 1 }
      const placements: Placements = {
        get version() {
          return history.version
        },
        of: (device) => (device === 'air-1' ? tagsOf(history.steps) : undefined),
        devices: () => (history.steps === undefined ? [] : ['air-1']),
      }
      const placeOf = () => ({ site: history.steps?.at(-1)?.[0] ?? 'weir', district: '110108' })
      const store = openInfluxStore(server, { placements, placeOf })
      onTestFinished(() => store.dispose())
      const ask = async (statement: string) =>
        (await influxql(server, store.bucket, statement)).results[0]?.series ?? []
      return {
        ...store,
        stand(...steps: [string | null, number][]) {
          history.steps = steps
          history.version += 1
        },
        /** Values that count, by site. */
        async values(property = 'pm25'): Promise<Record<string, (string | number | null)[]>> {
          const counts = `"${property}_q" < 3`
          const found = await ask(
            `SELECT "${property}" FROM "air" WHERE "device" = 'air-1' AND ${counts} GROUP BY "site"`,
          )
          return bySite(found, 1)
        },
        async hours(): Promise<Record<string, (string | number | null)[]>> {
          const found = await ask(
            `SELECT "pm25_sum" FROM "air_1h" WHERE "device" = 'air-1' AND "pm25_count" > 0 GROUP BY "site"`,
          )
          return bySite(found, 1)
        },
        async stored() {
          const values: (number | null)[] = []
          const series = [{ device: 'air-1', property: 'pm25' }]
          for await (const page of store.reader.range({ series, from: start, to: late })) {
            for (const { value } of page) values.push(value)
          }
          return values
        },
      }
    }

    const hourly = (from: number, values: readonly number[]) =>
      values.map((value, i) => reading(start + (from + i) * hour, { value }))

    test('what comes late from before a move stands under the old site', async () => {
      const { writer, stand, values } = open()
      await writer.write(hourly(0, [1, 2]))
      stand(['weir', Number.NEGATIVE_INFINITY], ['lock', start + 3 * hour])
      await writer.write([...hourly(3, [4]), ...hourly(2, [3]), ...hourly(4, [5])])
      expect(await values()).toEqual({ weir: [1, 2, 3], lock: [4, 5] })
    })

    test('a move forward writes nothing again, and a correction of a value goes where it stands', async () => {
      const { writer, stand, values, reopenWriter } = open()
      await writer.write(hourly(0, [1, 2]))
      stand(['weir', Number.NEGATIVE_INFINITY], ['lock', start + 2 * hour])
      await writer.write(hourly(2, [3]))
      await tidyAll(writer, late)
      const again = await reopenWriter()
      expect(await again.write(hourly(1, [20, 30]))).toMatchObject({ stored: 0, duplicate: 2 })
      expect(await values()).toEqual({ weir: [1, 20], lock: [30] })
    })

    test('a correction by dates moves points and sums, once, also over a restart', async () => {
      const { writer, stand, values, hours, stored, reopenWriter } = open()
      await writer.write(hourly(0, [1, 2, 3, 4, 5, 6]))
      await writer.write([
        reading(start + 2 * hour, { property: 'pm10', value: 30 }),
        reading(start + 2 * hour + minute, { value: 33 }),
      ])
      await tidyAll(writer, late)
      expect(await hours()).toEqual({ weir: [1, 2, 36, 4, 5, 6] })
      stand(
        ['weir', Number.NEGATIVE_INFINITY],
        ['lock', start + 2 * hour],
        ['weir', start + 4 * hour],
      )
      await writer.tidy(late)
      const again = await reopenWriter()
      await again.write(hourly(6, [7]))
      await tidyAll(again, late)
      await tidyAll(again, late + 10 * minute)
      expect(await values()).toEqual({ weir: [1, 2, 5, 6, 7], lock: [3, 33, 4] })
      expect(await values('pm10')).toEqual({ lock: [30] })
      expect(await hours()).toEqual({ weir: [1, 2, 5, 6, 7], lock: [36, 4] })
      expect(await stored()).toEqual([1, 2, 3, 33, 4, 5, 6, 7])
      expect(await again.write(hourly(3, [40]))).toMatchObject({ stored: 0, duplicate: 1 })
      expect(await values()).toEqual({ weir: [1, 2, 5, 6, 7], lock: [3, 33, 40] })

      stand(['weir', Number.NEGATIVE_INFINITY])
      await tidyAll(again, late + 20 * minute)
      await tidyAll(again, late + 30 * minute)
      expect(await values()).toEqual({ weir: [1, 2, 3, 33, 40, 5, 6, 7] })
      expect(await hours()).toEqual({ weir: [1, 2, 36, 40, 5, 6, 7] })
      expect(await stored()).toEqual([1, 2, 3, 33, 40, 5, 6, 7])
    })

    describe('a file of a version that kept no placements', () => {
      const since = Number.NEGATIVE_INFINITY
      /** Moved from `weir` to `lock` before the upgrade, and silent since. */
      async function upgraded() {
        const city = open()
        await city.writer.write(hourly(0, [1, 2, 3]))
        await city.writer.write([reading(start, { device: 'air-2' })])
        await city.writer.close()
        makeEarlier(city.options.path)
        city.stand(['lock', since])
        const writer = await city.reopenWriter()
        return { ...city, writer }
      }

      test('its points stay where they stand when their device sends again', async () => {
        const { writer, values } = await upgraded()
        await writer.write([reading(start + hour, { device: 'air-2' })])
        await writer.write([...hourly(5, [6]), ...hourly(1, [20])])
        await tidyAll(writer, late)
        expect(await values()).toEqual({ weir: [1, 20, 3], lock: [6] })
      })

      test('they stay over restarts when only others send', async () => {
        const { writer, values, reopenWriter } = await upgraded()
        await writer.write([reading(start + hour, { device: 'air-2' })])
        await tidyAll(writer, late)
        const again = await reopenWriter()
        await again.write(hourly(5, [6]))
        await tidyAll(again, late)
        expect(await values()).toEqual({ weir: [1, 2, 3], lock: [6] })
      })

      test('corrections that are made by then move them', async () => {
        const { writer, values, stand } = await upgraded()
        await writer.write([reading(start + hour, { device: 'air-2' })])
        await tidyAll(writer, late)
        stand(['weir', since], ['dam', start + 2 * hour])
        await tidyAll(writer, late)
        expect(await values()).toEqual({ weir: [1, 2], dam: [3] })
        stand(['quay', since])
        await writer.write(hourly(5, [6]))
        await tidyAll(writer, late)
        expect(await values()).toEqual({ quay: [1, 2, 3, 6] })
      })

      test('also a correction since ever, of one that is silent', async () => {
        const { writer, values, stand } = await upgraded()
        await writer.write([reading(start + hour, { device: 'air-2' })])
        await tidyAll(writer, late)
        stand(['quay', since])
        await writer.write(hourly(5, [6]))
        await tidyAll(writer, late)
        expect(await values()).toEqual({ quay: [1, 2, 3, 6] })
      })
    })

    test('more points than one step takes', async () => {
      const { writer, stand, values } = open()
      const many = Array.from({ length: 4_500 }, (_, i) =>
        reading(start + i * 10_000, { value: i + 1 }),
      )
      await writer.write(many)
      stand(['lock', Number.NEGATIVE_INFINITY], ['weir', start + 45_000_000])
      await tidyAll(writer, start + 46_000_000)
      const found = await values()
      expect(Object.keys(found)).toEqual(['lock'])
      expect(found.lock).toEqual(many.map(({ value }) => value))
    })
  })
}

function tagsOf(steps: [string | null, number][] | undefined): TagsInTime[] | undefined {
  if (steps === undefined || steps.length < 2) return undefined
  return steps.map(([site, from], i) => {
    const until = steps[i + 1]?.[1] ?? Number.POSITIVE_INFINITY
    return { site, district: '110108', from, until }
  })
}

function bySite(
  series: readonly { tags?: Record<string, string>; values: (string | number | null)[][] }[],
  column: number,
): Record<string, (string | number | null)[]> {
  return Object.fromEntries(
    series.map(({ tags, values }) => [tags?.site ?? '', values.map((row) => row[column] ?? null)]),
  )
}
