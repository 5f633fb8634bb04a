/** How long one uplink takes to be counted and judged. Run with `npx tsx test/bench/judge.ts`. */

import { countReadings } from '../../payload/count-readings.ts'
import type { Uplink, UplinkKind } from '../../domain/uplink.ts'
import { createJudge } from '../../payload/validate.ts'
import { registryWith } from '../ingest/registry.ts'

const now = Date.parse('2025-11-01T00:00:00Z')
const messages: [string, UplinkKind, unknown][] = [
  [
    '4 values with time',
    'telemetry',
    { ts: now, values: { pm25: 35.2, pm10: 61, so2: 8, no2: 33.5 } },
  ],
  ['4 values, flat', 'telemetry', { pm25: 35.2, pm10: 61, so2: 8, no2: 33.5 }],
  [
    '4 values by profile',
    'telemetry',
    { ts: now, values: { 水位: 3.2, b: 61, c: '8.1', d: 33.5 } },
  ],
  ['gateway, 10 devices of 4', 'gateway-telemetry', gatewayMessage(10)],
  [
    'attributes',
    'attributes',
    { battery: 87, rsrp: -97, snr: 12, firmware: '1.2.3', cell: '460-1' },
  ],
  [
    '4 values, all refused',
    'telemetry',
    { ts: now, values: { a: 1, pm10: 1e9, so2: 'x', no2: -99 } },
  ],
]

function gatewayMessage(devices: number): unknown {
  const values = { pm25: 35.2, pm10: 61, so2: 8, no2: 33.5 }
  return Object.fromEntries(
    Array.from({ length: devices }, (_, i) => [`child-${i}`, [{ ts: now, values }]]),
  )
}

const keys = {
  水位: 'water_level',
  b: { property: 'flow', unit: 'L/s' },
  c: 'velocity',
  d: 'rainfall',
}
const test = await registryWith([
  { id: 'plain' },
  { id: 'profiled', profile: { keys } },
  { id: 'gateway' },
  ...Array.from({ length: 10 }, (_, i) => ({ id: `child-${i}`, gateway: 'gateway' })),
])
const judge = createJudge({
  registry: test.view,
  payloadBytesMax: 65_536,
  readingAgeDaysMax: 7,
  readingAheadSecondsMax: 300,
})

for (const [name, kind, message] of messages) {
  const payload = Buffer.from(JSON.stringify(message))
  const device = name.includes('profile')
    ? 'profiled'
    : name.includes('gateway')
      ? 'gateway'
      : 'plain'
  const uplink: Uplink = { seq: 1, kind, device, receivedAt: now, payload, readings: 0 }
  const rounds = kind === 'gateway-telemetry' ? 50_000 : 300_000
  const counted = nanoseconds(rounds, () => countReadings(kind, payload))
  const judged = nanoseconds(rounds, () => judge(uplink))
  const parsed = nanoseconds(rounds, () => JSON.parse(payload.toString('utf8')))
  console.log(
    `${name} (${payload.length} B): count ${counted} ns, JSON.parse alone ${parsed} ns, judge ${judged} ns`,
  )
}
await test.close()

/** Median of five rounds. */
function nanoseconds(rounds: number, run: () => unknown): number {
  const took = Array.from({ length: 5 }, () => {
    const start = process.hrtime.bigint()
    for (let i = 0; i < rounds; i++) run()
    return Number(process.hrtime.bigint() - start) / rounds
  })
  return Math.round(took.sort((a, b) => a - b)[2] ?? 0)
}
