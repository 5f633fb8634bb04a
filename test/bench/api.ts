/**
 * How long the API takes over real connections and real stores: newest values out of 100,000 series, a page
 * and a stream of readings, and an import. Run: `npx tsx test/bench/api.ts`.
 */

import { Agent, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { openCityApi, noon, tokens } from '../api/city-api.ts'

const devices = 25_000
const properties = ['pm25', 'pm10', 'temperature', 'humidity']

const city = await openCityApi()
await city.app.listen({ host: '127.0.0.1', port: 0 })
const { port } = city.app.server.address() as AddressInfo
const agent = new Agent({ keepAlive: true, maxSockets: 8 })

function call(
  method: string,
  path: string,
  options: { headers?: Record<string, string>; body?: string } = {},
): Promise<{ status: number; bytes: number; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${tokens.admin}`, ...options.headers }
    const asked = request({ port, agent, method, path: `/api/v1${path}`, headers }, (response) => {
      let bytes = 0
      let text = ''
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length
        if (text.length < 2_000) text += chunk.toString()
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, bytes, text }))
    })
    asked.once('error', reject)
    asked.end(options.body)
  })
}

async function measure(name: string, count: number, path: (i: number) => string): Promise<void> {
  for (let i = 0; i < count / 10; i++) await call('GET', path(i))
  const tookMs: number[] = []
  for (let i = 0; i < count; i++) {
    const began = performance.now()
    const { status } = await call('GET', path(i))
    if (status !== 200) throw new Error(`${path(i)}: ${status}`)
    tookMs.push(performance.now() - began)
  }
  tookMs.sort((a, b) => a - b)
  const at = (share: number) => (tookMs[Math.floor(count * share)] ?? 0).toFixed(2)
  console.log(`${name}: p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(0.99999)} ms`)
}

async function timed(name: string, run: () => Promise<string>): Promise<void> {
  const before = process.memoryUsage().rss
  let peak = before
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().rss)
  }, 5)
  const began = performance.now()
  const note = await run()
  clearInterval(watch)
  const mib = ((peak - before) / 1_048_576).toFixed(0)
  console.log(`${name}: ${(performance.now() - began).toFixed(0)} ms, +${mib} MiB at most; ${note}`)
}

const rows = ['site,kind,lon,lat,device']
for (let i = 0; i < 2 * devices; i++) {
  rows.push(
    `s-${i % 2_000},${i % 2_000 < 200 ? 'coast' : 'street'},${118 + (i % 2_000) / 1_000},32,d-${i}`,
  )
}
await timed('import of 50,000 rows of CSV with tokens', async () => {
  const headers = { 'content-type': 'text/csv' }
  const { text } = await call('POST', '/devices/import?tokens=true', {
    headers,
    body: rows.join('\n'),
  })
  return text.slice(0, 60)
})

for (let start = 0; start < devices; start += 5_000) {
  await city.store(
    Array.from({ length: 5_000 }, (_, i) => `d-${start + i}`).flatMap((device) =>
      properties.map((property) => ({ device, property, observedAt: noon, value: 12.5 })),
    ),
  )
}
for (let part = 0; part < 50; part++) {
  await city.store(
    Array.from({ length: 20_000 }, (_, i) => ({
      device: `d-${part}`,
      property: 'noise',
      observedAt: noon + i * 5_000,
      value: i / 10,
    })),
  )
}
while (await city.writer.tidy(noon)) await new Promise((resolve) => setImmediate(resolve))

await measure('/latest of one device', 2_000, (i) => `/latest?device=d-${(i * 7) % devices}`)
await measure('/latest of one site', 2_000, (i) => `/latest?site=s-${(i * 7) % 2_000}`)
await measure('/latest, first 100 of everything', 1_000, () => '/latest')
await measure('/latest of a kind, 100', 1_000, () => '/latest?kind=coast')
await measure('/latest in a box, 1,000', 200, () => '/latest?bbox=118,31,118.5,33&limit=1000')
await measure('/latest of a property few have', 200, () => '/latest?property=noise')
const day = 'from=2026-11-21T12:00:00Z&to=2026-11-22T12:00:00Z'
await measure(
  '/readings, a day of one device by 5 minutes',
  500,
  (i) => `/readings?device=d-${i % 50}&property=noise&every=5m&${day}`,
)
await measure(
  '/readings, 1,000 raw',
  200,
  (i) => `/readings?device=d-${i % 50}&property=noise&${day}`,
)
await measure('/devices, 100', 500, () => '/devices')

for (const accept of ['text/csv', 'application/x-ndjson']) {
  await timed(`${accept} of 1,000,000 readings`, async () => {
    const { bytes } = await call(
      'GET',
      `/readings?property=noise&from=2026-11-21T00:00:00Z&to=2026-12-01T00:00:00Z`,
      {
        headers: { accept },
      },
    )
    return `${(bytes / 1e6).toFixed(0)} MB`
  })
}
agent.destroy()
await city.close()
