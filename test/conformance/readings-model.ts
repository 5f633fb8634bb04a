/**
 * The readings store against a model made of plain maps: random batches with late, repeated and unordered
 * readings, housekeeping and reopening at any point, and after each step every answer compared.
 */

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Aggregate,
  type AggregateFn,
  aggregateFns,
  type Quality,
  qualityFlags,
  type Reading,
} from '../../domain/reading.ts'
import type { Advance, Progress, ReadingsReader } from '../../stores/readings/readings.ts'
import type { OpenStore } from './readings.ts'

const minute = 60_000
const start = Date.UTC(2026, 10, 21)
const devices = ['a', 'b', '闸门']
const properties = ['pm25', 'pm10']
const series = devices.flatMap((device) => properties.map((property) => ({ device, property })))
const everything = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }

const anyReading: fc.Arbitrary<Reading> = fc
  .record({
    device: fc.constantFrom(...devices),
    property: fc.constantFrom(...properties),
    // Few moments, so that many meet.
    observedAt: fc.oneof(
      fc.integer({ min: 0, max: 40 }).map((i) => start + i * minute),
      fc.integer({ min: -3, max: 3 }).map((i) => start + i * 86_400_000),
    ),
    receivedAt: fc.integer({ min: start, max: start + 1_000_000 }),
    value: fc.oneof(
      fc.constant(null),
      fc.integer({ min: -50, max: 500 }).map((tenths) => tenths / 10),
      fc.double({ noNaN: true, min: -1e6, max: 1e6 }),
    ),
    quality: fc.constantFrom<Quality>(...qualityFlags),
    tests: fc.oneof(fc.constant(undefined), fc.integer({ min: 1, max: 2 ** 20 - 1 })),
  })
  .map(({ tests, ...one }) => (tests === undefined ? one : { ...one, tests }))

/** Which of the stored readings gets which flags; `off` makes it one that is not stored like this. */
interface Mark {
  which: number
  quality: Quality
  tests: number
  off: 'value' | 'receivedAt' | 'observedAt' | 'nothing'
}

const anyMark: fc.Arbitrary<Mark> = fc.record({
  which: fc.nat(),
  quality: fc.constantFrom<Quality>(...qualityFlags),
  tests: fc.integer({ min: 0, max: 15 }),
  off: fc.constantFrom<Mark['off'][]>('nothing', 'nothing', 'value', 'receivedAt', 'observedAt'),
})

type Step =
  | {
      do: 'write'
      batch: readonly Reading[]
      advance: number | null
      ahead: number | null
      late: boolean
    }
  | { do: 'tidy'; times: number }
  | { do: 'revise'; marks: readonly Mark[]; withBatch: readonly Reading[] | null }
  | { do: 'reopen' }
  | { do: 'follow' }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      batch: fc.array(anyReading, { maxLength: 25 }),
      advance: fc.option(fc.integer({ min: 0, max: 5 })),
      ahead: fc.option(fc.integer({ min: 0, max: 5 })),
      late: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('tidy' as const),
      times: fc.integer({ min: 1, max: 12 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revise' as const),
      marks: fc.array(anyMark, { maxLength: 12 }),
      withBatch: fc.option(fc.array(anyReading, { maxLength: 5 })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('follow' as const) }) },
)

const nameOf = ({ device, property }: { device: string; property: string }) =>
  `${device}/${property}`

/** The store as it should be. */
class Model {
  readonly readings = new Map<string, Map<number, Reading>>()
  progress: Progress = { seq: 0, received: 0, stored: 0, duplicate: 0, quarantined: 0 }

