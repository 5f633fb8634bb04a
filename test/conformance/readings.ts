/**
 * What every readings store must do, whatever it is built on. Written against the contract alone.
 * A backend's test calls `readingsConformance` with a way to open fresh stores.
 */

import { describe, expect, onTestFinished, test } from 'vitest'
import type { Aggregate, Quality, Reading, SeriesKey } from '../../domain/reading.ts'
import type {
  AggregateQuery,
  Progress,
  RangeQuery,
  ReadingsReader,
  ReadingsWriter,
} from '../../stores/readings/readings.ts'
import { quantities } from './quantities.ts'
import { readingsModelConformance } from './readings-model.ts'

/** A store that is empty at first. Writer and reader are connections of their own. */
export interface OpenStore {
  writer: ReadingsWriter
  reader: ReadingsReader
  /** Closes the writer and opens it again on the same data. */
  reopenWriter(): Promise<ReadingsWriter>
  /** Closes everything and removes the data. */
  dispose(): Promise<void>
}

export interface ReadingsBackend {
  open(options: { keepDays: number }): Promise<OpenStore>
  /** Observed times that it can hold; the years 1 to 9999 unless said otherwise. */
  times?: { from: number; to: number }
}

export const minute = 60_000
export const day = 86_400_000
/** 2026-11-21T00:00:00Z. */
export const start = Date.UTC(2026, 10, 21)

export function reading(observedAt: number, more: Partial<Reading> = {}): Reading {
  return {
    device: 'air-1',
    property: 'pm25',
    observedAt,
    receivedAt: observedAt + 80,
    value: 35.2,
    quality: 1,
    ...more,
  }
}

export const air: SeriesKey = { device: 'air-1', property: 'pm25' }
export const always = { from: Number.MIN_SAFE_INTEGER, to: Number.MAX_SAFE_INTEGER }

export async function allOf<Row>(
  pages: AsyncIterable<readonly Row[]> | Iterable<readonly Row[]>,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const page of pages) rows.push(...page)
  return rows
}

export async function rangeOf(
  reader: ReadingsReader,
  query: Partial<RangeQuery> = {},
): Promise<Reading[]> {
  return allOf(reader.range({ series: [air], ...always, ...query }))
}

export async function windowsOf(
  reader: ReadingsReader,
  query: Partial<AggregateQuery> = {},
): Promise<Aggregate[]> {
  return allOf(
    reader.aggregate({ series: [air], ...always, everyMs: 5 * minute, fn: 'mean', ...query }),
  )
}

export function civilDay(zone: string, hour: number) {
  return { everyMs: day, civil: { zone, hour, unit: 'day' as const } }
}

/** Housekeeping to the end, as when no batches come. */
export async function tidyAll(writer: ReadingsWriter, now = start): Promise<void> {
  for (let step = 0; await writer.tidy(now); step++) {
    if (step > 10_000) throw new Error('tidy() never has enough')
  }
}

const allTimes = { from: -62_135_596_800_000, to: 253_402_300_799_999 }

export function readingsConformance(name: string, backend: ReadingsBackend): void {
  async function fresh(keepDays = 0): Promise<OpenStore> {
    const store = await backend.open({ keepDays })
    onTestFinished(() => store.dispose())
    return store
  }

  describe(`readings store: ${name}`, () => {
    writing(fresh)
    numbers(fresh, backend.times ?? allTimes)
    revising(fresh)
    progress(fresh)
    late(fresh)
    adopting(fresh)
    ranges(fresh)
    windows(fresh)
    quantities(fresh)
    latest(fresh)
    following(fresh)
    retention(fresh)
    readingsModelConformance(fresh)
  })
}

type Fresh = (keepDays?: number) => Promise<OpenStore>

