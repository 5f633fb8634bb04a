/** Sealing and ageing: bounded steps, any load, nothing seen to move. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../../../domain/reading.ts'
import type { SealingLimits } from '../../../../stores/readings/sqlite/sealing.ts'
import { openReadingsReader, openReadingsWriter } from '../../../../stores/readings/sqlite.ts'
import { openSqlite } from '../../../../stores/sqlite.ts'
import {
  air,
  allOf,
  always,
  day,
  minute,
  rangeOf,
  reading,
  start,
  tidyAll,
  windowsOf,
} from '../../../conformance/readings.ts'

function freshPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'readings.db')
}

function open(limits: Partial<SealingLimits> = {}, keepDays = 0, path = freshPath()) {
  const writer = openReadingsWriter({ path, keepDays, limits })
  const reader = openReadingsReader({ path })
  const db = openSqlite(path)
  onTestFinished(async () => {
    db.close()
    await writer.close()
    await reader.close()
  })
  const count = (what: string) => {
    const row = db.prepare<[], { n: number }>(`select count(*) as n from ${what}`).get()
    return row?.n ?? -1
  }
  return { path, writer, reader, count }
}

/** Seals as soon as there is anything. */
const eager: Partial<SealingLimits> = {
  roundEntriesMin: 1,
  roundEntriesMax: 1,
  newestEntriesKept: 0,
}

const readings = (count: number, more: (i: number) => Partial<Reading>): Reading[] =>
  Array.from({ length: count }, (_, i) => reading(start + i * minute, more(i)))

describe('sealing', () => {
  test('begins only when enough entries wait, and leaves the newest in the log', async () => {
    const limits = { roundEntriesMin: 100, roundEntriesMax: 100, newestEntriesKept: 50 }
    const { writer, count } = open(limits)
    for (let i = 0; i < 14; i++)
      await writer.write([...Array(10)].map((_, j) => reading(i * 10 + j)))
    expect(await writer.tidy(start)).toBe(false)
    expect(count('chunk')).toBe(0)
    await writer.write([...Array(10)].map((_, j) => reading(140 + j)))
    await tidyAll(writer)
    expect([count('chunk'), count('log')]).toEqual([1, 5])
  })

  test('takes on a bounded number of series in a step', async () => {
    const { writer, count } = open({ ...eager, stepSeries: 10 })
    await writer.write(readings(95, (i) => ({ device: `d-${i}` })))
    await writer.write([reading(start)])
    // The first step learns what came in before; from then on only the least is asked of it.
    await writer.tidy(start)
    const before = count('chunk')
    expect(await writer.tidy(start)).toBe(true)
    expect(count('chunk') - before).toBe(10)
    await tidyAll(writer)
    expect(count('chunk')).toBe(95)
  })

  test('takes a very busy series in several steps', async () => {
    const { writer, reader, count } = open({ ...eager, stepEntries: 1_000, chunkPointsMax: 100 })
    const batch = readings(10_500, (i) => ({ value: i }))
    await writer.write(batch)
    await writer.write([reading(start - minute)])
    let steps = 1
    for (; await writer.tidy(start); steps++) {
      if (steps === 5) expect(await rangeOf(reader, { from: start })).toEqual(batch)
    }
    expect(steps).toBeGreaterThan(9)
    expect(count('chunk')).toBe(105)
    expect(await rangeOf(reader, { from: start })).toEqual(batch)
  })

  test('keeps pace with whatever comes in, one step per batch', async () => {
    const { writer, count } = open({
      roundEntriesMin: 2_000,
      roundEntriesMax: 2_000,
      newestEntriesKept: 500,
      stepSeries: 1,
      stepEntries: 1,
    })
    let waiting = 0
    for (let i = 0; i < 60; i++) {
      await writer.write(
        Array.from({ length: 400 }, (_, j) => reading(start + i * minute, { device: `d-${j}` })),
      )
      await writer.tidy(start)
      waiting = Math.max(waiting, count('log') * 400)
    }
    expect(waiting).toBeLessThanOrEqual(2_000 * 2 + 500 + 400)
  })

  test('a follower that looks often sees no gap at full speed, with the usual limits', async () => {
    const { writer, reader, count } = open()
    let position = await reader.position()
    let told = 0
    for (let i = 0; i < 60; i++) {
      // A quarter of a second's worth at 120,000 readings per second.
      const batch = Array.from({ length: 7_500 }, (_, j) =>
        reading(start + i * minute, { device: `d-${j}` }),
      )
      for (let k = 0; k < 4; k++) {
        await writer.write(batch.map((one) => ({ ...one, observedAt: one.observedAt + k })))
        await writer.tidy(start)
      }
      for (;;) {
        const piece = await reader.since(position)
        expect(piece.gap).toBe(false)
        position = piece.position
        told += piece.readings.length
        if (piece.readings.length === 0) break
      }
    }
    expect(told).toBe(60 * 4 * 7_500)
    expect(count('chunk')).toBeGreaterThan(0)
  })

  test('of one identity several times in a batch a follower is told the last', async () => {
    const { writer, reader } = open()
    const again = [1, 2, 3].map((value) => reading(start, { value }))
    await writer.write([...again, reading(start + 1)])
    expect((await reader.since(0)).readings).toEqual([again[2], reading(start + 1)])
    await writer.write([again[0]!, reading(start + 2)])
    expect((await reader.since(2)).readings).toEqual([again[0], reading(start + 2)])
  })

  test('a follower that stays away is told of the gap once', async () => {
    const { writer, reader } = open(eager)
    const position = await reader.position()
    await writer.write([reading(start)])
    await writer.write([reading(start + 1)])
    await tidyAll(writer)
    await writer.write([reading(start + 2)])
    const told = await reader.since(position)
    expect(told).toMatchObject({ readings: [], gap: true })
    expect(await reader.since(told.position)).toMatchObject({ readings: [], gap: false })
    expect(await allOf(reader.latest())).toEqual([reading(start + 2)])
  })

  test('a day of one reading per second is stored in chunks and read back whole', async () => {
    const { writer, reader, count } = open(eager)
    const batch = Array.from({ length: 86_400 }, (_, i) =>
      reading(start + i * 1_000, { value: i / 10 }),
    )
    for (let i = 0; i < batch.length; i += 5_400) await writer.write(batch.slice(i, i + 5_400))
    await writer.write([reading(start + day)])
    await tidyAll(writer)
    expect(count('chunk')).toBe(Math.ceil(86_400 / 256))
    expect(await rangeOf(reader, { to: start + day })).toEqual(batch)
    // Late ones in the middle split a chunk and stay bounded.
    await writer.write(
      Array.from({ length: 600 }, (_, i) => reading(start + 5e6 + i * 1_000 + 1, { value: -1 })),
    )
    await writer.write([reading(start + day + 1)])
    await tidyAll(writer)
    expect(await rangeOf(reader, { to: start + day })).toHaveLength(87_000)
    const sums = await windowsOf(reader, { fn: 'count', everyMs: day })
    expect(sums.map(({ count: n }) => n)).toEqual([87_000, 2])
  })

  test('late readings on a busy series are judged exactly and quickly', async () => {
    const { writer } = open()
    const times = Array.from({ length: 60_000 }, (_, i) => start + i * 10)
    // Backwards, so that no reading is the newest: a walk through all of them each time would take hours.
    for (let i = times.length; i > 0; i -= 5_000) {
      const batch = times.slice(i - 5_000, i).reverse()
      expect(await writer.write(batch.map((time) => reading(time)))).toMatchObject({ duplicate: 0 })
    }
    const again = times.filter((_, i) => i % 7 === 0).map((time) => reading(time))
    expect(await writer.write(again)).toEqual({ stored: 0, duplicate: again.length })
  })
})