  write(batch: readonly Reading[], advance: Advance | undefined) {
    const result = { stored: 0, duplicate: 0 }
    for (const reading of batch) {
      const known = this.readings.get(nameOf(reading)) ?? new Map<number, Reading>()
      this.readings.set(nameOf(reading), known)
      const stands = known.get(reading.observedAt)
      if (stands) result.duplicate++
      else result.stored++
      if (stands && advance?.late && stands.receivedAt > reading.receivedAt) continue
      known.set(reading.observedAt, reading)
    }
    const { seq, received, stored, duplicate, quarantined } = this.progress
    const ahead = advance === undefined ? this.progress.ahead : advance.ahead
    const refused = advance?.quarantined ?? 0
    this.progress = {
      seq: advance?.seq ?? seq,
      ...(ahead === undefined ? {} : { ahead }),
      received: received + batch.length + refused,
      stored: stored + result.stored,
      duplicate: duplicate + result.duplicate,
      quarantined: quarantined + refused,
    }
    return result
  }

  /** The readings that the marks mean, of those stored and those about to be. */
  marked(marks: readonly Mark[], batch: readonly Reading[]): Reading[] {
    const all = [...[...this.readings.values()].flatMap((known) => [...known.values()]), ...batch]
    return marks.flatMap(({ which, quality, tests, off }) => {
      const meant = all[which % Math.max(all.length, 1)]
      if (meant === undefined) return []
      const { tests: _, ...one } = { ...meant, quality }
      if (off === 'value') one.value = one.value === null ? 0 : one.value + 1
      else if (off !== 'nothing') one[off] += 0.5
      return [tests === 0 ? one : { ...one, tests }]
    })
  }

  /** Returns how many changed. */
  revise(batch: readonly Reading[]): number {
    let revised = 0
    for (const reading of batch) {
      const known = this.readings.get(nameOf(reading))
      const stands = known?.get(reading.observedAt)
      if (known === undefined || stands === undefined) continue
      if (stands.value !== reading.value || stands.receivedAt !== reading.receivedAt) continue
      if (stands.quality === reading.quality && stands.tests === reading.tests) continue
      known.set(reading.observedAt, reading)
      revised++
    }
    return revised
  }

  range(key: { device: string; property: string }, from: number, to: number): Reading[] {
    return [...(this.readings.get(nameOf(key))?.values() ?? [])]
      .filter(({ observedAt }) => observedAt >= from && observedAt < to)
      .sort((a, b) => a.observedAt - b.observedAt)
  }

  latest(): Map<string, Reading> {
    const newest = series.map((key) => [
      nameOf(key),
      this.range(key, everything.from, everything.to).at(-1),
    ])
    return new Map(newest.filter((pair): pair is [string, Reading] => pair[1] !== undefined))
  }

  windows(fn: AggregateFn, everyMs: number, from: number, to: number): Aggregate[] {
    return series.flatMap((key) => {
      const windows = new Map<number, number[]>()
      for (const { observedAt, value, quality } of this.range(key, from, to)) {
        if (value === null || quality > 2) continue
        const begin = Math.floor(observedAt / everyMs) * everyMs
        windows.set(begin, [...(windows.get(begin) ?? []), value])
      }
      return [...windows].map(([begin, values]) => ({
        ...key,
        fn,
        value: naive(fn, values),
        count: values.length,
        from: begin,
        to: begin + everyMs,
      }))
    })
  }
}

/** An increase is of counters; see the suite. */
const modelledFns = aggregateFns.filter((fn) => fn !== 'increase')

function naive(fn: AggregateFn, values: readonly number[]): number {
  const sum = values.reduce((total, value) => total + value, 0)
  const results: Record<AggregateFn, number | undefined> = {
    mean: sum / values.length,
    sum,
    count: values.length,
    min: Math.min(...values),
    max: Math.max(...values),
    first: values[0],
    last: values.at(-1),
    increase: undefined,
  }
  return results[fn] ?? Number.NaN
}

/** Someone who keeps the newest of each series from what it is told, as the API does. */
class Follower {
  newest = new Map<string, Reading>()
  position = 0
  gaps = 0

  async follow(reader: ReadingsReader): Promise<void> {
    for (;;) {
      const { readings, position, gap } = await reader.since(this.position)
      this.position = position
      if (gap) {
        this.gaps++
        this.newest = new Map((await pagesOf(reader.latest())).map((one) => [nameOf(one), one]))
      } else if (readings.length === 0) return
      for (const one of readings) {
        const known = this.newest.get(nameOf(one))
        if (!known || known.observedAt <= one.observedAt) this.newest.set(nameOf(one), one)
      }
    }
  }
}

