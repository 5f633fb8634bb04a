/** Signals over windows against the plain definition: all counting readings of (t − window, t], each time once. */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHistory, newestOf, put, rawMax } from '../../alerts/windows/window-buffer.ts'
import { type Window, windowOf, windowValue } from '../../alerts/windows/window.ts'
import { ruleOf } from '../fixtures/registry.ts'

const hour = 3_600_000
const fns = ['mean', 'max', 'min', 'sum', 'range', 'rate'] as const

function windowFor(signal: object, rest: object = {}): Window {
  const found = windowOf(
    ruleOf({ id: 'r', property: 'rainfall', levels: { red: 1 }, signal, ...rest }),
  )
  if (found === null) throw new Error('no window')
  return found
}

type Point = readonly [at: number, value: number | null]

/** What the signal is by definition; two thirds of the code of the real one would be its bookkeeping. */
function naive({ fn, lengthMs, perMs, coverage }: Window, points: readonly Point[], at: number) {
  const byTime = new Map<number, number>()
  for (const [time, value] of points) {
    if (value === null) byTime.delete(time)
    else byTime.set(time, value)
  }
  const inside = [...byTime]
    .filter(([time]) => time > at - lengthMs && time <= at)
    .sort(([a], [b]) => a - b)
  const n = inside.length
  if (n === 0) return null
  const span = (inside.at(-1)?.[0] ?? 0) - (inside[0]?.[0] ?? 0)
  const covered = n === 1 ? 0 : (span * n) / (n - 1)
  if (covered < coverage * lengthMs) return null
  const values = inside.map(([, value]) => value)
  const sum = values.reduce((a, b) => a + b, 0)
  const mean = sum / n
  const meanTime = inside.reduce((a, [time]) => a + time, 0) / n
  const both = inside.reduce((a, [time, value]) => a + (time - meanTime) * (value - mean), 0)
  const square = inside.reduce((a, [time]) => a + (time - meanTime) ** 2, 0)
  switch (fn) {
    case 'mean':
      return mean
    case 'max':
      return Math.max(...values)
    case 'min':
      return Math.min(...values)
    case 'sum':
    case 'increase':
      return sum
    case 'range':
      return Math.max(...values) - Math.min(...values)
    case 'rate':
      return square === 0 ? null : (both / square) * perMs
  }
}

const near = (expected: number | null) =>
  expected === null ? null : expect.closeTo(expected, Math.abs(expected) > 1e4 ? 3 : 6)

describe('windows', () => {
  /** Steps of ten seconds with repeats, late ones, and readings taken out again. */
  const steps = fc.array(
    fc.record({
      ahead: fc.integer({ min: 0, max: 40 }),
      late: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 60 })),
      value: fc.option(fc.double({ min: -1_000, max: 1_000, noNaN: true }), { freq: 10 }),
    }),
    { minLength: 1, maxLength: 200 },
  )

  test.each(fns)('%s is as defined after any readings, late, repeated or taken back', (fn) => {
    const both = [
      windowFor({ type: fn, window: '10m' }),
      windowFor({ type: fn, window: '30m', coverage: 0.75 }, { direction: 'below' }),
    ]
    fc.assert(
      fc.property(steps, (all) => {
        const history = createHistory(30 * 60_000)
        const points: Point[] = []
        let now = Date.UTC(2026, 10, 21)
        for (const { ahead, late, value } of all) {
          now += ahead * 10_000
          const at = now - late * 10_000
          // What is further back than the longest window is not kept, so it must not be asked for either.
          if (at <= newestOf(history) - history.reachMs) continue
          put(history, at, value)
          points.push([at, value])
          const newest = newestOf(history)
          if (newest < now && points.some(([, each]) => each === null)) continue
          for (const window of both) {
            const found = windowValue(window, history, { at: now, expectedMs: 0 })
            expect(found).toEqual(near(naive(window, points, now)))
          }
        }
      }),
      { numRuns: 60 },
    )
  })

  test('that hold more than is kept singly are exact but for where they begin', () => {
    const lengthMs = 24 * hour
    const history = createHistory(lengthMs)
    const points: Point[] = []
    const start = Date.UTC(2026, 10, 20)
    for (let i = 0; i < 20_000; i += 1) {
      const point = [start + i * 10_000, 50 + 40 * Math.sin(i / 900) + (i % 7)] as const
      points.push(point)
      put(history, ...point)
    }
    const at = points.at(-1)?.[0] ?? 0
    expect(history.slots.length).toBeLessThanOrEqual(1_026)
    expect(history.to - history.from).toBeLessThanOrEqual(rawMax)
    const slotMs = lengthMs / 1_024
    for (const fn of fns) {
      const window = windowFor({ type: fn, window: '24h' })
      const found = windowValue(window, history, { at, expectedMs: 0 }) ?? Number.NaN
      const from = naive(window, points, at) ?? Number.NaN
      const longer = naive({ ...window, lengthMs: lengthMs + slotMs }, points, at) ?? Number.NaN
      const [low, high] = [Math.min(from, longer), Math.max(from, longer)]
      const slack = fn === 'rate' ? 1e-3 : 1e-6
      expect(found, fn).toBeGreaterThanOrEqual(low - slack)
      expect(found, fn).toBeLessThanOrEqual(high + slack)
    }
    // Within what is kept singly nothing is approximate.
    for (const fn of fns) {
      const window = windowFor({ type: fn, window: '1h' })
      const found = windowValue(window, history, { at, expectedMs: 0 })
      expect(found).toEqual(near(naive(window, points, at)))
    }
    // A message sent again counts once, however old it is.
    const sum = windowFor({ type: 'sum', window: '24h' })
    const before = windowValue(sum, history, { at, expectedMs: 0 })
    for (const point of points) put(history, ...point)
    expect(windowValue(sum, history, { at, expectedMs: 0 })).toBe(before)
  })

  test('take in late readings that no slot has newer ones of', () => {
    const history = createHistory(24 * hour)
    const start = Date.UTC(2026, 10, 20)
    const gap = start + 3 * hour
    for (let i = 0; i < 8_000; i += 1) {
      const at = start + i * 10_000
      if (at < gap || at > gap + hour) put(history, at, 1)
    }
    const sum = windowFor({ type: 'sum', window: '24h' })
    const end = { at: newestOf(history), expectedMs: 0 }
    const before = windowValue(sum, history, end) ?? 0
    for (let i = 0; i < 30; i += 1) put(history, gap + i * 100_000, 10)
    expect(windowValue(sum, history, end)).toBe(before + 300)
  })

  test('sums come out as decimals do', () => {
    const history = createHistory(hour)
    const sum = windowFor({ type: 'sum', window: '1h' })
    for (let i = 1; i <= 8; i += 1) put(history, i * 60_000, 0.1)
    expect(windowValue(sum, history, { at: 480_000, expectedMs: 0 })).toBe(0.8)
  })
})

