/**
 * What quality control costs: µs per reading and bytes per series over 40,000 series, four to a device.
 * Run with `npx tsx --expose-gc test/bench/quality.ts [devices]`.
 */

import type { Reading } from '../../domain/reading.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import { registryWith } from '../ingest/registry.ts'

const devices = Number(process.argv[2] ?? 10_000)
const rounds = 20
const start = Date.parse('2025-11-01T00:00:00Z')
const properties = ['pm25', 'no2', 'temperature', 'water_level']
const ids = Array.from({ length: devices }, (_, i) => `air-${i}`)
const city = await registryWith(ids.map((id) => ({ id })))
const past = { range: () => [] }

/** One reading of each series at one moment. */
function round(n: number): Reading[] {
  const observedAt = start + n * 60_000
  return ids.flatMap((device, i) =>
    properties.map((property, p) => {
      const value = 20 + p + Math.round(50 * Math.sin(n / 5 + i)) / 10
      return { device, property, observedAt, receivedAt: observedAt + 500, value, quality: 1 }
    }),
  )
}

async function microseconds(enabled: boolean): Promise<number> {
  const quality = createQualityControl({ registry: city.view, past, enabled })
  const took: number[] = []
  let flagged = 0
  for (let n = 0; n < rounds; n++) {
    const readings = round(n)
    const before = process.cpuUsage()
    for (let i = 0; i < readings.length; i += 5_000) {
      const batch = readings.slice(i, i + 5_000)
      await quality.prepare(batch)
      flagged += quality.check(batch).revised.length
    }
    const { user, system } = process.cpuUsage(before)
    took.push((user + system) / readings.length)
  }
  console.log(`first round ${took[0]?.toFixed(2)} µs, ${flagged} revised`)
  return took.slice(5).sort((a, b) => a - b)[Math.floor((rounds - 5) / 2)] ?? 0
}

function heapMib(): number {
  globalThis.gc?.()
  globalThis.gc?.()
  const { heapUsed, arrayBuffers } = process.memoryUsage()
  return (heapUsed + arrayBuffers) / 1_048_576
}

async function bytesPerSeries(): Promise<number> {
  const quality = createQualityControl({ registry: city.view, past, enabled: true })
  const readings = round(0)
  for (const { device } of readings) city.view.device(device)
  const before = heapMib()
  await quality.prepare(readings)
  const after = heapMib()
  quality.check(readings.slice(0, 1))
  return ((after - before) * 1_048_576) / readings.length
}

console.log(`${devices * properties.length} series`)
console.log(`without tests ${(await microseconds(false)).toFixed(3)} µs per reading`)
console.log(`with tests ${(await microseconds(true)).toFixed(3)} µs per reading`)
if (globalThis.gc) console.log(`${Math.round(await bytesPerSeries())} bytes per series`)
await city.close()