async function pagesOf<Row>(
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

async function compare(reader: ReadingsReader, model: Model, at: number): Promise<void> {
  const stored = series.flatMap((key) => model.range(key, everything.from, everything.to))
  expect(await pagesOf(reader.range({ series, ...everything }))).toEqual(stored)
  const newest = (await pagesOf(reader.latest())).map((one) => [nameOf(one), one] as const)
  expect(newest).toHaveLength(model.latest().size)
  expect(new Map(newest)).toEqual(model.latest())
  const known = (await reader.series()).map(nameOf)
  expect(known.sort()).toEqual([...model.latest().keys()].sort())
  expect(await reader.progress()).toEqual(model.progress)

  // Some interval, function and width, others at each step.
  const fn = modelledFns[at % modelledFns.length] ?? 'mean'
  const everyMs = [1, 7 * minute, 60 * minute, 86_400_000][at % 4] ?? minute
  const from = start + (at % 5) * minute
  const to = start + (20 + (at % 9)) * minute
  const windows = await pagesOf(reader.aggregate({ series, from, to, everyMs, fn }))
  const expected = model.windows(fn, everyMs, from, to)
  expect(windows.map(({ value: _, ...rest }) => rest)).toEqual(
    expected.map(({ value: _, ...rest }) => rest),
  )
  for (const [i, window] of windows.entries()) {
    expect(window.value).toBeCloseTo(expected[i]?.value ?? Number.NaN, 5)
  }
  const inside = series.flatMap((key) => model.range(key, from, to))
  expect(await pagesOf(reader.range({ series, from, to }))).toEqual(inside)
  const after = inside[at % Math.max(inside.length, 1)]
  if (after === undefined) return
  expect(await pagesOf(reader.range({ series, from, to, after }))).toEqual(
    inside.slice(inside.indexOf(after) + 1),
  )
}

function advanceOf(
  { advance, ahead, late }: Step & { do: 'write' },
  before: number,
): Advance | undefined {
  if (advance === null) return undefined
  const seq = before + 1 + advance
  return {
    seq,
    quarantined: advance,
    ...(ahead === null ? {} : { ahead: { from: seq + 10, to: seq + 10 + ahead } }),
    ...(late ? { late } : {}),
  }
}

export function readingsModelConformance(fresh: () => Promise<OpenStore>): void {
  describe('against a model', () => {
    test('every answer is right after any history', { timeout: 120_000 }, async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(anyStep, { minLength: 1, maxLength: 14 }), async (steps) => {
          const store = await fresh()
          const model = new Model()
          const follower = new Follower()
          let { writer } = store
          for (const [at, step] of steps.entries()) {
            if (step.do === 'write') {
              const advance = advanceOf(step, model.progress.seq)
              const skipped = step.batch.length === 0 && advance === undefined
              const expected = skipped
                ? { stored: 0, duplicate: 0 }
                : model.write(step.batch, advance)
              expect(await writer.write(step.batch, advance)).toEqual(expected)
            } else if (step.do === 'revise') {
              const { marks, withBatch } = step
              const revised = model.marked(marks, withBatch ?? [])
              if (withBatch === null) {
                expect(await writer.revise(revised)).toBe(model.revise(revised))
              } else {
                const advance = { seq: model.progress.seq + 1, quarantined: 0, revised }
                expect(await writer.write(withBatch, advance)).toEqual(
                  model.write(withBatch, advance),
                )
                model.revise(revised)
              }
            } else if (step.do === 'tidy') {
              for (let i = 0; i < step.times; i++) await writer.tidy(start)
            } else if (step.do === 'reopen') {
              writer = await store.reopenWriter()
            } else {
              await follower.follow(store.reader)
              expect(follower.newest).toEqual(model.latest())
            }
            await compare(store.reader, model, at)
          }
          await follower.follow(store.reader)
          expect(follower.newest).toEqual(model.latest())
          await store.dispose()
        }),
        { numRuns: 60 },
      )
    })
  })
}
