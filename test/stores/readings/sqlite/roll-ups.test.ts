/** What is summed up answers exactly what the readings themselves would, after any history. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { quantityOf } from '../../../../domain/catalogue.ts'
import { closesWindow } from '../../../../domain/property.ts'
import {
  type Aggregate,
  aggregateFns,
  type Quality,
  type Reading,
} from '../../../../domain/reading.ts'
import type {
  AggregateQuery,
  ReadingsReader,
  ReadingsWriter,
} from '../../../../stores/readings/readings.ts'
import { summedFor } from '../../../../stores/readings/windows/fold.ts'
import { createPoints, flagsOf, type Points } from '../../../../stores/readings/log/points.ts'
import type { RollUp } from '../../../../stores/readings/windows/fold.ts'
import { createRollUp, levels, rollUp } from '../../../../stores/readings/windows/roll-up.ts'
import { decodeRollUp, encodeRollUp } from '../../../../stores/readings/sqlite/roll-up-codec.ts'
import type { SealingLimits } from '../../../../stores/readings/sqlite/sealing.ts'
import { createWindowGrid } from '../../../../stores/readings/windows/window-grid.ts'
import { createWindows } from '../../../../stores/readings/sqlite/windows.ts'
import { openReadingsReader, openReadingsWriter } from '../../../../stores/readings/sqlite.ts'
import { openSqlite } from '../../../../stores/sqlite.ts'
import {
  air,
  allOf,
  always,
  civilDay,
  minute,
  reading,
  start,
} from '../../../conformance/readings.ts'

const hour = 60 * minute

function freshPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'readings.db')
}

function pointsFrom(readings: readonly Reading[]): Points {
  const points = createPoints(readings.length)
  for (const one of readings) {
    const at = points.count++
    points.observedAt[at] = one.observedAt
    points.value[at] = one.value ?? Number.NaN
    points.quality[at] = one.quality
  }
  return points
}

/** The answer from readings alone, one after the other. */
async function rawAnswer(reader: ReadingsReader, query: AggregateQuery): Promise<Aggregate[]> {
  const answer: Aggregate[] = []
  for (const key of query.series) {
    const quantity = quantityOf(key.property)
    const summed = summedFor(query.fn, quantity, false)
    const closedMs = closesWindow(quantity) ? 1 : 0
    const [from, to] = [query.from + closedMs, query.to + closedMs]
    const quality = query.quality ?? ([1, 2] as const)
    const earlier = await allOf(
      reader.range({ series: [key], from: always.from, to: from, quality }),
    )
    const before = earlier.findLast(({ value }) => value !== null)?.value ?? Number.NaN
    const windows = createWindows({
      ...{ key, fn: query.fn, grid: createWindowGrid(query), quantity, summed },
      previous: summed === 'increments' ? before : Number.NaN,
      flags: flagsOf(quality),
      emit: (window) => answer.push(window),
    })
    windows.fold(pointsFrom(await allOf(reader.range({ series: [key], from, to }))))
    windows.finish()
  }
  return answer
}

const anyValue = fc.oneof(
  { weight: 60, arbitrary: fc.integer({ min: -500, max: 5_000 }).map((tenths) => tenths / 10) },
  { weight: 10, arbitrary: fc.constantFrom(null, 0, -0) },
  { weight: 10, arbitrary: fc.integer({ min: -1e6, max: 1e6 }).map((whole) => whole / 7) },
  // So far apart that no two numbers hold their sum.
  { weight: 1, arbitrary: fc.double({ noNaN: true, min: -1e6, max: 1e6 }) },
)
const anyQuality = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom<Quality>(1, 2) },
  { weight: 1, arbitrary: fc.constantFrom<Quality>(3, 4, 9) },
)
const series = [air, { device: 'b', property: 'pm25' }]
const seriesOf = (property: string) => series.map((key) => ({ ...key, property }))
/** Half a minute apart, so that many moments meet and both levels are kept. */
const moments = 900
const anyMoment = fc.integer({ min: 0, max: moments }).map((i) => start + i * 30_000)
const anyReading: fc.Arbitrary<Reading> = fc.record({
  device: fc.constantFrom('air-1', 'b'),
  property: fc.constant('pm25'),
  observedAt: anyMoment,
  receivedAt: fc.constant(start),
  value: anyValue,
  quality: anyQuality,
})