describe('a window that is not full', () => {
  const start = Date.UTC(2026, 10, 20)
  /** Readings every five minutes from the start on, for so long. */
  function filled(ms: number, signal: object, rest: object = {}): number | null {
    const window = windowFor(signal, rest)
    const history = createHistory(window.lengthMs)
    let at = start
    for (; at < start + ms; at += 300_000) put(history, at, 10)
    return windowValue(window, history, { at: at - 300_000, expectedMs: 0 })
  }

  test('is judged as it is unless the rule asks for more; a rate needs a quarter of it', () => {
    expect(filled(300_000, { type: 'mean', window: '24h' })).toBe(10)
    expect(filled(300_000, { type: 'rate', window: '24h' })).toBeNull()
    expect(filled(5 * hour, { type: 'rate', window: '24h' })).toBeNull()
    expect(filled(6 * hour, { type: 'rate', window: '24h' })).toBe(0)
  })

  test('gives no mean and no rate until as much as the rule asks for is there', () => {
    for (const type of ['mean', 'rate']) {
      const signal = { type, window: '24h', coverage: 0.75 }
      expect(filled(300_000, signal)).toBeNull()
      expect(filled(17 * hour, signal)).toBeNull()
      expect(filled(18 * hour, signal)).not.toBeNull()
    }
  })

  const whole = { window: '24h', coverage: 0.75 }

  test('is judged at once where more could only make it worse', () => {
    expect(filled(300_000, { type: 'sum', ...whole })).toBe(10)
    expect(filled(300_000, { type: 'max', ...whole })).toBe(10)
    expect(filled(300_000, { type: 'range', ...whole })).toBe(0)
    expect(filled(300_000, { type: 'min', ...whole }, { direction: 'below' })).toBe(10)
  })

  test('is not judged where it would look worse than it is', () => {
    const below = { direction: 'below' }
    expect(filled(hour, { type: 'sum', ...whole }, below)).toBeNull()
    expect(filled(hour, { type: 'max', ...whole }, below)).toBeNull()
    expect(filled(hour, { type: 'range', ...whole }, below)).toBeNull()
    expect(filled(hour, { type: 'min', ...whole })).toBeNull()
    // What can be negative may shrink a sum.
    const level = { property: 'water_level' }
    expect(filled(hour, { type: 'sum', ...whole }, level)).toBeNull()
    expect(filled(24 * hour, { type: 'sum', ...whole }, below)).toBe(2_880)
  })

  test('counts a single reading for the interval that its device is expected to keep', () => {
    const window = windowFor({ type: 'mean', window: '1h', coverage: 0.75 })
    const history = createHistory(hour)
    put(history, start, 10)
    expect(windowValue(window, history, { at: start, expectedMs: 0 })).toBeNull()
    expect(windowValue(window, history, { at: start, expectedMs: hour })).toBe(10)
  })
})
