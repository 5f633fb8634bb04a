/**
 * B6 with InfluxDB: the same answers through our API and straight from InfluxDB, in turn, by 16 clients at once. One
 * property of a zone's devices, every five minutes; answers are read to their end and not parsed.
 *
 *   npm run bench:reads-influx [-- --devices 250 --days 30 --rounds 3 --clients 16]
 */

import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Reading } from '../../domain/reading.ts'
import { openInfluxWriter } from '../../stores/readings/influx.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { adminToken, deviceId, quantile, startBenchServer } from './bench-server.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '250' },
    days: { type: 'string', default: '30' },
    rounds: { type: 'string', default: '3' },
    clients: { type: 'string', default: '16' },
  },
})
const devices = Number(values.devices)
const days = Number(values.days)
const clients = Number(values.clients)
const properties = ['pm25', 'pm10']
const stepMs = 300_000
const dayMs = 86_400_000
const end = Math.floor((Date.now() - 3_600_000) / dayMs) * dayMs
const start = end - days * dayMs

const influxd = await startInfluxd1('/usr/bin/influxd')
const env = { BELLWETHER_READINGS: 'influx', BELLWETHER_INFLUX_URL: influxd.url }
const server = await startBenchServer({ devices, env })
await server.kill()
await preload()
await server.start()

async function preload(): Promise<void> {
  const store = openInfluxWriter({
    url: influxd.url,
    bucket: 'bellwether',
    path: join(server.dir, 'influx.db'),
    ports: { ...fakePorts(), clock: systemClock, timers: systemTimers },
    keepDays: 0,
    placeOf: () => ({ site: 'bench', district: null }),
  })
  for (let at = start; at < end; at += stepMs) {
    const batch: Reading[] = []
    for (let d = 0; d < devices; d++) {
      for (const property of properties) {
        const value = 20 + ((d * 7 + at / stepMs) % 600) / 10
        const receivedAt = at + 900
        batch.push({
          device: deviceId(d),
          property,
          observedAt: at,
          receivedAt,
          value,
          quality: 1,
        })
      }
    }
    await store.write(batch)
  }
  // As in a running server: hours are summed up soon after they have ended.
  while (await store.tidy(Date.now()));
  await store.close()
}