type Step =
  | { do: 'run'; from: number; values: readonly (number | null)[]; tenths: boolean }
  | { do: 'write'; batch: readonly Reading[] }
  | { do: 'revise'; batch: readonly Reading[] }
  | { do: 'tidy'; times: number }
  | { do: 'break'; series: number }
  | { do: 'reopen' }

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant('run' as const),
      from: anyMoment,
      values: fc.array(anyValue, { minLength: 20, maxLength: 200, size: 'max' }),
      tenths: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('write' as const),
      batch: fc.array(anyReading, { maxLength: 8 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('revise' as const),
      batch: fc.array(anyReading, { maxLength: 8 }),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('tidy' as const),
      times: fc.integer({ min: 1, max: 30 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('break' as const), series: fc.constantFrom(1, 2) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen' as const) }) },
)

const anyQuery: fc.Arbitrary<AggregateQuery> = fc
  .record({
    every: fc.constantFrom(
      ...[5, 10, 15, 60, 120, 1_440].map((minutes) => ({ everyMs: minutes * minute })),
      { everyMs: 7 * minute },
      { everyMs: hour, originMs: 5 * minute },
      { everyMs: hour, originMs: 90_000 },
      ...['Asia/Shanghai', 'Asia/Kolkata', 'America/New_York', 'UTC'].flatMap((zone) =>
        [0, 8].map((at) => civilDay(zone, at)),
      ),
    ),
    fn: fc.constantFrom(...aggregateFns),
    ends: fc.oneof(
      fc.constant([always.from, always.to] as const),
      fc.tuple(anyMoment, anyMoment).map(([a, b]) => [Math.min(a, b), Math.max(a, b) + 1] as const),
    ),
    quality: fc.option(fc.constantFrom<Quality[][]>([1], [2, 1], [3, 4], [1, 2, 3])),
  })
  .map(({ every, fn, ends: [from, to], quality }) => ({
    ...{ series, from, to, fn },
    ...every,
    ...(quality === null ? {} : { quality }),
  }))

const limits: Partial<SealingLimits> = {
  chunkPointsMax: 32,
  roundEntriesPerSeries: 1,
  roundEntriesMin: 10,
  roundEntriesMax: 10,
  newestEntriesKept: 7,
  stepSeries: 1,
  stepEntries: 25,
}

/** A store whose housekeeping can be made to fail in the middle of a step. */
function openBreakable() {
  const path = freshPath()
  let writer = openReadingsWriter({ path, keepDays: 0, limits })
  const reader = openReadingsReader({ path })
  const db = openSqlite(path)
  onTestFinished(async () => {
    db.close()
    await writer.close()
    await reader.close()
  })
  return {
    reader,
    db,
    writer: (): ReadingsWriter => writer,
    async reopen() {
      await writer.close()
      writer = openReadingsWriter({ path, keepDays: 0, limits })
    },
    async failingTidy(broken: number) {
      db.exec(`create trigger broken after insert on chunk when new.series = ${broken}
        begin select raise(abort, 'broken'); end`)
      await (async () => writer.tidy(start))().catch((error) => {
        expect(String(error)).toMatch(/broken/)
      })
      db.exec('drop trigger broken')
    },
  }
}

async function take(
  store: ReturnType<typeof openBreakable>,
  step: Step,
  property: string,
): Promise<void> {
  const writer = store.writer()
  switch (step.do) {
    case 'run':
      await writer.write(
        step.values.map((value, i) =>
          reading(step.from + i * 30_000, {
            value: step.tenths && value !== null ? Math.round(value * 10) / 10 : value,
            receivedAt: start,
            property,
          }),
        ),
      )
      return
    case 'write':
      await writer.write(step.batch.map((one) => ({ ...one, property })))
      return
    case 'revise': {
      const stored = await allOf(store.reader.range({ series: seriesOf(property), ...always }))
      const revised = step.batch.flatMap(({ observedAt, quality }) => {
        const one = stored[(observedAt - start) % Math.max(stored.length, 1)]
        return one === undefined ? [] : [{ ...one, quality }]
      })
      await writer.revise(revised)
      return
    }
    case 'tidy':
      for (let i = 0; i < step.times; i++) await writer.tidy(start)
      return
    case 'break':
      return store.failingTidy(step.series)
    case 'reopen':
      return store.reopen()
  }
}

describe('windows from roll-ups', () => {
  test.each([
    ['pm25', 40],
    ['rainfall', 20],
    ['rain_total', 20],
    ['noise', 20],
  ])(
    'of %s are to the last bit what readings alone give, whatever happened',
    async (property, numRuns) => {
      let chunksSummed = 0
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.tuple(anyStep, fc.array(anyQuery, { minLength: 4, maxLength: 4 })), {
            minLength: 4,
            maxLength: 14,
          }),
          async (steps) => {
            const store = openBreakable()
            for (const [step, queries] of steps) {
              await take(store, step, property)
              for (const each of queries) {
                const query = { ...each, series: seriesOf(property) }
                const answer = await allOf(store.reader.aggregate(query))
                expect(answer).toEqual(await rawAnswer(store.reader, query))
              }
            }
            const summed = store.db.prepare<[], { n: number }>(
              'select count(by_hour) + count(by_5min) as n from chunk',
            )
            chunksSummed += summed.get()?.n ?? 0
          },
        ),
        { numRuns },
      )
      expect(chunksSummed).toBeGreaterThan(0)
    },
    120_000,
  )

  test('answer without the points of a chunk, until something of its time is written', async () => {
    const path = freshPath()
    const eager = { ...limits, roundEntriesMin: 1, roundEntriesMax: 1, newestEntriesKept: 0 }
    const writer = openReadingsWriter({
      path,
      keepDays: 0,
      limits: { ...eager, chunkPointsMax: 60 },
    })
    const reader = openReadingsReader({ path })
    const db = openSqlite(path)
    onTestFinished(async () => {
      db.close()
      await writer.close()
      await reader.close()
    })
    const hours = 8
    const batch = Array.from({ length: hours * 60 }, (_, i) =>
      reading(start + i * minute, { value: i / 10 }),
    )
    await writer.write(batch)
    await writer.write([reading(start + hours * hour)])
    for (let i = 0; i < 100; i++) await writer.tidy(start)
    // A chunk that is unpacked now is found out.
    const damaged = db.prepare(`update chunk set points = x'00' where start < ?`)
    expect(damaged.run(start + hours * hour).changes).toBe(hours)
    const query = { series: [air], ...always, everyMs: hour, fn: 'sum' } as const
    const sums = (await allOf(reader.aggregate(query))).map(({ value }) => value)
    expect(sums.slice(0, 2)).toEqual([177, 537])
    expect(sums).toHaveLength(hours + 1)
    const days = { ...query, ...civilDay('Asia/Shanghai', 8) }
    expect(await allOf(reader.aggregate(days))).toMatchObject([{ count: hours * 60 + 1 }])
    const halfZone = { ...query, ...civilDay('Asia/Kolkata', 8) }
    for (const unpacking of [
      halfZone,
      { ...query, everyMs: 30 * minute },
      { ...query, originMs: minute },
      { ...query, quality: [1] as const },
      { ...query, from: start + minute },
      { ...query, fn: 'mean' as const, vector: () => true },
    ]) {
      await expect(allOf(reader.aggregate(unpacking))).rejects.toThrow(/damaged/)
    }
    // Written again: what was summed up no longer tells.
    await writer.write([reading(start + 59 * minute)])
    await expect(allOf(reader.aggregate(query))).rejects.toThrow(/damaged/)
  })
})

