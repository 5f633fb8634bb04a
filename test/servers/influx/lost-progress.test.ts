/**
 * `influx.db` is not there (a new machine, a restore) and InfluxDB does not tell what it holds, for whatever reason: that
 * is waited for, so that no history stays unseen.
 */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { rangeOf, reading, start } from '../../conformance/readings.ts'
import { startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const unknown = '{"results":[{"statement_id":0,"error":"database not found: city"}]}'
const refusals: [string, { status: number; body: string }][] = [
  ['401', { status: 401, body: '{"error":"authorization failed"}' }],
  ['403', { status: 403, body: '{"error":"error authorizing query"}' }],
  ['404', { status: 404, body: '{"code":"not found","message":"bucket not found"}' }],
  ['an unknown database', { status: 200, body: unknown }],
  ['an error of a statement', { status: 200, body: unknown.replace('database not found', 'what') }],
  ['a bad request', { status: 400, body: '{"error":"error parsing query"}' }],
]

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    test.each(refusals)('%s while series are asked for', async (_, bad) => {
      const before = openInfluxStore(server)
      onTestFinished(() => before.dispose())
      const held = Array.from({ length: 24 }, (_, i) =>
        reading(start + i * 60_000, {
          device: `d-${i % 6}`,
          property: i % 2 ? 'pm25' : 'humidity',
        }),
      )
      await before.writer.write(held)
      const proxy = await startFaultProxy(server.url)
      const after = openInfluxStore(server, { url: proxy.url, bucket: before.bucket })
      onTestFinished(async () => {
        await after.dispose()
        await proxy.close()
      })
      // The second of the two domains fails, when something is known already.
      const isAboutSeries = (text: string) => decodeURIComponent(text).includes('"weather"')
      proxy.misfortune = ({ path, body }) =>
        isAboutSeries(path) || isAboutSeries(body) ? { kind: 'answer', ...bad } : undefined
      const live = reading(start + 3_600_000, { device: 'd-9' })
      for (let tries = 0; tries < 3; tries++) {
        const write = (async () => after.writer.write([live]))()
        await expect(write).rejects.toMatchObject({ code: 'store_unavailable' })
      }
      expect(await after.reader.series()).toEqual([])
      proxy.misfortune = () => undefined
      expect(await after.writer.write([live])).toEqual({ stored: 1, duplicate: 0 })
      const series = await after.reader.series()
      expect(series).toHaveLength(7)
      expect(await rangeOf(after.reader, { series })).toHaveLength(25)
    })
  })
}
