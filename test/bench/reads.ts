/**
 * B6 on the embedded store: with 20 million readings, the last values of a device and a day of one property at
 * five minutes, through the API, while 2,000 uplinks of four values come in each second.
 *
 *   npm run bench:reads [-- --readings 20000000 --queries 2000]
 */

import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Reading } from '../../domain/reading.ts'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { deviceId, quantile, startBenchServer } from './bench-server.ts'
import { startLoad, wait } from './load.ts'

const { values } = parseArgs({
  options: {
    readings: { type: 'string', default: '20000000' },
    queries: { type: 'string', default: '2000' },
    rate: { type: 'string', default: '2000' },
  },
})
const devices = 5_000
const properties = ['pm25', 'pm10', 'temperature', 'humidity']
const steps = Math.floor(Number(values.readings) / devices / properties.length)
const stepMs = 300_000
const end = Math.floor((Date.now() - 2 * 3_600_000) / stepMs) * stepMs
const start = end - steps * stepMs

/** History at five minutes, written straight into the store before the server starts. */
async function preload(dir: string): Promise<void> {
  const store = openReadingsWriter({ path: join(dir, 'readings.db'), keepDays: 0 })
  for (let step = 0; step < steps; step++) {
    const observedAt = start + step * stepMs
    const batch: Reading[] = []
    for (let d = 0; d < devices; d++) {
      for (const property of properties) {
        const value = 20 + ((d * 7 + step * 13) % 600) / 10
        batch.push({
          device: deviceId(d),
          property,
          observedAt,
          receivedAt: observedAt + 900,
          value,
          quality: 1,
        })
      }
    }
    await store.write(batch)
    while (await store.tidy(end)) {}
    if (step % 100 === 0) process.stderr.write(`\r${Math.round((step / steps) * 100)} % loaded `)
  }
  await store.close()
  process.stderr.write('\n')
}

const server = await startBenchServer({ devices })
await server.kill()
await preload(server.dir)
const listeningMs = await server.start()
console.log(
  `${steps * devices * properties.length} readings; listening after ${listeningMs.toFixed(0)} ms`,
)
const load = startLoad({
  port: server.mqttPort,
  connections: 2_000,
  window: 4,
  seconds: 3_600,
  rate: Number(values.rate),
})
await wait(5_000)

async function measure(name: string, path: (i: number) => string): Promise<void> {
  const took: number[] = []
  for (let i = 0; i < Number(values.queries); i++) {
    const began = performance.now()
    const answer = (await server.get(path(i))) as { items: unknown[] }
    took.push(performance.now() - began)
    if (answer.items.length === 0) throw new Error(`${path(i)} answered nothing`)
  }
  console.log(
    `${name}: p50 ${quantile(took, 0.5).toFixed(1)} ms, p99 ${quantile(took, 0.99).toFixed(1)} ms`,
  )
}

const device = (i: number) => deviceId((i * 7_919) % devices)
const day = (i: number) => {
  const from = start + ((i * 31) % Math.max(1, steps - 288)) * stepMs
  return `from=${new Date(from).toISOString()}&to=${new Date(from + 86_400_000).toISOString()}`
}
console.log(`load average: ${loadavg().map((l) => l.toFixed(1))}`)
await measure('last values of a device', (i) => `/api/v1/latest?device=${device(i)}`)
await measure(
  'a day of one property of one device',
  (i) => `/api/v1/readings?device=${device(i)}&property=pm25&limit=1000&${day(i)}`,
)
await measure(
  'a day of one device at 5 min, hourly means',
  (i) => `/api/v1/readings?device=${device(i)}&every=1h&fn=mean&limit=1000&${day(i)}`,
)
load.stop()
await server.stop()
process.exit(0)
