/** Long answers over real connections: flat memory, other requests in between, and an end when nobody reads. */

import { type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { type CityApi, noon, openCityApi, tokens } from './city-api.ts'

const rows = 400_000
const perSeries = 20_000
const mebibyte = 1_048_576

let city: CityApi
let port: number
/** How often the store was asked for a page of the range under way, and whether it was let go. */
const read = { pages: 0, open: 0 }

beforeAll(async () => {
  city = await openCityApi()
  watchRanges(city.parts.readings)
  for (let s = 0; s < rows / perSeries; s++) {
    const device = `d-${String(s).padStart(3, '0')}`
    await city.store(
      Array.from({ length: perSeries }, (_, i) => ({
        device,
        observedAt: noon + i * 1_000,
        value: i,
      })),
    )
  }
  await city.app.listen({ host: '127.0.0.1', port: 0 })
  port = (city.app.server.address() as AddressInfo).port
})
afterAll(() => city.close())

function watchRanges(readings: ReadingsReader): void {
  const range = readings.range.bind(readings)
  readings.range = async function* (query): AsyncGenerator<readonly Reading[]> {
    read.open += 1
    try {
      for await (const page of range(query)) {
        read.pages += 1
        yield page
      }
    } finally {
      read.open -= 1
    }
  }
}

const query = '/api/v1/readings?from=2026-11-21T00:00:00Z&to=2026-11-23T00:00:00Z'

function get(accept: string, path = query): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${tokens.viewer}`, accept }
    request({ port, host: '127.0.0.1', path, headers }, resolve).once('error', reject).end()
  })
}
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

test.each(['text/csv', 'application/x-ndjson'])(
  '%s: every row, in little memory',
  async (accept) => {
    const before = process.memoryUsage().rss
    let peak = before
    let lines = 0
    let last = ''
    const response = await get(accept)
    for await (const chunk of response as AsyncIterable<Buffer>) {
      for (const byte of chunk) if (byte === 10) lines += 1
      last = chunk.toString().slice(-200)
      peak = Math.max(peak, process.memoryUsage().rss)
    }
    expect(response.statusCode).toBe(200)
    expect(lines).toBe(accept === 'text/csv' ? rows + 1 : rows)
    expect(last).toContain('d-019')
    expect(last.endsWith('\n')).toBe(true)
    // The whole answer is about 40 MB of text and ten times that as objects.
    expect(peak - before).toBeLessThan(150 * mebibyte)
    expect(read.open).toBe(0)
  },
)

test('other requests are answered while a long answer is made', async () => {
  const response = await get('text/csv')
  response.resume()
  let between = 0
  const ended = new Promise<void>((resolve) => {
    response.once('end', resolve)
  })
  let running = true
  void ended.then(() => {
    running = false
  })
  while (running) {
    expect((await city.call('GET', '/sites')).status).toBe(200)
    between += 1
    await wait(1)
  }
  expect(between).toBeGreaterThan(5)
})

test('nothing is read ahead for a client that does not read, and all is let go when it leaves', async () => {
  read.pages = 0
  const response = await get('text/csv')
  response.pause()
  try {
    // The buffers of both sockets fill first, on a busy machine slowly.
    let pages = -1
    for (let still = 0; still < 5; ) {
      still = read.pages === pages ? still + 1 : 0
      pages = read.pages
      await wait(200)
    }
    expect(pages * 4_096).toBeLessThan(rows / 2)
    expect(read.open).toBe(1)
  } finally {
    response.destroy()
  }
  for (let i = 0; i < 200 && read.open > 0; i++) await wait(10)
  expect(read.open).toBe(0)
})

test('a fault in the middle breaks the answer off, so that nobody takes it for whole', async () => {
  const { readings } = city.parts
  const range = readings.range
  readings.range = async function* (asked) {
    let pages = 0
    for await (const page of range(asked)) {
      pages += 1
      if (pages > 10) throw new Error('disk gone')
      yield page
    }
  }
  const response = await get('text/csv')
  const outcome = await new Promise<string>((resolve) => {
    response.resume()
    response.once('end', () => resolve(response.complete ? 'whole' : 'broken'))
    response.once('error', () => resolve('broken'))
    response.once('aborted', () => resolve('broken'))
  })
  readings.range = range
  expect(outcome).toBe('broken')
  expect(read.open).toBe(0)
})

test('a limit ends the reading as well', async () => {
  const response = await get('text/csv', `${query}&limit=10`)
  let text = ''
  for await (const chunk of response as AsyncIterable<Buffer>) text += chunk.toString()
  expect(text.trimEnd().split('\r\n')).toHaveLength(11)
  expect(read.open).toBe(0)
})