function writing(fresh: Fresh): void {
  describe('writing', () => {
    test('a reading comes back as it was written', async () => {
      const { writer, reader } = await fresh()
      const one = reading(start, { quality: 3, value: -12.75 })
      expect(await writer.write([one])).toEqual({ stored: 1, duplicate: 0 })
      expect(await rangeOf(reader)).toEqual([one])
      expect(await reader.series()).toEqual([air])
    })

    test('the outcomes of its tests come back with a reading, and are absent where none was evaluated', async () => {
      const { writer, reader } = await fresh()
      const outcomes = [1, 0b01_10_11, 2 ** 20 - 1, 2 ** 32 - 1, undefined, 1, 1]
      const batch = outcomes.map((tests, i) =>
        reading(start + i, tests === undefined ? {} : { tests }),
      )
      const position = await reader.position()
      await writer.write(batch)
      expect((await reader.since(position)).readings).toEqual(batch)
      for (const housekeeping of [false, true]) {
        if (housekeeping) await tidyAll(writer)
        expect(await rangeOf(reader)).toEqual(batch)
        expect(await allOf(reader.latest())).toEqual([batch.at(-1)])
      }
      await writer.write([reading(start, { tests: 0 })])
      expect((await rangeOf(reader))[0]).toEqual(reading(start))
    })

    test('a reading without a value comes back without a value', async () => {
      const { writer, reader } = await fresh()
      const one = reading(start, { value: null, quality: 9 })
      await writer.write([one, reading(start + minute)])
      expect((await rangeOf(reader))[0]).toEqual(one)
    })

    test('the same identity again replaces the reading and counts as duplicate', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start)])
      const corrected = reading(start, { value: 1, quality: 4, receivedAt: start + 9_000 })
      expect(await writer.write([corrected])).toEqual({ stored: 0, duplicate: 1 })
      expect(await rangeOf(reader)).toEqual([corrected])
    })

    test('the same identity within one batch: the last wins, the others are duplicates', async () => {
      const { writer, reader } = await fresh()
      const batch = [1, 2, 3].map((value) => reading(start, { value }))
      expect(await writer.write(batch)).toEqual({ stored: 1, duplicate: 2 })
      expect(await rangeOf(reader)).toEqual([reading(start, { value: 3 })])
    })

    test('a value may become null and null a value', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start), reading(start + 1, { value: null })])
      await writer.write([reading(start, { value: null }), reading(start + 1, { value: 2 })])
      expect((await rangeOf(reader)).map(({ value }) => value)).toEqual([null, 2])
    })

    test('a whole batch again is all duplicates, before and after housekeeping and reopening', async () => {
      const store = await fresh()
      const batch = Array.from({ length: 100 }, (_, i) => reading(start + i * minute, { value: i }))
      await store.writer.write(batch)
      expect(await store.writer.write(batch)).toEqual({ stored: 0, duplicate: 100 })
      await tidyAll(store.writer)
      expect(await store.writer.write(batch)).toEqual({ stored: 0, duplicate: 100 })
      const again = await store.reopenWriter()
      expect(await again.write(batch)).toEqual({ stored: 0, duplicate: 100 })
      expect(await rangeOf(store.reader)).toEqual(batch)
    })

    test('a late reading between known ones is new, and stands in its place', async () => {
      const { writer, reader } = await fresh()
      await writer.write([0, 1, 3, 4].map((i) => reading(start + i * minute, { value: i })))
      await tidyAll(writer)
      expect(await writer.write([reading(start + 2 * minute, { value: 2 })])).toEqual({
        stored: 1,
        duplicate: 0,
      })
      expect((await rangeOf(reader)).map(({ value }) => value)).toEqual([0, 1, 2, 3, 4])
    })

    test('devices and properties do not mix, whatever their names hold', async () => {
      const { writer, reader } = await fresh()
      const keys = [
        'a',
        'a b',
        'a,b',
        'a=b',
        'a\\',
        "a'",
        'a"',
        '设备-七',
        '🚰',
        '__proto__',
      ].flatMap((device) => ['pm25', 'b,c', 'toString'].map((property) => ({ device, property })))
      const batch = keys.map((key, i) => reading(start, { ...key, value: i }))
      expect(await writer.write(batch)).toEqual({ stored: keys.length, duplicate: 0 })
      for (const one of batch) expect(await rangeOf(reader, { series: [one] })).toEqual([one])
      expect(new Set((await reader.series()).map((key) => JSON.stringify(key))).size).toBe(
        keys.length,
      )
    })

    test('an empty batch changes nothing', async () => {
      const { writer, reader } = await fresh()
      expect(await writer.write([])).toEqual({ stored: 0, duplicate: 0 })
      expect(await reader.series()).toEqual([])
      expect((await writer.progress()).received).toBe(0)
    })
  })
}

