/** Recorded floods, storms and smog must pass; recorded faults must be found. docs/quality.md has the whole evaluation. */

import { readFileSync } from 'node:fs'
import { parse } from 'csv-parse/sync'
import { afterEach, expect, test } from 'vitest'
import { propertyOf } from '../../domain/catalogue.ts'
import { qualityTests, testFlag } from '../../domain/quality.ts'
import type { Reading } from '../../domain/reading.ts'
import { readRows, recordings } from '../../simulators/recordings.ts'
import { openStream, type Stream } from './stream.ts'

let stream: Stream
afterEach(() => stream.close())

interface Observed {
  device: string
  at: number
  values: Readonly<Record<string, number>>
}

/** Readings with the flags that they end up with; what is outside of the plausible range is left out, as in ingest. */
async function flagged(rows: readonly Observed[]): Promise<Reading[]> {
  stream = await openStream({
    devices: [...new Set(rows.map(({ device }) => device))].map((id) => ({ id })),
  })
  const all = new Map<string, Reading>()
  for (const { device, at, values } of rows) {
    const readings = Object.entries(values)
      .filter(([code, value]) => isPlausible(code, value))
      .map(([property, value]): Reading => {
        return { device, property, observedAt: at, receivedAt: at + 1_000, value, quality: 1 }
      })
    const checked = stream.quality.check(readings)
    for (const one of [...checked.readings, ...checked.revised]) {
      all.set(`${one.device} ${one.property} ${one.observedAt}`, one)
    }
  }
  return [...all.values()]
}

function isPlausible(code: string, value: number): boolean {
  const property = propertyOf(code)
  return property !== undefined && value >= property.min && value <= property.max
}

function recordedFaults(file: string): Observed[] {
  const text = readFileSync(new URL(`../cases/quality/${file}`, import.meta.url), 'utf8')
  const rows: Record<string, string>[] = parse(text, { columns: true })
  return rows.map(({ time = '', station = '', ...cells }) => ({
    device: station,
    at: Date.parse(time),
    values: Object.fromEntries(
      Object.entries(cells)
        .filter(([, cell]) => cell !== '')
        .map(([code, cell]) => [code, Number(cell)]),
    ),
  }))
}

test.each(recordings)('$title: nothing is doubted', async (recording) => {
  const rows = await readRows(recording)
  const readings = await flagged(
    rows.map(({ device, atMs, values }) => ({ device, at: atMs, values })),
  )
  expect(readings.length).toBeGreaterThan(200)
  expect(readings.filter(({ quality }) => quality !== 1)).toEqual([])
})

test('false turbidity of Pringle Creek is found; the true lack of oxygen beside it is good', async () => {
  const readings = await flagged(recordedFaults('pringle-creek-faults.csv'))
  const doubted = readings.filter(({ quality }) => quality >= 3)
  const upstream = doubted.filter(({ device }) => device === 'PRIN-upstream')
  expect(upstream.map(({ value, quality }) => [value, quality])).toEqual([
    [1_351.2, 4],
    [1_595.4, 4],
  ])
  const downstream = doubted.filter(({ device }) => device === 'PRIN-downstream')
  expect(downstream.length).toBeGreaterThan(20)
  expect(
    downstream.every(({ property, value }) => property === 'turbidity' && Number(value) < -1),
  ).toBe(true)
  const oxygen = readings.filter(
    ({ device, property }) => device === 'PRIN-upstream' && property === 'dissolved_oxygen',
  )
  expect(Math.min(...oxygen.map(({ value }) => Number(value)))).toBeLessThan(2)
})

test('an outage written as −200 is outside of every plausible range', async () => {
  const rows = recordedFaults('italy-street-outage.csv')
  const readings = await flagged(rows)
  const sentinels = rows
    .flatMap(({ values }) => Object.values(values))
    .filter((value) => value === -200)
  expect(sentinels.length).toBeGreaterThan(90)
  expect(readings.some(({ value }) => value === -200)).toBe(false)
})

test('the same outage written as 999.9, which is plausible for gases, fails by the sentinel test', async () => {
  const rows = recordedFaults('italy-street-outage.csv').map((row) => ({
    ...row,
    values: Object.fromEntries(
      Object.entries(row.values).map(([code, value]) => [code, value === -200 ? 999.9 : value]),
    ),
  }))
  const readings = await flagged(rows)
  const carbon = readings.filter(({ property }) => property === 'co' || property === 'no2')
  const found = carbon.filter(({ tests = 0 }) => testFlag(tests, 'sentinel') === 4)
  expect(found.length).toBeGreaterThan(90)
  expect(found.every(({ value }) => value === 999.9)).toBe(true)
  const missed = carbon.filter(({ value, quality }) => value === 999.9 && quality !== 4)
  expect(missed).toEqual([])
  const doubted = carbon.filter(({ value, quality }) => value !== 999.9 && quality !== 1)
  expect(
    doubted.map(({ tests = 0 }) => qualityTests.filter((t) => testFlag(tests, t) >= 3)),
  ).toEqual([])
})
