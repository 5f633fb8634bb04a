/** `fn=official` through the real API over readings in a real InfluxDB, from readings and from hours summed up. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../domain/reading.ts'
import { openCityApi, reading } from '../../api/city-api.ts'
import { tidyAll } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const hour = 3_600_000
const day = 24 * hour
/** 2026-04-12 00:00 in Beijing. */
const midnight = Date.parse('2026-04-11T16:00:00Z')

type Hourly = readonly (readonly [hours: number, value: number, quality?: Reading['quality']])[]

/** A reading each hour, from `from` on. */
function hourly(device: string, property: string, runs: Hourly, from = midnight): Reading[] {
  const all = runs.flatMap(([hours, value, quality = 1]) =>
    Array.from({ length: hours }, () => ({ value, quality })),
  )
  return all.map((one, i) => reading({ device, property, observedAt: from + i * hour, ...one }))
}

const readings = [
  // 20 hours that count: (12 × 18 + 8 × 33) / 20.
  ...hourly('enough', 'so2', [
    [12, 18],
    [8, 33, 2],
    [4, 900, 3],
  ]),
  ...hourly('scarce', 'so2', [
    [13, 18],
    [6, 37],
  ]),
  ...[5, 17].map((h, i) =>
    reading({
      device: 'twice',
      property: 'so2',
      observedAt: midnight + h * hour,
      value: 9 + 4 * i,
    }),
  ),
  ...hourly('ozone', 'o3', [
    [9, 52],
    [8, 147],
    [7, 31],
  ]),
  // From 09:00 of the day before to 08:00: sums of the hours that end then.
  ...hourly(
    'gauge',
    'rainfall',
    [
      [23, 0.3],
      [1, 1.6],
      [1, 40],
    ],
    midnight - 15 * hour,
  ),
]

for (const { name, start } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server?.stop())

    test('official figures are valid by the standard, with the plain mean beside them', async () => {
      const store = openInfluxStore(server, { zoneOf: () => 'Asia/Shanghai' })
      onTestFinished(() => store.dispose())
      const now = midnight + 3 * day
      const clock = { now: () => now, monotonic: () => performance.now() }
      const city = await openCityApi({ parts: { readings: store.reader }, clock })
      onTestFinished(() => city.close())
      for (const id of ['enough', 'scarce', 'twice', 'ozone', 'gauge']) {
        const body = { id, kind: 'air-station', location: [116.4, 39.9] }
        await city.call('POST', '/sites', { body })
        await city.call('POST', '/devices', { body: { id, site: id, expectedInterval: '1h' } })
      }
      await store.writer.write(readings)

      async function official(device: string, from = midnight, every = '1d') {
        const between = [from, from + day].map((at) => new Date(at).toISOString())
        const query = {
          device,
          every,
          fn: 'official',
          from: between[0] ?? '',
          to: between[1] ?? '',
        }
        const { body } = await city.call('GET', `/readings?${new URLSearchParams(query)}`)
        return body.items
      }
      async function check(): Promise<void> {
        expect(await official('enough,scarce,twice')).toMatchObject([
          { device: 'enough', value: 24, valid: true, reason: null, plainMean: 24, count: 20 },
          {
            ...{ device: 'scarce', value: null, valid: false, plainMean: 24, count: 19 },
            reason: '19 of 24 hours are measured well enough, 20 are needed',
          },
          { device: 'twice', value: null, valid: false, plainMean: 11, count: 2 },
        ])
        expect(await official('ozone')).toMatchObject([{ value: 147, valid: true }])
        const eights = await official('ozone', midnight, '8h')
        expect(eights.map(({ value }: { value: number }) => value)).toEqual([52, 135.125, 45.5])
        expect(await official('gauge', midnight - 16 * hour)).toMatchObject([
          { value: 8.5, valid: true, count: 24 },
        ])
      }
      await check()
      await tidyAll(store.writer, now)
      await check()
    })
  })
}
