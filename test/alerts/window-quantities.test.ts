/** Windows of rules by the kind of quantity, and that they are what a reader of the same window is told. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, onTestFinished, test } from 'vitest'
import { createHistory, put } from '../../alerts/windows/window-buffer.ts'
import { windowOf, windowValue } from '../../alerts/windows/window.ts'
import { quantityOf } from '../../domain/catalogue.ts'
import { closesWindow } from '../../domain/property.ts'
import type { Signal } from '../../domain/rule.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { allOf, reading } from '../conformance/readings.ts'
import { ruleOf } from '../fixtures/registry.ts'

const minute = 60_000
const start = Date.UTC(2026, 4, 5, 6)
type Told = readonly (readonly [minutes: number, value: number])[]

function windowFor(property: string, signal: Partial<Signal>) {
  const found = windowOf(ruleOf({ id: 'r', property, levels: { red: 1 }, signal }))
  if (found === null) throw new Error('no window')
  return found
}

function signalOf(property: string, signal: Partial<Signal>, told: Told, atMinutes?: number) {
  const window = windowFor(property, signal)
  const history = createHistory(window.reachMs)
  for (const [minutes, value] of told) put(history, start + minutes * minute, value)
  const at = start + (atMinutes ?? told.at(-1)?.[0] ?? 0) * minute
  return windowValue(window, history, { at, expectedMs: 0 })
}

describe('counters', () => {
  const restarted = [
    [0, 731.4],
    [20, 731.6],
    [40, 732.2],
    [50, 0],
    [60, 0.6],
  ] as const

  test.each(['increase', 'sum', 'range'] as const)('%s is what they grew by', (type) => {
    expect(signalOf('rain_total', { type, window: '1h' }, restarted)).toBe(1.4)
    // From the reading before the window on.
    expect(signalOf('rain_total', { type, window: '30m' }, restarted)).toBe(1.2)
    expect(signalOf('rain_total', { type, window: '15m' }, restarted)).toBe(0.6)
  })

  test('say nothing at their first reading, and nothing of before a long silence', () => {
    const hour = { type: 'increase', window: '1h' } as const
    expect(signalOf('rain_total', hour, [[0, 5_000]])).toBeNull()
    const silent = [
      [0, 10],
      [600, 90],
      [610, 90.4],
    ] as const
    expect(signalOf('rain_total', hour, silent)).toBe(0.4)
  })

  test('rate is of the counter as if it had never begun again', () => {
    const values = Array.from(
      { length: 13 },
      (_, i) => [i * 5, (i < 6 ? 400 : 0) + i * 0.5] as const,
    )
    const shifted = values.map(([at, value]) => [at, value < 400 ? value - 2.5 : value] as const)
    const rate = { type: 'rate', window: '2h', per: '1h' } as const
    expect(signalOf('meter_volume', rate, shifted)).toBeCloseTo(6, 0)
    const ranOver = values.map(([at], i) => [at, (99_998 + i * 0.5) % 100_000] as const)
    expect(signalOf('meter_volume', rate, ranOver)).toBeCloseTo(6, 6)
  })

  test('that were folded into slots grow by the same', () => {
    let counter = 9_990
    const told = Array.from({ length: 9_000 }, (_, i) => {
      counter = i % 2_500 === 2_499 ? 0.2 : Math.round((counter + (i % 7) * 0.2) * 10) / 10
      return [i / 6, counter] as const
    })
    let grown = 0
    for (const [i, [, value]] of told.entries()) {
      const before = told[i - 1]?.[1]
      if (before === undefined) continue
      grown += value >= before ? value - before : value
    }
    expect(signalOf('rain_total', { type: 'increase', window: '30h' }, told)).toBeCloseTo(grown, 6)
  })
})

describe('levels', () => {
  test('are averaged as energy, singly and in slots', () => {
    const mean = { type: 'mean', window: '40h' } as const
    expect(
      signalOf('noise', mean, [
        [0, 50],
        [10, 80],
      ]),
    ).toBeCloseTo(77, 1)
    const many = Array.from({ length: 6_000 }, (_, i) => [i / 6, i % 2 === 0 ? 40 : 70] as const)
    expect(signalOf('noise', mean, many)).toBeCloseTo(66.99, 2)
  })
})

describe('a reader and a rule', () => {
  function openStore() {
    const dir = mkdtempSync(join(tmpdir(), 'bellwether-windows-'))
    const path = join(dir, 'readings.db')
    const writer = openReadingsWriter({ path, keepDays: 0 })
    const reader = openReadingsReader({ path })
    onTestFinished(async () => {
      await reader.close()
      await writer.close()
      rmSync(dir, { recursive: true, force: true })
    })
    return { writer, reader }
  }

  test.each([
    ['rainfall', 'sum'],
    ['water_level', 'mean'],
    ['temperature', 'mean'],
    ['rain_total', 'increase'],
    ['noise', 'mean'],
  ] as const)('%s: the %s of the same readings is the same number', async (property, fn) => {
    const { writer, reader } = openStore()
    let runs = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 900 }), { minLength: 1, maxLength: 120 }),
        async (tenths) => {
          const shift = property === 'temperature' ? 200 : 0
          const values = tenths.map((each) => (each - shift) / 10)
          if (property === 'rain_total') values.sort((a, b) => a - b)
          const told = values.map((value, i) => [(i + 1) / 2, value] as const)
          const device = `d-${runs++}`
          await writer.write(
            told.map(([minutes, value]) =>
              reading(start + minutes * minute, { device, property, value }),
            ),
          )
          // A window of states begins with its first moment, one of rules ends with its last.
          const at = start + (values.length / 2) * minute
          const from = at - 60 * minute + (closesWindow(quantityOf(property)) ? 0 : 1)
          const query = { from, to: from + 60 * minute, everyMs: 60 * minute, originMs: from, fn }
          const [read] = await allOf(reader.aggregate({ ...query, series: [{ device, property }] }))
          const rule = signalOf(property, { type: fn, window: '1h' }, told)
          expect(rule).toBe(read?.value)
        },
      ),
      { numRuns: 60 },
    )
  })
})