function numbers(fresh: Fresh, { from, to }: { from: number; to: number }): void {
  describe('numbers', () => {
    const values = [0, -0, 1e-320, 5e-324, 1e308, -1e308, 0.1, 1 / 3, 2 ** 53, 123456789.12345678]

    test('values come back bit for bit', async () => {
      const { writer, reader } = await fresh()
      await writer.write(values.map((value, i) => reading(start + i, { value })))
      await tidyAll(writer)
      const read = (await rangeOf(reader)).map(({ value }) => value)
      expect(read.every((value, i) => Object.is(value, values[i]))).toBe(true)
    })

    test('times from long before 1970 to far in the future are told apart and kept in order', async () => {
      const { writer, reader } = await fresh()
      const times = [from, -1, 0, 1, start, 4_102_444_800_000, to]
      const batch = times.map((time) => reading(time))
      await writer.write([...batch].reverse())
      await tidyAll(writer)
      expect(await rangeOf(reader)).toEqual(batch)
      expect(await writer.write(batch)).toEqual({ stored: 0, duplicate: times.length })
    })

    test.each([
      ['value', { value: Number.NaN }],
      ['value', { value: Number.POSITIVE_INFINITY }],
      ['observedAt', { observedAt: Number.NaN }],
      ['receivedAt', { receivedAt: Number.NEGATIVE_INFINITY }],
      ['tests', { tests: 0.5 }],
      ['tests', { tests: -1 }],
      ['tests', { tests: 2 ** 32 }],
    ])(
      'a batch whose %s is not a number is a bug of ours: it throws, nothing is stored',
      async (_, bad) => {
        const { writer, reader } = await fresh()
        const batch = [reading(start), reading(start + 1, bad)]
        await expect(
          (async () => writer.write(batch, { seq: 5, quarantined: 0 }))(),
        ).rejects.toThrow(RangeError)
        expect(await rangeOf(reader)).toEqual([])
        expect((await reader.progress()).seq).toBe(0)
        expect(await writer.write([reading(start)])).toEqual({ stored: 1, duplicate: 0 })
      },
    )
  })
}

function revising(fresh: Fresh): void {
  const spike = { quality: 3, tests: 0b11_01 } as const

  describe('revising', () => {
    test('replaces flag and outcomes, before and after housekeeping, and counts nothing', async () => {
      const { writer, reader } = await fresh()
      const batch = [0, 1, 2].map((i) => reading(start + i * minute, { value: i }))
      await writer.write(batch, { seq: 4, quarantined: 1 })
      const before = await writer.progress()
      const expected = [...batch]
      for (const [i, one] of batch.entries()) {
        expected[i] = { ...one, ...spike }
        expect(await writer.revise([{ ...one, ...spike }])).toBe(1)
        expect(await rangeOf(reader)).toEqual(expected)
        await tidyAll(writer)
        expect(await rangeOf(reader)).toEqual(expected)
      }
      expect(await allOf(reader.latest())).toEqual([expected[2]])
      expect(await writer.progress()).toEqual(before)
      expect(await writer.write(batch)).toEqual({ stored: 0, duplicate: 3 })
      expect(await rangeOf(reader)).toEqual(batch)
    })

    test('passes over what is not stored or stands otherwise by now', async () => {
      const { writer, reader } = await fresh()
      const stored = [reading(start), reading(start + 1, { value: null, quality: 9 })]
      await writer.write(stored)
      await writer.write([reading(start, { device: 'b' })])
      for (const housekeeping of [false, true]) {
        if (housekeeping) await tidyAll(writer)
        const position = await reader.position()
        const passed = [
          reading(start, { ...spike, value: 35.3 }),
          reading(start, { ...spike, value: null }),
          reading(start, { ...spike, receivedAt: start + 81 }),
          reading(start + 1, { ...spike, value: 0 }),
          reading(start + 2, spike),
          reading(start - 1, spike),
          reading(start, { ...spike, device: 'nobody' }),
          reading(start, { ...spike, property: 'pm10' }),
          reading(start),
        ]
        expect(await writer.revise(passed)).toBe(0)
        expect(await writer.revise([])).toBe(0)
        expect(await rangeOf(reader)).toEqual(stored)
        expect(await reader.series()).toHaveLength(2)
        expect((await reader.since(position)).readings).toEqual([])
      }
      expect(await writer.revise([reading(start + 1, { value: null, quality: 4 })])).toBe(1)
    })

    test('goes with a batch, after it, and can mean readings of that batch', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start), reading(start + 1), reading(start + 2)])
      const position = await reader.position()
      const again = reading(start + 2, { value: 7 })
      const one = reading(start + 3)
      const revised = [reading(start + 1, spike), reading(start + 2, spike), { ...one, ...spike }]
      expect(await writer.write([again, one], { seq: 2, quarantined: 0, revised })).toEqual({
        stored: 1,
        duplicate: 1,
      })
      const expected = [reading(start), reading(start + 1, spike), again, { ...one, ...spike }]
      expect(await rangeOf(reader)).toEqual(expected)
      expect(await reader.progress()).toMatchObject({
        seq: 2,
        received: 5,
        stored: 4,
        duplicate: 1,
      })
      const told = (await reader.since(position)).readings
      expect(told).toContainEqual(reading(start + 1, spike))
      expect(told.findLast(({ observedAt }) => observedAt === start + 3)).toEqual(expected[3])
    })

    test('is told to followers', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start), reading(start + 1)])
      await tidyAll(writer)
      const position = await reader.position()
      await writer.revise([reading(start, spike)])
      expect(await reader.since(position)).toMatchObject({
        readings: [reading(start, spike)],
        gap: false,
      })
    })

    test('is there after reopening, also of many at once', async () => {
      const store = await fresh()
      const batch = Array.from({ length: 3_000 }, (_, i) => reading(start + i, { value: i }))
      await store.writer.write(batch)
      await tidyAll(store.writer)
      const revised = batch.map((one) => ({ ...one, ...spike }))
      expect(await store.writer.revise([...revised].reverse())).toBe(3_000)
      const again = await store.reopenWriter()
      expect(await again.revise(revised)).toBe(0)
      expect(await rangeOf(store.reader)).toEqual(revised)
    })

    test('what no longer counts leaves its window', async () => {
      const { writer, reader } = await fresh()
      const batch = [1, 100, 3].map((value, i) => reading(start + i * minute, { value }))
      await writer.write(batch)
      for (const housekeeping of [false, true]) {
        if (housekeeping) await tidyAll(writer)
        const quality = housekeeping ? 1 : 4
        await writer.revise([reading(start + minute, { value: 100, quality })])
        expect(await windowsOf(reader)).toMatchObject([
          housekeeping ? { value: expect.closeTo(104 / 3, 9), count: 3 } : { value: 2, count: 2 },
        ])
      }
    })
  })
}

