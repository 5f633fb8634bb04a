import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  chunkHolds,
  countOfChunk,
  decodeChunk,
  encodeChunk,
  headBytesMax,
  lastOfChunk,
} from '../../../../stores/readings/sqlite/chunk-codec.ts'
import { createPoints, type Points } from '../../../../stores/readings/log/points.ts'

interface Point {
  observedAt: number
  receivedAt: number
  /** NaN is null. */
  value: number
  quality: number
  tests: number
}

function pointsFrom(rows: readonly Point[]): Points {
  const points = createPoints(rows.length)
  for (const row of rows) {
    const at = points.count++
    points.observedAt[at] = row.observedAt
    points.receivedAt[at] = row.receivedAt
    points.value[at] = row.value
    points.quality[at] = row.quality
    points.tests[at] = row.tests
  }
  return points
}

function rowsOf(points: Points): Point[] {
  return Array.from({ length: points.count }, (_, i) => ({
    observedAt: points.observedAt[i]!,
    receivedAt: points.receivedAt[i]!,
    value: points.value[i]!,
    quality: points.quality[i]!,
    tests: points.tests[i]!,
  }))
}

function roundTrip(rows: readonly Point[]): Point[] {
  const back = createPoints(0)
  decodeChunk(encodeChunk(pointsFrom(rows)), back)
  return rowsOf(back)
}

const usual = Array.from({ length: 288 }, (_, i) => ({
  observedAt: Date.UTC(2026, 10, 21) + i * 300_000,
  receivedAt: Date.UTC(2026, 10, 21) + i * 300_000 + 60 + ((i * 37) % 90),
  value: Math.round((20 + 8 * Math.sin(i / 40)) * 10) / 10,
  quality: 1,
  tests: 0,
}))

const anyTime = fc.oneof(
  fc.integer({ min: -1e15, max: 1e15 }),
  fc.maxSafeInteger(),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((time) => time + 0),
)
const anyValue = fc.oneof(
  { weight: 4, arbitrary: fc.integer({ min: -1e6, max: 1e6 }).map((whole) => whole / 100) },
  { weight: 1, arbitrary: fc.integer() },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
  { weight: 1, arbitrary: fc.double({ noDefaultInfinity: true }) },
)
const anyRows = (time: fc.Arbitrary<number>, value: fc.Arbitrary<number>) =>
  fc
    .uniqueArray(
      fc.record({
        observedAt: time,
        receivedAt: time,
        value,
        quality: fc.constantFrom(1, 2, 3, 4, 9),
        tests: fc.oneof(fc.constantFrom(0, 21), fc.integer({ min: 0, max: 2 ** 32 - 1 })),
      }),
      { minLength: 1, maxLength: 60, selector: ({ observedAt }) => observedAt },
    )
    .map((rows) => rows.sort((a, b) => a.observedAt - b.observedAt))

describe('chunk codec', () => {
  test.each([
    ['anything', anyRows(anyTime, anyValue)],
    ['whole times and decimals', anyRows(fc.integer({ min: -1e12, max: 2e12 }), anyValue)],
    [
      'values all decimals',
      anyRows(
        fc.integer(),
        fc.integer().map((whole) => whole / 1_000),
      ),
    ],
    ['values all extreme', anyRows(anyTime, fc.double({ noDefaultInfinity: true }))],
    ['values all null', anyRows(anyTime, fc.constant(Number.NaN))],
  ])('gives back bit for bit: %s', (_, rows) => {
    fc.assert(
      fc.property(rows, (points) => {
        // toEqual compares with Object.is, so −0 and NaN count.
        expect(roundTrip(points)).toEqual(points)
      }),
      { numRuns: 400 },
    )
  })

  test('appends to what is there', () => {
    const into = pointsFrom(usual.slice(0, 100))
    decodeChunk(encodeChunk(pointsFrom(usual.slice(100, 200))), into)
    expect(rowsOf(into)).toEqual(usual.slice(0, 200))
  })

  test('takes few bytes for usual data', () => {
    expect(encodeChunk(pointsFrom(usual)).length / usual.length).toBeLessThan(5)
  })

  test('takes hardly more for outcomes of tests, which hardly change', () => {
    const bare = encodeChunk(pointsFrom(usual)).length
    const alike = usual.map((row) => ({ ...row, tests: 0b01_01_01_01 }))
    expect(encodeChunk(pointsFrom(alike)).length).toBe(bare + 4)
    const once = alike.map((row, i) => (i === 100 ? { ...row, tests: 0b01_10_01_01 } : row))
    expect(encodeChunk(pointsFrom(once)).length).toBeLessThan(bare + 20)
  })

  test('does not fall back to plain numbers for decimals', () => {
    const decimals = usual.map((row, i) => ({ ...row, value: (i % 7) + 0.1 + (i % 3) * 0.01 }))
    const rounded = decimals.map((row) => ({ ...row, value: Number(row.value.toFixed(2)) }))
    expect(encodeChunk(pointsFrom(rounded)).length / usual.length).toBeLessThan(6)
  })

  test('tells the last point from the head alone', () => {
    const rows = [
      ...usual,
      { observedAt: 4e12, receivedAt: 7.5, value: Number.NaN, quality: 9, tests: 0 },
    ]
    const head = encodeChunk(pointsFrom(rows)).subarray(0, headBytesMax)
    const last = { receivedAt: 7.5, value: Number.NaN, quality: 9, tests: 0 }
    expect(lastOfChunk(head)).toEqual(last)
    const tested = rows.map((row, i) => ({ ...row, tests: i }))
    expect(lastOfChunk(encodeChunk(pointsFrom(tested)))).toEqual({ ...last, tests: usual.length })
    const alike = rows.map((row) => ({ ...row, tests: 2 ** 32 - 1 }))
    expect(lastOfChunk(encodeChunk(pointsFrom(alike)))).toEqual({ ...last, tests: 2 ** 32 - 1 })
  })

  test('tells whether it holds a time', () => {
    const bytes = encodeChunk(pointsFrom(usual))
    const scratch = createPoints(0)
    for (const { observedAt } of usual) {
      expect(chunkHolds(bytes, observedAt, scratch)).toBe(true)
      expect(chunkHolds(bytes, observedAt + 1, scratch)).toBe(false)
    }
  })

  test('bytes that are cut off or no chunk at all are an error, not an endless or huge read', () => {
    const bytes = encodeChunk(pointsFrom(usual))
    for (let length = 0; length < bytes.length; length += 7) {
      expect(() => decodeChunk(bytes.subarray(0, length), createPoints(0))).toThrow()
    }
    const noise = fc.uint8Array({ maxLength: 200 })
    fc.assert(
      fc.property(noise, (random) => {
        try {
          decodeChunk(random, createPoints(0))
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
    const huge = new Uint8Array(headBytesMax)
    huge.fill(255, 4, 8)
    expect(() => countOfChunk(huge)).toThrow(/damaged/)
  })
})
