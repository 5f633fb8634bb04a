/** Signing in to InfluxDB 2, what its retention drops, and what is said to an account that may not do what is needed. */

import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { InfluxWriterOptions } from '../../../stores/readings/influx/options.ts'
import { rangeOf, reading } from '../../conformance/readings.ts'
import { startFaultProxy } from '../../fixtures/fault-proxy.ts'
import { openInfluxStore } from './influx-store.ts'
import { findServer2, type Server2 } from './server2.ts'

const found = findServer2()
const hourMs = 3_600_000

describe.runIf(found !== undefined)(`${found?.name} with accounts`, () => {
  let two: Server2
  beforeAll(async () => {
    if (found !== undefined) two = await found.start()
  })
  afterAll(() => two?.server.stop())

  function open(more: Partial<InfluxWriterOptions> = {}) {
    const store = openInfluxStore(two.server, more)
    onTestFinished(() => store.dispose())
    return store
  }
  const now = () => Date.now()
  const nobody = { token: undefined, org: undefined }

  test('a token that may everything: the bucket is made, and its retention set', async () => {
    const { writer, reader, ports } = open({ keepDays: 3 })
    await writer.write([reading(now())])
    await writer.tidy(now())
    expect(await rangeOf(reader)).toHaveLength(1)
    expect(ports.notes.filter(({ level }) => level === 'warn')).toEqual([])
  })

  test('three parts that make the bucket at the same moment all get on', async () => {
    const { options, writer } = open()
    const others = [1, 2].map((n) => open({ bucket: options.bucket, path: `${options.path}.${n}` }))
    const all = [writer, ...others.map((other) => other.writer)]
    const writes = all.map(async (one, n) => one.write([reading(now() + n)]))
    expect(await Promise.all(writes)).toHaveLength(3)
  })

  test('a wrong token: says that, and not that the bucket is missing', async () => {
    const { writer } = open({ token: 'no-such-token' })
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      /401 unauthorized access.*The token is refused: set BELLWETHER_INFLUX_TOKEN.*influx auth create/,
    )
  })

  test('a wrong organisation is named', async () => {
    const { writer } = open({ org: 'elsewhere' })
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      /404 .*elsewhere.*Check BELLWETHER_INFLUX_ORG: InfluxDB has no organisation elsewhere/,
    )
  })

  test('a token for another bucket: says what an administrator should run', async () => {
    const other = open()
    await two.makeBucket(other.bucket)
    const { writer, bucket } = open({ token: await two.addToken(other.bucket) })
    const write = (async () => writer.write([reading(now())]))()
    await expect(write).rejects.toThrow(
      `An administrator should run: influx bucket create --name ${bucket} --org bellwether`,
    )
  })

  test('a v1 login with rights on its bucket needs no more', async () => {
    const login = { username: 'writer', password: 'a good password' }
    const { bucket, writer, reader } = open({ ...nobody, ...login })
    await two.makeBucket(bucket)
    await two.addLogin(login, bucket)
    expect(await writer.write([reading(now())])).toEqual({ stored: 1, duplicate: 0 })
    expect(await rangeOf(reader)).toHaveLength(1)
  })

  test('a v1 login without rights on the bucket: says so, and no history is given up for it', async () => {
    const login = { username: 'stranger', password: 'a good password' }
    const first = open()
    const old = Array.from({ length: 40 }, (_, i) =>
      reading(now() - i * 60_000, { device: `d-${i % 8}` }),
    )
    await first.writer.write(old)
    // A new machine: the same bucket, an empty `influx.db`.
    const again = open({ ...nobody, ...login, bucket: first.bucket })
    await two.addLogin(login, null)
    const write = async () => again.writer.write([reading(now() + 1, { device: 'd-new' })])
    for (let tries = 0; tries < 2; tries++) {
      await expect(write()).rejects.toThrow(
        /user stranger may see: it is missing .*or the user has no rights on it.*influx v1 auth create/,
      )
    }
    expect(await again.reader.series()).toEqual([])
    const may = open({ bucket: first.bucket, path: again.options.path })
    await again.writer.close()
    await may.writer.write([reading(now() + 1, { device: 'd-new' })])
    expect(await may.reader.series()).toHaveLength(9)
    const series = [...new Set(old.map(({ device }) => device))].map((device) => ({
      device,
      property: 'pm25',
    }))
    expect(await rangeOf(may.reader, { series })).toHaveLength(40)
  })

  test('of a bucket that keeps two hours only what is younger is written, and nothing is searched for', async () => {
    const { bucket, writer, reader, ports, refused } = open()
    await two.makeBucket(bucket)
    await two.keep(bucket, 2 * 3_600)
    const young = Array.from({ length: 60 }, (_, i) => reading(now() - i * 1_000, { value: i }))
    const old = Array.from({ length: 140 }, (_, i) => reading(now() - 4 * hourMs - i * 1_000))
    await writer.write([...young, ...old], { seq: 1, quarantined: 0 })
    expect(await rangeOf(reader)).toHaveLength(60)
    expect(await reader.progress()).toMatchObject({ stored: 200, quarantined: 0 })
    expect(ports.numbers.get('bellwether_influx_aged_readings_total')).toBe(140)
    expect(refused).toEqual([])
  })

  test('what a retention drops that is not known to us is understood from the answer', async () => {
    const proxy = await startFaultProxy(two.server.url)
    onTestFinished(() => proxy.close())
    const { bucket, writer, reader, ports, refused } = open({ url: proxy.url })
    await two.makeBucket(bucket)
    await writer.write([reading(now() - 1)])
    await two.keep(bucket, 2 * 3_600)
    const young = Array.from({ length: 60 }, (_, i) => reading(now() - i * 1_000, { value: i }))
    // Further back than the shard of the first one reaches.
    const old = Array.from({ length: 140 }, (_, i) => reading(now() - 9 * 24 * hourMs - i * 1_000))
    const before = proxy.requests.length
    await writer.write([...young, ...old], { seq: 1, quarantined: 0 })
    expect(proxy.requests.length - before).toBeLessThan(6)
    expect(await rangeOf(reader)).toHaveLength(61)
    expect(ports.numbers.get('bellwether_influx_aged_readings_total')).toBe(140)
    expect(refused).toEqual([])
  })

  test('a sum that is infinite has no value, and the store is not called away', async () => {
    const { writer, reader } = open()
    const hour = Math.floor(now() / hourMs) * hourMs - 2 * hourMs
    const values = [1e308, 1e308, 1e308].map((value, i) => reading(hour + i * 1_000, { value }))
    await writer.write(values)
    const series = [{ device: 'air-1', property: 'pm25' }]
    const query = { series, from: hour, to: hour + hourMs, everyMs: hourMs, fn: 'sum' as const }
    const windows: unknown[] = []
    for await (const page of reader.aggregate(query))
      for (const window of page) windows.push(window)
    expect(windows).toMatchObject([{ value: null, count: 3 }])
  })
})