function progress(fresh: Fresh): void {
  const none: Progress = { seq: 0, received: 0, stored: 0, duplicate: 0, quarantined: 0 }

  describe('progress', () => {
    test('begins at nothing', async () => {
      const { writer, reader } = await fresh()
      expect(await writer.progress()).toEqual(none)
      expect(await reader.progress()).toEqual(none)
    })

    test('moves with the batch, and is what another connection sees', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start), reading(start), reading(start + 1)], {
        seq: 7,
        quarantined: 2,
      })
      const expected = { seq: 7, received: 5, stored: 2, duplicate: 1, quarantined: 2 }
      expect(await writer.progress()).toEqual(expected)
      expect(await reader.progress()).toEqual(expected)
    })

    test('moves without readings when quarantine took them all', async () => {
      const { writer, reader } = await fresh()
      expect(await writer.write([], { seq: 9, quarantined: 4 })).toEqual({
        stored: 0,
        duplicate: 0,
      })
      expect(await reader.progress()).toEqual({ ...none, seq: 9, received: 4, quarantined: 4 })
    })

    test('a retry from quarantine counts as received and leaves the position', async () => {
      const { writer } = await fresh()
      await writer.write([reading(start)], { seq: 3, quarantined: 1 })
      await writer.write([reading(start), reading(start + 1)])
      expect(await writer.progress()).toEqual({
        seq: 3,
        received: 4,
        stored: 2,
        duplicate: 1,
        quarantined: 1,
      })
    })

    test('is there again after reopening', async () => {
      const store = await fresh()
      await store.writer.write([reading(start)], {
        seq: 3,
        ahead: { from: 8, to: 11 },
        quarantined: 1,
      })
      const before = await store.writer.progress()
      expect(before).toMatchObject({ seq: 3, ahead: { from: 8, to: 11 } })
      expect(await (await store.reopenWriter()).progress()).toEqual(before)
    })

    test('what is settled ahead moves with the batch, stays through a retry, and ends', async () => {
      const { writer, reader } = await fresh()
      const quarantined = 0
      await writer.write([reading(start)], { seq: 0, ahead: { from: 90, to: 95 }, quarantined })
      await writer.write([reading(start + 1)], { seq: 0, ahead: { from: 90, to: 99 }, quarantined })
      await writer.write([reading(start + 2)])
      const ahead = { from: 90, to: 99 }
      expect(await reader.progress()).toEqual({ ...none, ahead, received: 3, stored: 3 })
      await writer.write([], { seq: 99, quarantined: 1 })
      const counts = { received: 4, stored: 3, quarantined: 1 }
      expect(await reader.progress()).toEqual({ ...none, seq: 99, ...counts })
      expect(await writer.progress()).toEqual(await reader.progress())
    })
  })
}