async function bytesOf(answer: Response): Promise<number> {
  const { byteLength } = await answer.arrayBuffer()
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status}`)
  return byteLength
}

async function ours(path: string, accept: string): Promise<number> {
  const headers = { authorization: `Bearer ${adminToken}`, accept }
  return bytesOf(await fetch(server.httpUrl + path, { headers }))
}

async function straight(statement: string, accept: string): Promise<number> {
  const chunked = accept === 'text/csv' ? '&chunked=true' : ''
  const path = `/query?db=bellwether&epoch=ms${chunked}&q=${encodeURIComponent(statement)}`
  const headers = { accept: accept === 'text/csv' ? 'application/csv' : accept }
  return bytesOf(await fetch(influxd.url + path, { headers }))
}

const device = (i: number) => deviceId((i * 7_919) % devices)
const zone = `"site" = 'bench'`

/** The i-th day of the data, or the whole of it. */
function span(i: number, length = dayMs) {
  const from = length === dayMs ? start + ((i * 31) % days) * dayMs : start
  return {
    api: `from=${new Date(from).toISOString()}&to=${new Date(from + length).toISOString()}`,
    influx: `time >= ${from}ms AND time < ${from + length}ms`,
  }
}

interface Question {
  name: string
  api(i: number): string
  influx(i: number): string
  /** Of each side and round. */
  times: number
  accept?: string
}

const raw = '"pm25", "pm25_q", "received"'
const mean = 'SELECT mean("pm25"), count("pm25") FROM "air" WHERE "pm25_q" <= 2 AND'
const questions: Question[] = [
  {
    name: 'last values of a device',
    api: (i) => `/api/v1/latest?device=${device(i)}`,
    influx: (i) => `SELECT last("pm25"), last("pm10") FROM "air" WHERE "device" = '${device(i)}'`,
    times: 1_600,
  },
  {
    name: 'last value of each device of the zone',
    api: () => '/api/v1/latest?site=bench&property=pm25&limit=1000',
    influx: () => `SELECT last("pm25") FROM "air" WHERE ${zone} GROUP BY "device"`,
    times: 100,
  },
  {
    name: 'a day of a device, 288 readings',
    api: (i) => `/api/v1/readings?device=${device(i)}&property=pm25&limit=1000&${span(i).api}`,
    influx: (i) => `SELECT ${raw} FROM "air" WHERE "device" = '${device(i)}' AND ${span(i).influx}`,
    times: 1_600,
  },
  {
    name: 'a day of a device as hourly means',
    api: (i) =>
      `/api/v1/readings?device=${device(i)}&property=pm25&every=1h&limit=1000&${span(i).api}`,
    influx: (i) => `${mean} "device" = '${device(i)}' AND ${span(i).influx} GROUP BY time(1h)`,
    times: 1_600,
  },
  {
    name: 'a day of the zone as hourly means',
    api: (i) => `/api/v1/readings?site=bench&property=pm25&every=1h&limit=10000&${span(i).api}`,
    influx: (i) => `${mean} ${zone} AND ${span(i).influx} GROUP BY time(1h), "device"`,
    times: 100,
  },
  {
    name: `${days} days of the zone as daily means`,
    api: (i) =>
      `/api/v1/readings?site=bench&property=pm25&every=1d&day=utc&limit=10000&${span(i, days * dayMs).api}`,
    influx: (i) =>
      `${mean} ${zone} AND ${span(i, days * dayMs).influx} GROUP BY time(1d), "device"`,
    times: 16,
  },
  {
    name: `${days} days of the zone as CSV`,
    api: (i) => `/api/v1/readings?site=bench&property=pm25&${span(i, days * dayMs).api}`,
    influx: (i) =>
      `SELECT ${raw} FROM "air" WHERE ${zone} AND ${span(i, days * dayMs).influx} GROUP BY "device"`,
    times: 1,
    accept: 'text/csv',
  },
]

/** Latencies of so many requests by all clients together, and the bytes of one answer. */
async function ask(times: number, request: (i: number) => Promise<number>) {
  const took: number[] = []
  let next = 0
  let bytes = 0
  async function client(): Promise<void> {
    for (let i = next++; i < times; i = next++) {
      const began = performance.now()
      bytes = await request(i)
      took.push(performance.now() - began)
    }
  }
  await Promise.all(Array.from({ length: Math.min(clients, times) }, client))
  return { took, bytes }
}

console.log(`load average: ${loadavg().map((l) => l.toFixed(1))}; ${clients} clients`)
for (const { name, api, influx, times, accept = 'application/json' } of questions) {
  const took = { ours: [] as number[], straight: [] as number[] }
  const bytes = { ours: 0, straight: 0 }
  const first = { ours: 0, straight: 0 }
  for (let round = 0; round <= Number(values.rounds); round++) {
    const a = await ask(times, (i) => ours(api(i), accept))
    const b = await ask(times, (i) => straight(influx(i), accept))
    if (round === 0) {
      first.ours = quantile(a.took, 0.5)
      first.straight = quantile(b.took, 0.5)
      continue
    }
    took.ours.push(...a.took)
    took.straight.push(...b.took)
    bytes.ours = a.bytes
    bytes.straight = b.bytes
  }
  const at = (share: number) => {
    const [a, b] = [quantile(took.ours, share), quantile(took.straight, share)]
    return `${a.toFixed(1)} / ${b.toFixed(1)} ms (${(a / b).toFixed(2)})`
  }
  const kib = `${(bytes.ours / 1024).toFixed(0)} / ${(bytes.straight / 1024).toFixed(0)} KiB`
  const cold = `${first.ours.toFixed(1)} / ${first.straight.toFixed(1)} ms`
  console.log(`${name}: p50 ${at(0.5)}, p99 ${at(0.99)}, first round p50 ${cold}, ${kib}`)
}
await server.stop()
await influxd.stop()
process.exit(0)
