/**
 * Whatever goes wrong between us and InfluxDB: nothing is lost, nothing is counted twice, and no reading waits for a
 * neighbour that is refused.
 */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../domain/reading.ts'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { always, reading, rangeOf, start } from '../../conformance/readings.ts'
import { type FaultProxy, type Misfortune, startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { findInfluxes } from './find.ts'
import { type InfluxStore, influxql, openInfluxStore, writeLines } from './influx-store.ts'
import type { Influxd } from './influxd.ts'
import { allReadings, batchAt, modelAfter } from './ledger-model.ts'

/** As ingest does: again and again, until it is stored. */
async function untilStored(write: () => unknown): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      await write()
      return tries
    } catch (error) {
      expect(error).toMatchObject({ name: 'Fault', code: 'store_unavailable' })
      if (tries > 200) throw error
    }
  }
}

const isWrite = (path: string) => path.startsWith('/write')

for (const { name, generation, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    async function through(
      more: Partial<InfluxWriterOptions> = {},
    ): Promise<{ proxy: FaultProxy; store: InfluxStore }> {
      const proxy = await startFaultProxy(server.url)
      const store = openInfluxStore(server, { url: proxy.url, timeoutMs: 250, ...more })
      onTestFinished(async () => {
        proxy.misfortune = () => undefined
        await store.dispose()
        await proxy.close()
      })
      return { proxy, store }
    }

    const always503: Misfortune = { kind: 'answer', status: 503, headers: { 'retry-after': '0' } }
    const misfortunes: [string, Misfortune][] = [
      ['the connection is reset before the server has it', { kind: 'reset before' }],
      ['the connection is reset when the server has it', { kind: 'reset after' }],
      ['half of the answer comes', { kind: 'half answer' }],
      ['half of the lines reach the server', { kind: 'half request' }],
      ['the server stops reading', { kind: 'stop reading' }],
      ['the answer comes late', { kind: 'delay', ms: 30 }],
      ['the server is overloaded (503)', always503],
      ['the server is overloaded (429)', { kind: 'answer', status: 429 }],
      ['the server breaks (500)', { kind: 'answer', status: 500, body: '{"error":"timeout"}' }],
      ['the server is too slow (408)', { kind: 'answer', status: 408 }],
      ['something else answers (200)', { kind: 'answer', status: 200, body: '<html>' }],
      ['a proxy sends us elsewhere (302)', { kind: 'answer', status: 302 }],
      ['the password is wrong (401)', { kind: 'answer', status: 401 }],
      ['the account may not (403)', { kind: 'answer', status: 403 }],
      ['the database is gone (404)', { kind: 'answer', status: 404 }],
    ]

    test.each(misfortunes)('%s: all is stored once, also after restarts', async (_, bad) => {
      const { proxy, store } = await through({ limits: { logEntries: 40, logSlack: 10 } })
      let { writer } = store
      let bads = 0
      // Two of five requests go wrong, questions and preparations as well.
      proxy.misfortune = (_request, count) => {
        const goesWrong = (count * 2_654_435_761) % 997 < 400
        if (goesWrong) bads++
        return goesWrong ? bad : undefined
      }
      const last = bad.kind === 'stop reading' ? 3 : 12
      for (let number = 1; number <= last; number++) {
        await untilStored(() => writer.write(batchAt(number), { seq: number, quarantined: 0 }))
        if (number % 4 === 0) writer = await store.reopenWriter()
        await untilStored(() => writer.tidy(start))
      }
      expect(bads).toBeGreaterThan(5)
      proxy.misfortune = () => undefined
      const model = modelAfter(last)
      expect(await store.reader.progress()).toEqual(model.progress)
      expect(await allReadings(store.reader)).toEqual(model.readings)
      expect(store.refused).toEqual([])
    })

    test('a restart between sending and counting counts each reading once', async () => {
      const { proxy, store } = await through({ limits: { logEntries: 10, logSlack: 0 } })
      let { writer } = store
      for (let number = 1; number <= 15; number++) {
        const write = () => writer.write(batchAt(number), { seq: number, quarantined: 0 })
        for (const kind of ['reset after', 'half request', 'reset after'] as const) {
          proxy.misfortune = ({ path }) => (isWrite(path) ? { kind } : undefined)
          await expect((async () => write())()).rejects.toThrow('InfluxDB')
          writer = await store.reopenWriter()
        }
        proxy.misfortune = () => undefined
        await write()
        await writer.tidy(start)
      }
      const model = modelAfter(15)
      expect(await store.reader.progress()).toEqual(model.progress)
      expect(await allReadings(store.reader)).toEqual(model.readings)
    })

    test('this test would notice a server that acknowledges what it dropped', async () => {
      const { proxy, store } = await through()
      proxy.misfortune = ({ path }) => (isWrite(path) ? { kind: 'answer', status: 204 } : undefined)
      await store.writer.write(batchAt(1), { seq: 1, quarantined: 0 })
      proxy.misfortune = () => undefined
      expect(await allReadings(store.reader)).not.toEqual(modelAfter(1).readings)
    })

    test('Retry-After is seconds, and nobody asks before', async () => {
      const { proxy, store } = await through()
      const { ports, writer } = store
      await writer.write([reading(start)])
      proxy.misfortune = ({ path }) =>
        isWrite(path)
          ? { kind: 'answer', status: 503, headers: { 'retry-after': '30' } }
          : undefined
      const write = async () => writer.write([reading(start + 1)])
      await expect(write()).rejects.toThrow('InfluxDB cannot store now: 503')
      proxy.misfortune = () => undefined
      const asked = () => proxy.requests.filter(({ path }) => isWrite(path)).length
      const before = asked()
      ports.advance(29_999)
      await expect(write()).rejects.toThrow('InfluxDB cannot store now: 503')
      expect(asked()).toBe(before)
      ports.advance(1)
      expect(await write()).toEqual({ stored: 1, duplicate: 0 })
    })

    test('a stop ends what waits for a server that does not answer, and nothing is lost', async () => {
      const { proxy, store } = await through({ timeoutMs: 60_000 })
      const { writer } = store
      await writer.write(batchAt(1), { seq: 1, quarantined: 0 })
      proxy.misfortune = ({ path }) => (isWrite(path) ? { kind: 'stop reading' } : undefined)
      const asked = proxy.requests.length
      const write = (async () => writer.write(batchAt(2), { seq: 2, quarantined: 0 }))()
      while (proxy.requests.length === asked) await new Promise((resolve) => setTimeout(resolve, 5))
      store.interrupt()
      await expect(write).rejects.toMatchObject({ code: 'store_unavailable' })
      proxy.misfortune = () => undefined
      const again = await store.reopenWriter()
      await again.write(batchAt(2), { seq: 2, quarantined: 0 })
      expect(await store.reader.progress()).toEqual(modelAfter(2).progress)
      expect(await allReadings(store.reader)).toEqual(modelAfter(2).readings)
    })

    test('what is sent is compressed when the server is elsewhere', async () => {
      const { proxy, store } = await through({ compress: true })
      for (let number = 1; number <= 3; number++) {
        await store.writer.write(batchAt(number), { seq: number, quarantined: 0 })
      }
      expect(await allReadings(store.reader)).toEqual(modelAfter(3).readings)
      expect(proxy.requests.length).toBeGreaterThan(3)
    })

    test('a batch too large for the server is halved until it fits', async () => {
      const { proxy, store } = await through()
      proxy.misfortune = ({ path, body }) =>
        isWrite(path) && body.length > 20_000 ? { kind: 'answer', status: 413 } : undefined
      const batch = Array.from({ length: 3_000 }, (_, i) => reading(start + i, { value: i }))
      expect(await store.writer.write(batch)).toEqual({ stored: 3_000, duplicate: 0 })
      expect(await rangeOf(store.reader)).toEqual(batch)
    })

    describe('one poisoned reading among 5,000', () => {
      const batch = Array.from({ length: 1_250 }, (_, i): Reading[] =>
        ['pm25', 'pm10', 'no2', 'o3'].map((property) =>
          reading(start + i, { property, value: i / 10, device: `d-${i % 100}` }),
        ),
      ).flat()
      const [poisoned] = batch.slice(2_345)

      test.each([400, 422, 201])(
        'refused with %d and nothing stored: alone is refused',
        async (status) => {
          const { proxy, store } = await through()
          // As 2.x and 3.x: the request as a whole.
          const mark = new RegExp(
            `device=${poisoned?.device},.*${poisoned?.property}=.* ${poisoned?.observedAt}$`,
            'm',
          )
          proxy.misfortune = ({ path, body }) =>
            isWrite(path) && mark.test(body)
              ? { kind: 'answer', status, body: '{"error":"poison"}' }
              : undefined
          const { writer, reader } = store
          const result = await writer.write(batch, { seq: 9, quarantined: 2 })
          expect(result).toEqual({ stored: 4_999, duplicate: 0 })
          expect(store.refused).toEqual([
            { reading: poisoned, reason: `${status} poison`, isUnsure: false },
          ])
          expect(proxy.requests.length).toBeLessThan(60)
          expect(await reader.progress()).toEqual({
            ...{ seq: 9, received: 5_002, stored: 4_999, duplicate: 0, quarantined: 3 },
          })
          const good = new Set(batch.filter((each) => each !== poisoned))
          const read = [...(await allReadings(reader)).values()]
          expect(read).toHaveLength(good.size)
          expect(await writer.write(batch.filter((each) => each !== poisoned))).toEqual({
            stored: 0,
            duplicate: 4_999,
          })
        },
      )

      test('that the server itself refuses: a name too long for a key', async () => {
        const { store } = await through({ timeoutMs: 20_000 })
        const long = reading(start, { device: 'x'.repeat(70_000) })
        const mixed = [...batch.slice(0, 2_000), long, ...batch.slice(2_000)]
        const result = await store.writer.write(mixed, { seq: 1, quarantined: 0 })
        if (generation === 1) {
          expect(result).toEqual({ stored: 5_000, duplicate: 0 })
          expect(store.refused).toMatchObject([{ reading: long, isUnsure: false }])
        }
        expect(await rangeOf(store.reader, { series: [batch[0]!] })).toHaveLength(13)
      })
    })

    test.runIf(generation < 3)(
      'a property whose field has another type: it is refused, by the hour, and nothing else',
      async () => {
        const { proxy, store } = await through({ timeoutMs: 20_000 })
        const { writer, reader, bucket } = store
        await writer.write([reading(start - 90 * 86_400_000, { device: 'first' })])
        await writeLines(server, bucket, `air,device=other pm10=1i ${start}`)
        const batch = Array.from({ length: 2_000 }, (_, i) => [
          reading(start + i * 1_000, { device: `d-${i % 50}`, value: i }),
          reading(start + i * 1_000, { device: `d-${i % 50}`, value: i, property: 'pm10' }),
        ]).flat()
        const before = proxy.requests.length
        const result = await writer.write(batch, { seq: 1, quarantined: 0 })
        expect(result).toEqual({ stored: 2_000, duplicate: 0 })
        expect(proxy.requests.length - before).toBeLessThan(30)
        expect(store.refused).toHaveLength(2_000)
        expect(store.refused[0]?.reason).toContain('field type conflict')
        expect(await reader.progress()).toMatchObject({ stored: 2_001, quarantined: 2_000 })
        expect(
          await rangeOf(reader, { series: [{ device: 'd-7', property: 'pm25' }] }),
        ).toHaveLength(40)
      },
    )

    test('readings of a device that moved stay one, wherever a correction comes from', async () => {
      let site = 'old'
      const { store } = await through({
        placeOf: () => ({ site, district: null }),
        limits: { logEntries: 4, logSlack: 0 },
      })
      let { writer } = store
      const { reader, bucket } = store
      const batch = Array.from({ length: 20 }, (_, i) => reading(start + i * 60_000, { value: i }))
      await writer.write(batch)
      site = 'new'
      await writer.write([reading(start + 20 * 60_000, { value: 20 })])
      for (const cut of [false, true]) {
        if (cut) {
          await writer.tidy(start)
          writer = await store.reopenWriter()
          await writer.write([reading(start + 21 * 60_000, { value: 21 })])
        }
        const value = cut ? 200 : 100
        const corrected = [
          reading(start + 3 * 60_000, { value }),
          reading(start + 20 * 60_000, { value }),
        ]
        expect(await writer.write(corrected)).toEqual({ stored: 0, duplicate: 2 })
        expect(await writer.revise([{ ...batch[5]!, quality: 3, tests: cut ? 7 : 5 }])).toBe(1)
        const series = [{ device: 'air-1', property: 'pm25' }]
        const windows = reader.aggregate({ series, ...always, everyMs: 86_400_000, fn: 'count' })
        const counts: number[] = []
        for await (const page of windows) for (const { count } of page) counts.push(count)
        expect(counts).toEqual([cut ? 21 : 20])
      }
      const sites = await influxql(
        server,
        bucket,
        'SELECT count("pm25") FROM "air" GROUP BY "site"',
      )
      expect(sites.results[0]?.series?.map(({ values }) => values[0]?.[1])).toEqual([2, 20])
    })

    test('a lost progress file is made anew from what InfluxDB holds', async () => {
      const { store } = await through()
      for (let number = 1; number <= 5; number++) await store.writer.write(batchAt(number))
      const held = await allReadings(store.reader)
      const again = openInfluxStore(server, { bucket: store.bucket })
      onTestFinished(() => again.dispose())
      expect(await again.writer.write(batchAt(5))).toEqual({
        stored: 0,
        duplicate: batchAt(5).length,
      })
      expect(await again.writer.write(batchAt(3))).toEqual({
        stored: 0,
        duplicate: batchAt(3).length,
      })
      expect((await again.reader.series()).length).toBe((await store.reader.series()).length)
      expect(await allReadings(again.reader)).toEqual(new Map([...held, ...rewritten(3)]))
      const next = batchAt(40)
      expect((await again.writer.write(next)).stored).toBe(
        modelAfter(5).readings.size === 0 ? 0 : next.length,
      )
    })
  })
}

function rewritten(number: number): [string, Reading][] {
  return batchAt(number).map((one) => [`${one.device} ${one.property} ${one.observedAt}`, one])
}