describe('years of readings', () => {
  test.each([2 ** 31 - 3, 2 ** 32 - 3, 2 ** 52])('work beyond %d entries', async (entries) => {
    const path = freshPath()
    await openReadingsWriter({ path, keepDays: 0 }).close()
    const db = openSqlite(path)
    db.prepare('update state set next_entry = ?, received = ?, stored = ?').run(
      ...Array(3).fill(entries),
    )
    db.close()
    const { writer, reader } = open(eager, 0, path)
    const position = await reader.position()
    expect(position).toBe(entries)
    const batch = readings(20, (i) => ({ value: i }))
    for (let i = 0; i < 20; i += 4) await writer.write(batch.slice(i, i + 4))
    expect((await reader.since(position)).readings).toEqual(batch)
    await tidyAll(writer)
    expect(await rangeOf(reader)).toEqual(batch)
    expect(await writer.write(batch)).toEqual({ stored: 0, duplicate: 20 })
    expect(await reader.progress()).toMatchObject({ stored: entries + 20, duplicate: 20 })
  })
})

describe('ageing', () => {
  const now = start + 10 * day

  test('cuts the chunk that lies across the limit', async () => {
    const { writer, reader, count } = open(eager, 3)
    const hours = Array.from({ length: 240 }, (_, i) => reading(start + (i * day) / 24))
    await writer.write(hours)
    await writer.write([reading(now)])
    await tidyAll(writer, start)
    expect(count('chunk')).toBe(1)
    await tidyAll(writer, now)
    expect((await rangeOf(reader)).length).toBe(3 * 24 + 1)
    expect(count(`chunk where start < ${start + 7 * day}`)).toBe(0)
  })

  test('hides what is too old at once, also what still waits in the log', async () => {
    const { writer, reader } = open({}, 3)
    const hours = Array.from({ length: 240 }, (_, i) => reading(start + (i * day) / 24))
    const position = await reader.position()
    await writer.write(hours)
    await writer.write([reading(start, { device: 'old' })])
    await writer.tidy(now)
    expect(await rangeOf(reader)).toEqual(hours.slice(7 * 24))
    expect(await allOf(reader.latest())).toEqual([hours.at(-1)])
    expect((await reader.since(position)).readings).toEqual(hours.slice(7 * 24))
    const days = await windowsOf(reader, { everyMs: day, fn: 'count' })
    expect(days.map(({ from }) => (from - start) / day)).toEqual([7, 8, 9])
  })

  test('forgets series with their last reading, and knows them again when they come back', async () => {
    const { writer, reader, count } = open(eager, 3)
    await writer.write([reading(start, { device: 'gone' }), reading(now)])
    await writer.write([reading(now + 1)])
    expect(await reader.series()).toHaveLength(2)
    await tidyAll(writer, now)
    // The name goes in the pass after the one in which the log was emptied.
    await writer.write([reading(now + 2)])
    await tidyAll(writer, now + day)
    expect(await reader.series()).toEqual([air])
    expect(count('series')).toBe(1)
    await writer.write([reading(now + 3, { device: 'gone' })])
    expect(await reader.series()).toHaveLength(2)
    expect(await rangeOf(reader, { series: [{ ...air, device: 'gone' }] })).toHaveLength(1)
    expect(await rangeOf(reader)).toHaveLength(3)
  })

  test('a reading that is already too old is counted, and gone', async () => {
    const { writer, reader } = open({}, 3)
    await writer.tidy(now)
    expect(await writer.write([reading(start), reading(now)])).toEqual({ stored: 2, duplicate: 0 })
    expect(await rangeOf(reader)).toEqual([reading(now)])
    expect(await reader.series()).toEqual([air])
  })

  test('takes a long past in bounded steps', async () => {
    const { writer, count } = open({ ...eager, chunkPointsMax: 2, stepSeries: 10 }, 3)
    await writer.write(Array.from({ length: 200 }, (_, i) => reading(start + i * minute)))
    await writer.write([reading(now)])
    await tidyAll(writer, start)
    const before = count('chunk')
    let steps = 1
    for (; await writer.tidy(now); steps++) {
      expect(before - count('chunk')).toBeLessThanOrEqual(10 * (steps + 1))
    }
    expect(steps).toBeGreaterThan(9)
    expect(count('chunk')).toBe(0)
  })

  test('keeping longer again takes effect at once', async () => {
    const path = freshPath()
    const first = openReadingsWriter({ path, keepDays: 1 })
    await first.write([reading(now)])
    await tidyAll(first, now)
    await first.close()
    const { writer, reader } = open({}, 0, path)
    await tidyAll(writer, now)
    await writer.write([reading(start)])
    expect(await rangeOf(reader)).toHaveLength(2)
  })
})

