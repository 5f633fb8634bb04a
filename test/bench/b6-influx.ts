/**
 * B6 with InfluxDB: the same answers through our API and straight from InfluxDB, one after the other in one run.
 *
 *   npm run bench:reads-influx [-- --devices 1000 --days 7 --queries 400]
 */

import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Reading } from '../../domain/reading.ts'
import { openInfluxWriter } from '../../stores/readings/influx.ts'
import { systemClock, systemTimers } from '../../system.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { startInfluxd1 } from '../servers/influx/influxd.ts'
import { deviceId, quantile, startBenchServer } from './bench-server.ts'

const { values } = parseArgs({
  options: {
    devices: { type: 'string', default: '1000' },
    days: { type: 'string', default: '7' },
    queries: { type: 'string', default: '400' },
  },
})
const devices = Number(values.devices)
const properties = ['pm25', 'pm10', 'o3', 'no2']
const stepMs = 300_000
const dayMs = 86_400_000
const end = Math.floor((Date.now() - 3_600_000) / dayMs) * dayMs
const start = end - Number(values.days) * dayMs

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
  await store.close()
}

async function straight(statement: string): Promise<unknown> {
  const path = `/query?db=bellwether&epoch=ms&q=${encodeURIComponent(statement)}`
  const answer = (await (await fetch(influxd.url + path)).json()) as {
    results: { series?: unknown[] }[]
  }
  if (answer.results[0]?.series === undefined) throw new Error(`${statement} answered nothing`)
  return answer
}

const device = (i: number) => deviceId((i * 7_919) % devices)
const dayOf = (i: number) => start + ((i * 31) % Number(values.days)) * dayMs
const span = (i: number) => {
  const from = dayOf(i)
  return {
    api: `from=${new Date(from).toISOString()}&to=${new Date(from + dayMs).toISOString()}`,
    influx: `time >= ${from}ms AND time < ${from + dayMs}ms`,
  }
}

const questions: [string, (i: number) => string, (i: number) => string][] = [
  [
    'last values of a device',
    (i) => `/api/v1/latest?device=${device(i)}`,
    (i) =>
      `SELECT last("pm25"), last("pm10"), last("o3"), last("no2") FROM "air" WHERE "device" = '${device(i)}'`,
  ],
  [
    'a day of one property, 288 readings',
    (i) => `/api/v1/readings?device=${device(i)}&property=pm25&limit=1000&${span(i).api}`,
    (i) =>
      `SELECT "pm25", "pm25_q", "received" FROM "air" WHERE "device" = '${device(i)}' AND ${span(i).influx}`,
  ],
  [
    'the same as hourly means',
    (i) =>
      `/api/v1/readings?device=${device(i)}&property=pm25&every=1h&fn=mean&limit=1000&${span(i).api}`,
    (i) =>
      `SELECT mean("pm25"), count("pm25") FROM "air" WHERE "device" = '${device(i)}' AND "pm25_q" <= 2 AND ${span(i).influx} GROUP BY time(1h)`,
  ],
]

console.log(`load average: ${loadavg().map((l) => l.toFixed(1))}`)
for (const [name, api, influx] of questions) {
  const took = { ours: [] as number[], straight: [] as number[] }
  for (let i = 0; i < Number(values.queries); i++) {
    const began = performance.now()
    const answer = (await server.get(api(i))) as { items: unknown[] }
    const between = performance.now()
    await straight(influx(i))
    took.ours.push(between - began)
    took.straight.push(performance.now() - between)
    if (answer.items.length === 0) throw new Error(`${api(i)} answered nothing`)
  }
  const at = (share: number) =>
    `${quantile(took.ours, share).toFixed(1)} / ${quantile(took.straight, share).toFixed(1)} ms`
  const ratio = quantile(took.ours, 0.5) / quantile(took.straight, 0.5)
  console.log(`${name}: p50 ${at(0.5)} (${ratio.toFixed(2)}), p99 ${at(0.99)}`)
}
await server.stop()
await influxd.stop()
process.exit(0)