function late(fresh: Fresh): void {
  describe('a batch from behind what is settled ahead', () => {
    const advance = { seq: 1, quarantined: 0, late: true as const }
    /** Received at these moments of the same observed time. */
    const received = (at: number, value: number) => reading(start, { receivedAt: at, value })

    test('does not replace what was received later, and counts as duplicate', async () => {
      const store = await fresh()
      await store.writer.write([received(start + 9, 2), reading(start + minute)])
      for (const housekeeping of ['none', 'tidied', 'reopened']) {
        if (housekeeping === 'tidied') await tidyAll(store.writer)
        const writer = housekeeping === 'reopened' ? await store.reopenWriter() : store.writer
        const position = await store.reader.position()
        const batch = [received(start + 8, 1), reading(start + minute, { receivedAt: start })]
        expect(await writer.write(batch, advance)).toEqual({ stored: 0, duplicate: 2 })
        expect(await rangeOf(store.reader)).toEqual([
          received(start + 9, 2),
          reading(start + minute),
        ])
        expect((await store.reader.since(position)).readings).toEqual([])
      }
      expect(await store.reader.progress()).toMatchObject({ received: 8, stored: 2, duplicate: 6 })
    })

    test('replaces what was received before it or together with it', async () => {
      const { writer, reader } = await fresh()
      await writer.write([received(start + 5, 1), reading(start + minute)])
      await tidyAll(writer)
      for (const [at, value] of [
        [start + 5, 2],
        [start + 6, 3],
      ] as const) {
        await writer.write([received(at, value)], advance)
        expect((await rangeOf(reader))[0]).toEqual(received(at, value))
      }
    })

    test('fills the gap that was left, in any order, each reading once', async () => {
      const { writer, reader } = await fresh()
      const all = Array.from({ length: 400 }, (_, i) => reading(start + i * minute, { value: i }))
      await writer.write(all.slice(0, 100))
      await writer.write(all.slice(300))
      const rest = all.slice(100, 300)
      const shuffled = [...rest].sort((a, b) => (a.observedAt % 7) - (b.observedAt % 7))
      for (const some of [rest.slice(0, 50), shuffled, rest]) {
        const { stored, duplicate } = await writer.write(some, advance)
        expect(stored + duplicate).toBe(some.length)
        await tidyAll(writer)
      }
      expect(await rangeOf(reader)).toEqual(all)
      expect(await reader.progress()).toMatchObject({ received: 650, stored: 400, duplicate: 250 })
    })
  })
}

function adopting(fresh: Fresh): void {
  test('position and counts can be taken over from another store, and go on from there', async () => {
    const { writer, reader, reopenWriter } = await fresh()
    await writer.write([reading(start), reading(start + 1)])
    const counts = { received: 90, stored: 60, duplicate: 20, quarantined: 10 }
    const aheadOfIt = { seq: 50, ahead: { from: 60, to: 70 }, ...counts }
    await writer.adopt(aheadOfIt)
    expect(await reader.progress()).toEqual(aheadOfIt)
    const taken = { seq: 70, ...counts }
    await writer.adopt(taken)
    expect(await writer.progress()).toEqual(taken)
    expect(await reader.progress()).toEqual(taken)
    const again = await reopenWriter()
    await again.write([reading(start + 1), reading(start + 2)], { seq: 71, quarantined: 3 })
    const after = { seq: 71, received: 95, stored: 61, duplicate: 21, quarantined: 13 }
    expect(await again.progress()).toEqual(after)
    expect(await rangeOf(reader)).toHaveLength(3)
  })
}