describe('reading much', () => {
  test('a year of minutes is folded into windows exactly', async () => {
    const { writer, reader } = open(eager)
    const minutes = 365 * 24 * 60
    for (let i = 0; i < minutes; i += 40_000) {
      const batch = Array.from({ length: Math.min(40_000, minutes - i) }, (_, j) =>
        reading(start + (i + j) * minute, { value: ((i + j) % 1_440) / 10 }),
      )
      await writer.write(batch)
    }
    await tidyAll(writer)
    const days = await windowsOf(reader, { everyMs: day, fn: 'mean' })
    expect(days).toHaveLength(365)
    expect(days.every(({ value, count }) => count === 1_440 && value === 71.95)).toBe(true)
    const [year] = await windowsOf(reader, { everyMs: 400 * day, fn: 'sum', originMs: start })
    expect(year).toMatchObject({ count: minutes, value: 71.95 * minutes })
  })

  test('what is skipped still gives way: pages come, if empty', async () => {
    const { writer, reader } = open()
    for (let i = 0; i < 10; i++) {
      await writer.write(
        Array.from({ length: 60_000 }, (_, j) => reading(start + i * 1e6 + j, { quality: 1 })),
      )
    }
    const pages: number[] = []
    const query = { series: [air, { ...air, device: 'b' }], ...always }
    for await (const page of reader.range({ ...query, quality: [4] })) pages.push(page.length)
    expect(pages.length).toBeGreaterThan(0)
    expect(pages.every((length) => length === 0)).toBe(true)
  })
})