const anyReadings = fc
  .record({
    from: fc.oneof(anyMoment, fc.integer({ min: -1e7, max: 1e7 })),
    everyMs: fc.constantFrom(1_000, 10_000, 30_000, minute, 5 * minute, 0.5),
    readings: fc.array(fc.record({ value: anyValue, quality: anyQuality }), {
      ...{ maxLength: 200, size: 'max' },
    }),
    after: fc.option(fc.maxSafeInteger()),
  })
  .map(({ from, everyMs, readings, after }) => {
    const rising = readings.map((one, i) => reading(from + i * everyMs, one))
    const last = rising.at(-1)?.observedAt ?? 0
    return after !== null && after > last ? [...rising, reading(after)] : rising
  })

function rowsOf(windows: RollUp) {
  const { start: from, counted, sum, rest, min, max, first, last } = windows
  return Array.from({ length: windows.count }, (_, i) =>
    [from, counted, sum, rest, min, max, first, last].map((column) => column[i]),
  )
}

describe('a roll-up', () => {
  test.each(levels)('of $column goes through bytes bit for bit', (level) => {
    let kept = 0
    fc.assert(
      fc.property(anyReadings, (readings) => {
        const windows = rollUp(pointsFrom(readings), level)
        if (windows === undefined) return
        kept += windows.count
        expect(windows.count * 8).toBeLessThanOrEqual(readings.length)
        const back = createRollUp(0)
        const bytes = encodeRollUp(windows, level)
        decodeRollUp(bytes, level, back)
        decodeRollUp(bytes, level, back)
        expect(rowsOf(back)).toEqual([...rowsOf(windows), ...rowsOf(windows)])
      }),
      { numRuns: 400 },
    )
    expect(kept).toBeGreaterThan(100)
  })

  test('is small beside its chunk', () => {
    const readings = Array.from({ length: 256 }, (_, i) =>
      reading(start + i * 5 * minute, { value: Math.round(350 + 80 * Math.sin(i / 9)) / 10 }),
    )
    const windows = rollUp(pointsFrom(readings), levels[0])
    expect(windows?.count).toBe(22)
    expect(windows && encodeRollUp(windows, levels[0]).length).toBeLessThan(16 * 23)
  })

  test('is not kept of what it cannot sum up exactly', () => {
    const of = (values: readonly number[]) =>
      rollUp(pointsFrom(values.map((value, i) => reading(start + i, { value }))), levels[0])
    const eight = Array.from({ length: 8 }, () => 0.1)
    expect(of(eight)).toMatchObject({ count: 1 })
    expect(of([...eight, 1.7e308, 1.7e308])).toBeUndefined()
    expect(of([...eight, 1e200, 1e100, 1])).toBeUndefined()
    expect(of(eight.slice(1))).toBeUndefined()
  })

  test('bytes that are cut off or no roll-up at all are an error', () => {
    const readings = Array.from({ length: 200 }, (_, i) =>
      reading(start + i * minute, { value: i }),
    )
    const windows = rollUp(pointsFrom(readings), levels[0])
    const bytes = encodeRollUp(windows ?? createRollUp(0), levels[0])
    for (let length = 0; length < bytes.length; length++) {
      const cutOff = bytes.subarray(0, length)
      expect(() => decodeRollUp(cutOff, levels[0], createRollUp(0))).toThrow()
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (random) => {
        try {
          decodeRollUp(random, levels[0], createRollUp(0))
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })
})
