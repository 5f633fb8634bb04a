import { describe, expect, test } from 'vitest'
import { createAckTimes } from '../../broker/ack-times.ts'

describe('times of acknowledgements', () => {
  test('median and 99th percentile come within a few per cent', () => {
    const times = createAckTimes(() => 0)
    for (let i = 1; i <= 1_000; i++) times.took(i / 1_000)
    const found = times.lately()
    expect(found?.p50).toBeGreaterThan(470)
    expect(found?.p50).toBeLessThan(530)
    expect(found?.p99).toBeGreaterThan(930)
    expect(found?.p99).toBeLessThan(1_050)
  })

  test('nothing acknowledged has no times', () => {
    expect(createAckTimes(() => 0).lately()).toBeNull()
  })

  test('what was long ago is forgotten, also when nobody asked meanwhile', () => {
    let now = 0
    const times = createAckTimes(() => now)
    times.took(5)
    now = 9_000
    expect(times.lately()?.p99).toBeGreaterThan(4_000)
    now = 15_000
    times.took(0.001)
    expect(times.lately()?.p99).toBeGreaterThan(4_000)
    now = 26_000
    expect(times.lately()?.p99).toBeLessThan(2)
    now = 60_000
    expect(times.lately()).toBeNull()
  })

  test('times beyond all buckets and none at all are counted', () => {
    const times = createAckTimes(() => 0)
    for (const seconds of [0, 1e-9, 1e9]) times.took(seconds)
    expect(times.lately()?.p50).toBeLessThan(0.02)
    expect(times.lately()?.p99).toBeGreaterThan(60_000)
  })
})
