/**
 * Writing to a bucket that keeps an hour, when a part of what comes is two to six hours old: uplinks of four values of
 * 500 devices in batches of 2,000, live and old ones mixed. Measures readings per second and the longest time that a
 * batch, and with it its live readings, took.
 *
 *   npx tsx test/bench/influx-retention.ts [share of old uplinks, 0.25] [--words 1|2|unknown] [--seconds 20] [--unasked]
 *
 * `--words`: those of InfluxDB 1.6 ("beyond retention policy"), of 2.9 ("outside retention policy of duration", by a
 * stand-in), or words that nobody knows, for the whole request. `--unasked`: the server does not tell what it keeps.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Reading } from '../../domain/reading.ts'
import { openInfluxReader, openInfluxWriter } from '../../stores/readings/influx.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { startFaultProxy } from '../fixtures/fault-proxy.ts'
import { fakePorts } from '../fixtures/ports.ts'
import { type Influxd, startInfluxd1 } from '../servers/influx/influxd.ts'
import { startStandIn2 } from '../servers/influx/stand-in2.ts'
import { findServer } from '../servers/server.ts'

const hourMs = 3_600_000
const devices = 500
const batchUplinks = 2_000
const properties = ['pm25', 'pm10', 'no2', 'o3']
const bucket = 'short'

const options = process.argv.slice(2)
const share = Number(options[0]?.startsWith('--') === false ? options[0] : 0.25)
const optionAt = (name: string) => options[options.indexOf(name) + 1]
const words = options.includes('--words') ? optionAt('--words') : '1'
const seconds = options.includes('--seconds') ? Number(optionAt('--seconds')) : 20
const isUnasked = options.includes('--unasked')

const program = findServer('influxd')
if (program.by !== 'program') throw new Error('This needs influxd.')
const server: Influxd =
  words === '2' ? await startStandIn2(program.path) : await startInfluxd1(program.path)
const proxy = await startFaultProxy(server.url)
await makeBucket()
const now = Date.now()
const isOld = (at: number) => at < now - hourMs
const linesAt = (body: string) => body.split('\n').map((line) => Number(line.split(' ').at(-1)))
proxy.misfortune = ({ path, body }) => {
  if (isUnasked && `${path}${body}`.includes('RETENTION')) return { kind: 'answer', status: 400 }
  if (isUnasked && path.startsWith('/api/v2/buckets') && proxy.requests.length > 2) {
    return { kind: 'answer', status: 400 }
  }
  if (words !== 'unknown' || !path.startsWith('/write')) return undefined
  return linesAt(body).some(isOld)
    ? { kind: 'answer', status: 400, body: '{"error":"no"}' }
    : undefined
}

function batchAt(number: number): Reading[] {
  const batch: Reading[] = []
  for (let i = 0; i < batchUplinks; i++) {
    const isLate = (i * 7_919) % 1_000 < share * 1_000
    const back = isLate ? 2 * hourMs + ((i * 104_729) % (4 * hourMs)) : 0
    const observedAt = now + number * 10 - back + Math.floor(i / devices)
    const device = `air-${i % devices}`
    for (const property of properties) {
      batch.push({ device, property, observedAt, receivedAt: now, value: i / 10, quality: 1 })
    }
  }
  return batch
}

const dir = mkdtempSync(join(tmpdir(), 'bw-bench-'))
const ports = { ...fakePorts(), clock: systemClock, timers: systemTimers }
const { token, org } = server
const store = {
  url: words === 'unknown' || isUnasked ? proxy.url : server.url,
  ...{ token, org, bucket, path: join(dir, 'influx.db'), keepDays: 0, ports },
  placeOf: () => ({ site: 's', district: '320106' }),
}
const writer = openInfluxWriter(store)
const began = performance.now()
let longestMs = 0
let batches = 0
while (performance.now() - began < seconds * 1_000) {
  const at = performance.now()
  await writer.write(batchAt(batches++), { seq: batches, quarantined: 0 })
  longestMs = Math.max(longestMs, performance.now() - at)
}
const tookMs = performance.now() - began
const readings = batches * batchUplinks * properties.length
const told = ports.notes.filter(({ level }) => level === 'error' || level === 'warn').length
console.log(
  `${Math.round(share * 100)} % old, words ${words}${isUnasked ? ', unasked' : ''}: ` +
    `${Math.round((readings / tookMs) * 1_000)} readings/s, longest batch ${Math.round(longestMs)} ms, ` +
    `${told} log lines, load ${loadavg()[0]?.toFixed(1)}`,
)
const reader = openInfluxReader(store)
const series = [{ device: 'air-7', property: 'pm25' }]
let live = 0
for await (const page of reader.range({ series, from: now - hourMs, to: now + hourMs })) {
  live += page.length
}
console.log(`live readings of one series: ${live} in ${batches} batches`, await writer.progress())
await writer.close()
await reader.close()
await proxy.close()
await server.stop()
rmSync(dir, { recursive: true, force: true })

async function makeBucket(): Promise<void> {
  if (words === '2') {
    const made = await fetch(`${server.url}/api/v2/buckets`, {
      method: 'POST',
      headers: { ...server.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ name: bucket, retentionRules: [] }),
    })
    const { id } = (await made.json()) as { id: string }
    await fetch(`${server.url}/api/v2/buckets/${id}`, {
      method: 'PATCH',
      headers: { ...server.headers, 'content-type': 'application/json' },
      body: JSON.stringify({ retentionRules: [{ type: 'expire', everySeconds: 3_600 }] }),
    })
    return
  }
  const q = `CREATE DATABASE "${bucket}" WITH DURATION 1h SHARD DURATION 1h NAME "autogen"`
  await fetch(`${server.url}/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `q=${encodeURIComponent(q)}`,
  })
}
