import { describe, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import { timeSlices } from '../../operations/time-slices.ts'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { tempStore } from './temp-store.ts'

const start = Date.parse('2026-01-01T00:00:00Z')

function reading(device: string, observedAt: number): Reading {
  return {
    device,
    property: 'pm25',
    observedAt,
    receivedAt: observedAt + 40,
    value: 35,
    quality: 1,
  }
}

async function slicesOf(readings: readonly Reading[], to: number) {
  const { path, reader } = tempStore()
  const writer = openReadingsWriter({ path, keepDays: 0 })
  await writer.write(readings)
  await writer.close()
  const found: { from: number; readings: readonly Reading[] }[] = []
  const series = await reader.series()
  for await (const slice of timeSlices(reader, { series, from: start, to })) found.push(slice)
  return found
}

describe('slices of time', () => {
  test('hold everything once, in one order over all series, and know where they begin', async () => {
    const sparse = Array.from({ length: 40 }, (_, i) => reading('a', start + i * 5 * 86_400_000))
    const dense = Array.from({ length: 500 }, (_, i) => reading('b', start + i * 60_000))
    const to = start + 400 * 86_400_000
    const slices = await slicesOf([...sparse, ...dense], to)
    const all = slices.flatMap(({ readings }) => readings)
    expect(all).toHaveLength(540)
    expect(all.every((one, i) => one.observedAt >= (all[i - 1]?.observedAt ?? 0))).toBe(true)
    for (const { from, readings } of slices) {
      expect(readings.every(({ observedAt }) => observedAt >= from)).toBe(true)
    }
    // Stretches grow while there is little in them: a year is not read minute by minute.
    expect(slices.length).toBeLessThan(40)
  })

  test('stay bounded where readings become dense after a quiet year', async () => {
    const late = start + 365 * 86_400_000
    const dense = Array.from({ length: 250_000 }, (_, i) => reading('b', late + i * 1_000))
    const slices = await slicesOf([reading('a', start), ...dense], late + 3 * 86_400_000)
    expect(slices.reduce((sum, { readings }) => sum + readings.length, 0)).toBe(250_001)
    expect(Math.max(...slices.map(({ readings }) => readings.length))).toBeLessThanOrEqual(100_000)
  })
})
