/** What is learned from the readings store after a start: a restart changes no flag. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import type { ReadingsReader, ReadingsWriter } from '../../stores/readings/readings.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { minuteMs, noPast, openStream, reading, type Stream, start } from './stream.ts'

let dir: string
let writer: ReadingsWriter
let reader: ReadingsReader
let stream: Stream

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-history-'))
  writer = openReadingsWriter({ path: join(dir, 'readings.db'), keepDays: 0 })
  reader = openReadingsReader({ path: join(dir, 'readings.db') })
  const devices = Array.from({ length: 500 }, (_, i) => ({ id: `d-${i + 1}` }))
  stream = await openStream({ devices }, reader)
})
afterEach(async () => {
  await stream.close()
  await Promise.all([writer.close(), reader.close()])
  rmSync(dir, { recursive: true, force: true })
})

let seq = 0

async function store(readings: readonly Reading[]): Promise<void> {
  await stream.quality.prepare(readings)
  const { readings: judged, revised } = stream.quality.check(readings)
  await writer.write(judged, { seq: ++seq, quarantined: 0, revised })
}

async function stored(device = 'd-1', property = 'water_level'): Promise<Reading[]> {
  const all: Reading[] = []
  const query = { series: [{ device, property }], from: 0, to: 8.64e15 }
  for await (const page of reader.range(query)) all.push(...page)
  return all
}

const level = { property: 'water_level' }

test('a reading just before a restart is still revised by the one after it', async () => {
  await store([2, 2.1, 2.2, 90].map((value, i) => reading(i, value, level)))
  stream.restart()
  await store([reading(4, 2.2, level)])
  expect((await stored()).map(({ quality }) => quality)).toEqual([1, 1, 1, 4, 1])
})

test('a backlog behind a live reading goes on after a restart where it was', async () => {
  await store([reading(12, 8, level)])
  const backlog = [2, 2.1, 2.2, 90, 2.2].map((value, i) =>
    reading(i, value, { ...level, receivedAt: start + 13 * minuteMs + i }),
  )
  await store(backlog.slice(0, 4))
  stream.restart()
  await store(backlog.slice(4))
  expect((await stored()).map(({ quality }) => quality)).toEqual([1, 1, 1, 4, 1, 1])
})

test('whatever the series and wherever it is restarted, flags are the same', async () => {
  let device = 0
  const values = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 200, max: 230 }) },
      fc.constantFrom(999.9, -9_999, 1_500, 4_000, null),
    ),
    { minLength: 2, maxLength: 25 },
  )
  await fc.assert(
    fc.asyncProperty(values, fc.array(fc.boolean(), { maxLength: 25 }), async (xs, restarts) => {
      device += 1
      const id = `d-${device}`
      const more = { property: 'pm25', device: id }
      const unbroken = await openStream({ devices: [{ id }] }, noPast)
      const expected = unbroken.flags(xs.map((value, i) => reading(i, value, more)))
      await unbroken.close()
      for (const [i, value] of xs.entries()) {
        if (restarts[i]) stream.restart()
        await store([reading(i, value, more)])
      }
      expect((await stored(id, 'pm25')).map(({ quality }) => quality)).toEqual(expected)
    }),
    { numRuns: 40 },
  )
})

test('what stood still before a restart stands still after it', async () => {
  await stream.plan({ flat_line: { suspect: '3h', fail: '30h', tolerance: 0.5 } })
  const still = { value: 60 }
  for (let i = 0; i < 25; i++) await store([reading(i * 10, still.value)])
  stream.restart()
  await store([reading(250, 60)])
  stream.restart()
  await store([reading(260, 60), reading(270, 75)])
  expect((await stored('d-1', 'pm25')).slice(17).map(({ quality }) => quality)).toEqual([
    1, 3, 3, 3, 3, 3, 3, 3, 3, 3, 1,
  ])
})

test('a sentinel that has stood for hours is one after a restart too', async () => {
  await store([0, 1, 2].map((n) => reading(n, 41, level)))
  await store(Array.from({ length: 200 }, (_, i) => reading(3 + i, 999.9, level)))
  stream.restart()
  const after = [999.9, 999.9, 41, 41, 41, 41, 41].map((value, i) => reading(203 + i, value, level))
  await store(after)
  expect((await stored()).slice(-7).map(({ quality }) => quality)).toEqual([4, 4, 1, 1, 1, 1, 1])
})

test('a series that reports once a day is found, and readings of other series are not mixed in', async () => {
  const day = 24 * 60
  await store([0, 1, 2].map((n) => reading(n * day, 30, { ...level, device: 'd-2' })))
  await store([0, 1].map((n) => reading(n * day, 2, level)))
  stream.restart()
  await store([reading(2 * day, 60, level), reading(2 * day, 30, { device: 'd-2' })])
  await store([reading(3 * day, 2, level)])
  expect((await stored()).map(({ quality }) => quality)).toEqual([1, 1, 4, 1])
})

test('readings received after those that are judged are not the past', async () => {
  await writer.write([reading(5, 900, level), reading(6, 900, level)])
  const { readings } = await judged([reading(1, 2, level), reading(2, 2, level)])
  expect(readings.map(({ quality }) => quality)).toEqual([1, 1])
})

async function judged(readings: readonly Reading[]) {
  await stream.quality.prepare(readings)
  return stream.quality.check(readings)
}

test('many series are asked for in few questions, and a store that cannot be read is told', async () => {
  let asked = 0
  let isBroken = true
  const past: Pick<ReadingsReader, 'range'> = {
    range(query) {
      if (isBroken) throw new Error('disk I/O error')
      asked += 1
      return reader.range(query)
    },
  }
  const many = Array.from({ length: 1_000 }, (_, i) => ({ id: `m-${i}` }))
  const big = await openStream({ devices: many }, past)
  const readings = many.map(({ id }) => reading(0, 30, { device: id }))
  await expect(big.quality.prepare(readings)).rejects.toThrow('disk I/O error')
  isBroken = false
  await big.quality.prepare(readings)
  expect(asked).toBeLessThanOrEqual(20)
  await big.quality.prepare(readings)
  expect(asked).toBeLessThanOrEqual(20)
  await big.close()
})
