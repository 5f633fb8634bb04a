/**
 * Readings that InfluxDB refuses, of whatever kind and in whatever words, hold up no others: a batch looks for them in a
 * bounded number of requests, what it has not found by then is set aside in quarantine, and tried again from there.
 */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createStoreRefusals } from '../../../ingest/store-refusals.ts'
import { rangeOf, reading, start } from '../../conformance/readings.ts'
import { startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { receivedAt } from '../../payload/decoders/uplinks.ts'
import { createPlant, type Plant } from '../../ingest/plant.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

const hourMs = 3_600_000
const isWrite = ({ path }: { path: string }) => path.startsWith('/write')
/** In words that nobody knows. */
const strange = { kind: 'answer', status: 400, body: '{"error":"mercury is retrograde"}' } as const

function linesOf(body: string): { at: number; line: string }[] {
  return body.split('\n').map((line) => ({ line, at: Number(line.split(' ').at(-1)) }))
}

for (const { name, start: startServer } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await startServer()
    })
    afterAll(() => server?.stop())

    async function through() {
      const proxy = await startFaultProxy(server.url)
      const store = openInfluxStore(server, { url: proxy.url })
      onTestFinished(async () => {
        proxy.misfortune = () => undefined
        await store.dispose()
        await proxy.close()
      })
      return { proxy, store }
    }

    test('of 4,000 readings three quarters refused for their age: the live ones are stored within bounded requests', async () => {
      const { proxy, store } = await through()
      await store.writer.write([reading(start - 1)])
      const bound = start - hourMs
      proxy.misfortune = (request) =>
        isWrite(request) && linesOf(request.body).some(({ at }) => at < bound) ? strange : undefined
      const batch = Array.from({ length: 4_000 }, (_, i) =>
        i % 4 === 0
          ? reading(start + i, { value: i })
          : reading(start - 2 * hourMs - i * 3_000, { value: i }),
      )
      const before = proxy.requests.length
      const { stored } = await store.writer.write(batch, { seq: 1, quarantined: 0 })
      expect(proxy.requests.length - before).toBeLessThan(80)
      const live = (await rangeOf(store.reader)).filter(({ observedAt }) => observedAt >= start)
      expect(live).toHaveLength(1_000)
      expect(stored).toBe(1_000)
      const aside = store.refused.filter(({ isUnsure }) => isUnsure)
      expect(aside.length).toBeGreaterThan(2_000)
      expect(store.refused).toHaveLength(3_000)
      expect(await store.reader.progress()).toMatchObject({ stored: 1_001, quarantined: 3_000 })
      const told = store.ports.notes.filter(({ level }) => level === 'error' || level === 'warn')
      expect(told).toHaveLength(2)
    })

    test('an answer that says that all were dropped is believed at once', async () => {
      const { proxy, store } = await through()
      await store.writer.write([reading(start - 1)])
      proxy.misfortune = (request) => {
        if (!isWrite(request)) return undefined
        const dropped = linesOf(request.body).filter(({ line }) =>
          line.includes('device=new'),
        ).length
        const error = `partial write: max-series-per-database limit exceeded: (7) dropped=${dropped}`
        return dropped === 0 ? undefined : { ...strange, body: JSON.stringify({ error }) }
      }
      const batch = Array.from({ length: 2_048 }, (_, i) =>
        reading(start + i, { device: i < 512 ? 'new' : 'known', value: i }),
      )
      const before = proxy.requests.length
      expect(await store.writer.write(batch)).toEqual({ stored: 1_536, duplicate: 0 })
      expect(proxy.requests.length - before).toBeLessThan(30)
      expect(store.refused.filter(({ isUnsure }) => isUnsure)).toEqual([])
      expect(store.refused).toHaveLength(512)
    })

    test('from the journal: what is set aside comes back by itself, what stays refused says why', async () => {
      const plant = await createPlant([{ id: 'air-1' }])
      onTestFinished(() => plant.close())
      const { proxy, store } = await withRefusals(plant)
      const isBad = (at: number) => at < receivedAt - hourMs && at % 7 === 0
      proxy.misfortune = (request) =>
        isWrite(request) && linesOf(request.body).some(({ at }) => isBad(at)) ? strange : undefined
      const times = Array.from({ length: 600 }, (_, i) =>
        i % 3 === 0 ? receivedAt - i : receivedAt - 2 * hourMs - i * 1_000,
      )
      for (const [i, ts] of times.entries()) {
        await plant.send('telemetry', { ts, values: { pm25: i / 10 } }, { group: times.length })
      }
      await plant.commit()
      store.start()
      const bad = times.filter(isBad).length
      expect(bad).toBeGreaterThan(40)
      await until(async () =>
        (await store.entries()).every(({ reason }) => !/set aside/.test(reason)),
      )
      const left = await store.entries()
      expect(left).toHaveLength(bad)
      expect(left.every(({ code, key }) => code === 'refused_by_store' && key === 'pm25')).toBe(
        true,
      )
      expect(left[0]?.reason).toContain('mercury is retrograde')
      const series = [{ device: 'air-1', property: 'pm25' }]
      expect(await rangeOf(store.reader, { series })).toHaveLength(times.length - bad)

      // What was wrong in the database is put right, and somebody tries one of them again.
      proxy.misfortune = () => undefined
      await plant.stores.ledger.requestRetry(left[0]?.id ?? '')
      await until(async () => (await store.entries()).length === bad - 1)
      expect(await rangeOf(store.reader, { series })).toHaveLength(times.length - bad + 1)
    })

    async function withRefusals(plant: Plant) {
      const proxy = await startFaultProxy(server.url)
      let refuse: ReturnType<typeof createStoreRefusals>['refuse'] | undefined
      const store = openInfluxStore(server, {
        url: proxy.url,
        onRefused: (readings) => refuse?.(readings),
      })
      onTestFinished(async () => {
        proxy.misfortune = () => undefined
        await plant.stop()
        await store.dispose()
        await proxy.close()
      })
      return {
        proxy,
        store: {
          reader: store.reader,
          start: () =>
            plant.start(({ ledger }) => {
              const refusals = createStoreRefusals(ledger)
              refuse = refusals.refuse
              return { readings: store.writer, refusals }
            }, 1_000),
          entries: async () => {
            const { seq } = await store.reader.progress()
            if (seq < plant.head) throw new Error('not settled yet')
            return plant.stores.ledger.list({ limit: 1_000 })
          },
        },
      }
    }
  })
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 4_000; tries++) {
    if (await isSo().catch(() => false)) return
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  throw new Error('It never came to that.')
}