function ranges(fresh: Fresh): void {
  describe('ranges', () => {
    test('hold the start and not the end of the interval', async () => {
      const { writer, reader } = await fresh()
      await writer.write([0, 1, 2].map((i) => reading(start + i, { value: i })))
      for (const housekeeping of [false, true]) {
        if (housekeeping) await tidyAll(writer)
        const read = await rangeOf(reader, { from: start, to: start + 2 })
        expect(read.map(({ value }) => value)).toEqual([0, 1])
        expect(await rangeOf(reader, { from: start + 1, to: start + 1 })).toEqual([])
        expect(await rangeOf(reader, { from: start + 3, to: start })).toEqual([])
      }
    })

    test('come series by series in the order asked, each rising in time', async () => {
      const { writer, reader } = await fresh()
      const b = { device: 'b', property: 'pm10' }
      await writer.write([
        reading(start + 2),
        reading(start + 1, b),
        reading(start),
        reading(start + 3, b),
      ])
      const read = await rangeOf(reader, { series: [b, air] })
      expect(read.map(({ device, observedAt }) => [device, observedAt - start])).toEqual([
        ['b', 1],
        ['b', 3],
        ['air-1', 0],
        ['air-1', 2],
      ])
    })

    test('keep only the flags asked for', async () => {
      const { writer, reader } = await fresh()
      const flags: Quality[] = [1, 2, 3, 4, 9]
      await writer.write(flags.map((quality, i) => reading(start + i, { quality })))
      expect((await rangeOf(reader, { quality: [2, 4] })).map((one) => one.quality)).toEqual([2, 4])
      expect(await rangeOf(reader)).toHaveLength(5)
      expect(await rangeOf(reader, { quality: [] })).toEqual([])
    })

    test('of series nobody knows are empty', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start)])
      const unknown = [
        { device: 'air-1', property: 'pm10' },
        { device: 'air-2', property: 'pm25' },
      ]
      expect(await rangeOf(reader, { series: unknown })).toEqual([])
      expect(await rangeOf(reader, { series: [] })).toEqual([])
    })

    test('come in bounded pages that together hold everything once', async () => {
      const { writer, reader } = await fresh()
      const batch = Array.from({ length: 25_000 }, (_, i) =>
        reading(start + i * 1_000, { value: i }),
      )
      for (let i = 0; i < batch.length; i += 5_000) await writer.write(batch.slice(i, i + 5_000))
      const pages: number[] = []
      const read: Reading[] = []
      for await (const page of reader.range({ series: [air], ...always })) {
        pages.push(page.length)
        read.push(...page)
      }
      expect(Math.max(...pages)).toBeLessThanOrEqual(10_000)
      expect(read).toEqual(batch)
    })

    test('go on after any reading, also of a later series', async () => {
      const { writer, reader } = await fresh()
      const b = { device: 'b', property: 'pm10' }
      await writer.write([0, 1, 2].flatMap((i) => [reading(start + i), reading(start + i, b)]))
      const series = [air, b]
      const whole = await rangeOf(reader, { series })
      for (const [i, after] of whole.entries()) {
        expect(await rangeOf(reader, { series, after })).toEqual(whole.slice(i + 1))
      }
      const between = { ...air, observedAt: start + 0.5 }
      expect(await rangeOf(reader, { series, after: between })).toEqual(whole.slice(1))
    })

    test('do not mind writing, housekeeping and reopening between two pages', async () => {
      const store = await fresh()
      const batch = Array.from({ length: 12_000 }, (_, i) =>
        reading(start + i * 1_000, { value: i }),
      )
      await store.writer.write(batch)
      const read: Reading[] = []
      let { writer } = store
      for await (const page of store.reader.range({ series: [air], ...always, to: start + day })) {
        read.push(...page)
        await writer.write([reading(start - 1_000), reading(start + 2 * day)])
        await tidyAll(writer)
        writer = await store.reopenWriter()
      }
      expect(read).toEqual(batch)
    })
  })
}

