/**
 * Windows from roll-ups of hours are those that the readings give, whatever came late, was judged anew, moved, or was
 * lost; and roll-ups are really what they come from.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../domain/reading.ts'
import { openInfluxReader, openInfluxWriter } from '../../../stores/readings/influx.ts'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { air, always, reading, tidyAll, windowsOf } from '../../conformance/readings.ts'
import { type FaultProxy, startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { findInfluxes } from './find.ts'
import { influxql, openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'
import { expectWindowsOfReadings } from './windows-of-readings.ts'

const minute = 60_000
const hour = 3_600_000
const day = 24 * hour
const midnight = Date.UTC(2026, 9, 24, 22)
const later = midnight + 60 * day

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    function open(more: Partial<InfluxWriterOptions> = {}) {
      const store = openInfluxStore(server, { zoneOf: () => 'Europe/Berlin', ...more })
      onTestFinished(() => store.dispose())
      return store
    }

    async function watched(more: Partial<InfluxWriterOptions> = {}) {
      const proxy = await startFaultProxy(server.url)
      const store = open({ url: proxy.url, timeoutMs: 500, ...more })
      onTestFinished(() => proxy.close())
      return { ...store, proxy, sources: () => sourcesIn(proxy) }
    }

    const hours = (count: number, more: Partial<Reading> = {}) =>
      Array.from({ length: count * 6 }, (_, i) =>
        reading(midnight + i * 10 * minute, { value: i, ...more }),
      )

    test('hours that are summed up are not read again, and nothing else is left out', async () => {
      const { writer, reader, proxy, sources } = await watched()
      await writer.write(hours(48))
      await writer.write(hours(48, { device: 'b' }))
      const query = { series: [air], ...always, everyMs: 6 * hour, fn: 'mean' } as const
      proxy.requests.length = 0
      await expectWindowsOfReadings(reader, query)
      expect(sources()).toEqual(['air'])
      await tidyAll(writer, later)
      proxy.requests.length = 0
      await windowsOf(reader, query)
      expect(sources()).toEqual(['air_1h'])
      // Late data of another device changes nothing for this one.
      await writer.write([reading(midnight + 30 * hour + 1, { device: 'b', value: 1e6 })])
      proxy.requests.length = 0
      await windowsOf(reader, query)
      expect(sources()).toEqual(['air_1h'])
      proxy.requests.length = 0
      for (const some of [{ quality: [1] }, { fn: 'last' }, { everyMs: 10 * minute }] as const) {
        await windowsOf(reader, { ...query, ...some })
      }
      expect(sources()).toEqual(['air'])
    })

    test('a few hours that are not summed up yet are read, and many make all be read', async () => {
      const { writer, reader, proxy, sources } = await watched()
      const keys = Array.from({ length: 12 }, (_, i) => ({ device: `d-${i}`, property: 'pm25' }))
      await writer.write(keys.flatMap((key) => hours(72, key)))
      await tidyAll(writer, later)
      const query = { series: keys, ...always, everyMs: 24 * hour, fn: 'sum' } as const
      const late = (at: number) => reading(midnight + at * hour + 1, { ...keys[3], value: 0.5 })
      await writer.write([late(20)])
      proxy.requests.length = 0
      await windowsOf(reader, query)
      expect(sources()).toEqual(['air', 'air_1h'])
      await expectWindowsOfReadings(reader, query)
      await writer.write(Array.from({ length: 30 }, (_, i) => late(2 * i)))
      proxy.requests.length = 0
      await windowsOf(reader, query)
      expect(sources()).toEqual(['air'])
      await expectWindowsOfReadings(reader, query)
    })

    test('an hour and a day whose last good reading is flagged away count nothing', async () => {
      const { writer, reader, bucket } = open()
      const batch = [...hours(3), ...hours(3, { property: 'pm10' })]
      await writer.write(batch)
      await tidyAll(writer, later)
      const second = batch.filter(
        ({ property, observedAt }) => property === 'pm25' && observedAt >= midnight + hour,
      )
      await writer.revise(second.map((one) => ({ ...one, quality: 4 as const, tests: 3 })))
      await tidyAll(writer, later + 2 * minute)
      const query = { series: [air], ...always, everyMs: hour, fn: 'min' } as const
      expect(await windowsOf(reader, query)).toMatchObject([{ value: 0, count: 6 }])
      await writer.revise(hours(1).map((one) => ({ ...one, quality: 4 as const, tests: 3 })))
      await tidyAll(writer, later + 4 * minute)
      for (const fn of ['mean', 'min', 'max', 'sum', 'count'] as const) {
        for (const everyMs of [hour, day]) {
          expect(await windowsOf(reader, { ...query, fn, everyMs })).toEqual([])
        }
      }
      for (const measurement of ['air_1h', 'air_1d']) {
        const statement = `SELECT sum("pm25_count"), sum("pm25_sum"), sum("pm10_count") FROM "${measurement}"`
        const { results } = await influxql(server, bucket, statement)
        expect(results[0]?.series?.[0]?.values[0]?.slice(1)).toEqual([0, 0, 18])
      }
      await writer.revise(hours(3).map((one) => ({ ...one, tests: 7 })))
      await tidyAll(writer, later + 6 * minute)
      expect(await windowsOf(reader, query)).toHaveLength(3)
      await expectWindowsOfReadings(reader, query)
    })

    test('a device that moved within an hour has one window, and what is flagged away goes', async () => {
      let site = 'old'
      const { reader, reopenWriter, bucket } = open({ placeOf: () => ({ site, district: null }) })
      let writer = await reopenWriter()
      const batch = hours(4)
      await writer.write(batch.slice(0, 8))
      site = 'new'
      writer = await reopenWriter()
      // The first batch after a start still goes where the device was.
      await writer.write(batch.slice(8, 9))
      await writer.write(batch.slice(9))
      await tidyAll(writer, later)
      const bySite = 'SELECT sum("pm25_count") FROM "air_1h" GROUP BY "site"'
      const { results } = await influxql(server, bucket, bySite)
      expect(results[0]?.series).toHaveLength(2)
      for (const everyMs of [hour, 4 * hour]) {
        await expectWindowsOfReadings(reader, { series: [air], ...always, everyMs, fn: 'sum' })
      }
      const gone = batch.slice(6, 9)
      await writer.revise(gone.map((one) => ({ ...one, quality: 4 as const, tests: 3 })))
      await tidyAll(writer, later + 2 * minute)
      for (const everyMs of [hour, 4 * hour]) {
        await expectWindowsOfReadings(reader, { series: [air], ...always, everyMs, fn: 'sum' })
      }
    })

    test('a revision that InfluxDB took unnoticed is summed up', async () => {
      const { writer, reader, proxy } = await watched({ limits: { logEntries: 3, logSlack: 0 } })
      const batch = hours(3)
      for (const one of batch) await writer.write([one])
      await tidyAll(writer, later)
      const revised = batch.slice(2, 4).map((one) => ({ ...one, quality: 4 as const, tests: 3 }))
      const isWrite = (path: string) => path.startsWith('/write')
      proxy.misfortune = ({ path }) => (isWrite(path) ? { kind: 'reset after' } : undefined)
      await expect(writer.revise(revised)).rejects.toMatchObject({ code: 'store_unavailable' })
      proxy.misfortune = () => undefined
      await writer.revise(revised)
      const query = { series: [air], ...always, everyMs: hour, fn: 'sum' } as const
      await expectWindowsOfReadings(reader, query)
      await tidyAll(writer, later + 2 * minute)
      await expectWindowsOfReadings(reader, query)
    })

    test('sums that InfluxDB cannot tell or will not take are made of readings', async () => {
      const { writer, reader, proxy, bucket, sources } = await watched()
      const keys = Array.from({ length: 5 }, (_, i) => ({ device: `d-${i}`, property: 'pm25' }))
      await writer.write(keys.flatMap((key) => hours(6, key)))
      const huge = [0, 1].map((i) => reading(midnight + i, { ...keys[3], value: 1.7e308 }))
      await writer.write(huge)
      const isOfSums = (body: string) => /^air_1h,device=d-1[, ]/m.test(body)
      proxy.misfortune = ({ body }) =>
        isOfSums(body) ? { kind: 'answer', status: 400, body: '{"error":"no"}' } : undefined
      await tidyAll(writer, later)
      const count = 'SELECT sum("pm25_count") FROM "air_1h"'
      const { results } = await influxql(server, bucket, count)
      expect(results[0]?.series?.[0]?.values[0]?.[1]).toBe(3 * 36)
      for (const fn of ['max', 'count', 'mean'] as const) {
        for (const everyMs of [hour, 2 * hour]) {
          const query = { series: keys.filter((_, i) => i !== 3), ...always, everyMs, fn }
          await expectWindowsOfReadings(reader, query)
          const all = await windowsOf(reader, { ...query, series: keys })
          expect(all).toHaveLength((5 * 6 * hour) / everyMs)
        }
      }
      proxy.misfortune = () => undefined
      await writer.write(keys.flatMap((key) => hours(6, key)))
      await tidyAll(writer, later + 2 * minute)
      const again = await influxql(server, bucket, count)
      expect(again.results[0]?.series?.[0]?.values[0]?.[1]).toBe(5 * 36 + 1)
      proxy.requests.length = 0
      await windowsOf(reader, { series: keys, ...always, everyMs: hour, fn: 'max' })
      expect(sources()).toEqual(['air_1h'])
    })

    test('after influx.db was lost, sums from before are not believed', async () => {
      const { writer, options, proxy, sources } = await watched()
      await writer.write(hours(24))
      await tidyAll(writer, later)
      await writer.write([reading(midnight + 5 * hour + 1, { value: 1_000 })])
      await writer.close()
      const dir = mkdtempSync(join(tmpdir(), 'bw-influx-'))
      const anew = { ...options, path: join(dir, 'influx.db') }
      const [second, reader] = [openInfluxWriter(anew), openInfluxReader(anew)]
      onTestFinished(async () => {
        await second.close()
        await reader.close()
        rmSync(dir, { recursive: true, force: true })
      })
      await second.write(hours(72).slice(36 * 6))
      const query = { series: [air], ...always, everyMs: hour, fn: 'max' } as const
      await expectWindowsOfReadings(reader, query)
      await tidyAll(second, later)
      await expectWindowsOfReadings(reader, query)
      proxy.requests.length = 0
      await windowsOf(reader, { ...query, from: midnight + 36 * hour })
      expect(sources()).toEqual(['air_1h'])
    })
  })
}

/** Measurements that were read since the requests were forgotten. */
function sourcesIn({ requests }: FaultProxy): string[] {
  const found = requests.flatMap(({ path, body }) => {
    const text = decodeURIComponent(`${path} ${body}`)
    return /FROM "([^"]+)"/.exec(text)?.[1] ?? []
  })
  return [...new Set(found)].sort()
}