function windows(fresh: Fresh): void {
  describe('windows', () => {
    test.each([
      ['mean', [2, 5]],
      ['min', [1, 5]],
      ['max', [3, 5]],
      ['sum', [6, 5]],
      ['count', [3, 1]],
      ['first', [2, 5]],
      ['last', [3, 5]],
    ] as const)('%s of each window', async (fn, expected) => {
      const { writer, reader } = await fresh()
      const values = [2, 1, 3, null, 7]
      await writer.write(values.map((value, i) => reading(start + i * minute, { value })))
      await writer.write([
        reading(start + 4 * minute, { quality: 4 }),
        reading(start + 20 * minute, { value: 5, quality: 2 }),
      ])
      const read = await windowsOf(reader, { fn })
      expect(read).toEqual([
        { ...air, fn, value: expected[0], count: 3, from: start, to: start + 5 * minute },
        {
          ...air,
          fn,
          value: expected[1],
          count: 1,
          from: start + 20 * minute,
          to: start + 25 * minute,
        },
      ])
    })

    test('start at multiples from the origin, also before it', async () => {
      const { writer, reader } = await fresh()
      await writer.write([-7, -1, 0, 4, 6].map((i) => reading(start + i * minute)))
      const read = await windowsOf(reader, { originMs: start + 2 * minute })
      expect(read.map(({ from, count }) => [(from - start) / minute, count])).toEqual([
        [-8, 1],
        [-3, 2],
        [2, 2],
      ])
    })

    test('at the edges of the interval count only what lies inside', async () => {
      const { writer, reader } = await fresh()
      await writer.write([0, 1, 2, 3, 4].map((i) => reading(start + i * minute)))
      const read = await windowsOf(reader, { from: start + minute, to: start + 4 * minute })
      expect(read).toMatchObject([{ from: start, to: start + 5 * minute, count: 3 }])
    })

    test('count the flags asked for, and never what has no value', async () => {
      const { writer, reader } = await fresh()
      await writer.write([
        reading(start, { quality: 4, value: 8 }),
        reading(start + 1, { quality: 4, value: null }),
        reading(start + 2, { quality: 9, value: null }),
      ])
      expect(await windowsOf(reader)).toEqual([])
      expect(await windowsOf(reader, { quality: [4, 9] })).toMatchObject([{ value: 8, count: 1 }])
      expect(await windowsOf(reader, { quality: [9] })).toEqual([])
    })

    test('of directions average as vectors', async () => {
      const { writer, reader } = await fresh()
      const wind = { device: 'air-1', property: 'wind_direction' }
      const degrees = [350, 10, 90, 180, 0, 180, 359, 358]
      await writer.write(degrees.map((value, i) => reading(start + i * minute, { ...wind, value })))
      const read = await windowsOf(reader, {
        series: [wind, air],
        everyMs: 2 * minute,
        vector: (property) => property === 'wind_direction',
      })
      expect(read.map(({ value }) => value)).toEqual([0, 135, null, 358.5])
      const highest = await windowsOf(reader, {
        ...{ series: [wind], fn: 'max', everyMs: day },
        vector: () => true,
      })
      expect(highest).toMatchObject([{ value: 359 }])
    })

    test.each([
      // Clocks go forward on 2026-03-29 and back on 2026-10-25: a day of 23 hours and one of 25.
      ['Europe/Berlin', 0, '2026-03-28T23:00Z', [23, 24, 24]],
      ['Europe/Berlin', 0, '2026-10-24T22:00Z', [25, 24, 24]],
      ['Europe/Berlin', 8, '2026-10-24T06:00Z', [25, 24, 24]],
      ['Asia/Shanghai', 0, '2026-11-20T16:00Z', [24, 24, 24]],
      ['Asia/Shanghai', 8, '2026-11-21T00:00Z', [24, 24, 24]],
      ['Asia/Kolkata', 0, '2026-11-20T18:30Z', [24, 24, 24]],
      ['Asia/Kathmandu', 8, '2026-11-21T02:15Z', [24, 24, 24]],
      ['America/St_Johns', 0, '2026-11-21T03:30Z', [24, 24, 24]],
    ])('are the civil days of %s from %d:00 on', async (zone, hour, begin, hours) => {
      const { writer, reader } = await fresh()
      const from = Date.parse(begin)
      const hourMs = 60 * minute
      const total = hours.reduce((sum, each) => sum + each, 0)
      // Half an hour apart; half an hour before the first day, and the first of the day after the last.
      await writer.write(
        Array.from({ length: 2 * total + 2 }, (_, i) =>
          reading(from + (i - 1) * 30 * minute, { value: i }),
        ),
      )
      for (const housekeeping of [false, true]) {
        if (housekeeping) await tidyAll(writer)
        const read = await windowsOf(reader, { ...civilDay(zone, hour), fn: 'first' })
        const firsts = [from, from + (hours[0] ?? 0) * hourMs, from + (total - 24) * hourMs]
        expect(read.slice(1, -1)).toEqual(
          firsts.map((begins, i) => ({
            ...air,
            fn: 'first',
            value: 1 + (begins - from) / (30 * minute),
            count: 2 * (hours[i] ?? 0),
            from: begins,
            to: begins + (hours[i] ?? 0) * hourMs,
          })),
        )
        expect(read.map(({ count }) => count)).toEqual([1, ...hours.map((each) => 2 * each), 1])
      }
    })

    test('of civil days count at the ends of the interval only what lies inside', async () => {
      const { writer, reader } = await fresh()
      await writer.write(Array.from({ length: 48 }, (_, i) => reading(start + i * 60 * minute)))
      const read = await windowsOf(reader, {
        ...{ ...civilDay('Asia/Shanghai', 0), fn: 'count' as const },
        ...{ from: start + 14 * 60 * minute, to: start + 18 * 60 * minute },
      })
      const begin = start + 16 * 60 * minute
      expect(read).toMatchObject([
        { count: 2, from: begin - day, to: begin },
        { count: 2, from: begin, to: begin + day },
      ])
    })

    test('come series by series in the order asked', async () => {
      const { writer, reader } = await fresh()
      const b = { device: 'b', property: 'pm10' }
      await writer.write(
        [0, 9].flatMap((i) => [reading(start + i * minute), reading(start + i * minute, b)]),
      )
      const read = await windowsOf(reader, { series: [b, { ...b, device: 'none' }, air] })
      expect(read.map(({ device, from }) => [device, from - start])).toEqual([
        ['b', 0],
        ['b', 5 * minute],
        ['air-1', 0],
        ['air-1', 5 * minute],
      ])
    })

    test('come in bounded pages', async () => {
      const { writer, reader } = await fresh()
      const batch = Array.from({ length: 20_000 }, (_, i) =>
        reading(start + i * minute, { value: i }),
      )
      await writer.write(batch)
      let count = 0
      const query = { series: [air], ...always, everyMs: minute, fn: 'last' } as const
      for await (const page of reader.aggregate(query)) {
        expect(page.length).toBeLessThanOrEqual(10_000)
        for (const { value } of page) expect(value).toBe(count++)
      }
      expect(count).toBe(batch.length)
    })

    test('that overflow have no value rather than a wrong one', async () => {
      const { writer, reader } = await fresh()
      await writer.write([0, 1].map((i) => reading(start + i, { value: 1.7e308 })))
      expect(await windowsOf(reader, { fn: 'sum' })).toMatchObject([{ value: null, count: 2 }])
    })
  })
}

function latest(fresh: Fresh): void {
  describe('latest', () => {
    test('is empty at first', async () => {
      const { reader } = await fresh()
      expect(await allOf(reader.latest())).toEqual([])
      expect(await reader.series()).toEqual([])
    })

    test('is the newest by observed time of every series, whenever it came', async () => {
      const { writer, reader } = await fresh()
      const b = { device: 'b', property: 'pm25' }
      await writer.write([reading(start + 5, { value: 5 }), reading(start, b)])
      await tidyAll(writer)
      await writer.write([
        reading(start + 3, { value: 3 }),
        reading(start + 9, { ...b, value: null }),
      ])
      const read = await allOf(reader.latest())
      expect(read.sort((x, y) => x.device.localeCompare(y.device))).toEqual([
        reading(start + 5, { value: 5 }),
        reading(start + 9, { ...b, value: null }),
      ])
    })

    test('shows a replaced value', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start, { value: 1 })])
      await tidyAll(writer)
      await writer.write([reading(start, { value: 2 })])
      expect(await allOf(reader.latest())).toEqual([reading(start, { value: 2 })])
    })

    test('comes in bounded pages', async () => {
      const { writer, reader } = await fresh()
      const batch = Array.from({ length: 3_000 }, (_, i) => reading(start, { device: `d-${i}` }))
      await writer.write(batch)
      const devices = new Set<string>()
      for await (const page of reader.latest()) {
        expect(page.length).toBeLessThanOrEqual(2_000)
        for (const { device } of page) devices.add(device)
      }
      expect(devices.size).toBe(batch.length)
    })
  })
}

function following(fresh: Fresh): void {
  describe('following', () => {
    test('tells what is stored from now on, in the order stored', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start)])
      const position = await reader.position()
      const batch = [reading(start + 2), reading(start + 1), reading(start, { value: 7 })]
      await writer.write(batch)
      const told = await reader.since(position)
      expect(told).toMatchObject({ readings: batch, gap: false })
      expect(await reader.since(told.position)).toEqual({
        readings: [],
        position: told.position,
        gap: false,
      })
      expect(JSON.parse(JSON.stringify(told.position))).toEqual(told.position)
    })

    test('tells a long stretch in bounded pieces', async () => {
      const { writer, reader } = await fresh()
      let position = await reader.position()
      const batch = Array.from({ length: 50_000 }, (_, i) => reading(start + i))
      await writer.write(batch)
      const told: Reading[] = []
      for (;;) {
        const piece = await reader.since(position)
        position = piece.position
        if (piece.gap) {
          // What was folded away is not told; then the follower looks at the whole again.
          expect(await rangeOf(reader)).toHaveLength(batch.length)
          return
        }
        if (piece.readings.length === 0) break
        expect(piece.readings.length).toBeLessThanOrEqual(20_000)
        told.push(...piece.readings)
      }
      expect(told).toEqual(batch)
    })

    test('a position that is not of this store is a gap, and the new one is good', async () => {
      const { writer, reader } = await fresh()
      await writer.write([reading(start)])
      const told = await reader.since(Number.MAX_SAFE_INTEGER)
      expect(told).toMatchObject({ readings: [], gap: true })
      await writer.write([reading(start + 1)])
      expect(await reader.since(told.position)).toMatchObject({
        readings: [reading(start + 1)],
        gap: false,
      })
    })
  })
}

function retention(fresh: Fresh): void {
  describe('retention', () => {
    test('keeps forever when no days are set', async () => {
      const { writer, reader } = await fresh(0)
      await writer.write([reading(0)])
      await tidyAll(writer, start + 10_000 * day)
      expect(await rangeOf(reader)).toHaveLength(1)
    })

    test('drops what was observed longer ago, and keeps the rest', async () => {
      const { writer, reader } = await fresh(3)
      const b = { device: 'b', property: 'pm10' }
      const hours = Array.from({ length: 240 }, (_, i) => reading(start + (i * day) / 24))
      await writer.write([...hours, reading(start, b)])
      const now = start + 9 * day + 1
      await tidyAll(writer, now)
      const read = await rangeOf(reader)
      expect(read.length).toBeLessThanOrEqual(4 * 24 + 1)
      expect(read).toEqual(hours.slice(hours.length - read.length))
      expect(read[0]!.observedAt).toBeLessThanOrEqual(now - 3 * day)
      expect(await rangeOf(reader, { series: [b] })).toEqual([])
      expect(await allOf(reader.latest())).toEqual([hours.at(-1)])
    })
  })
}
