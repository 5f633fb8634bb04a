/** A file that an older version of the program left is opened, read and written on. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Quality } from '../../../../domain/reading.ts'
import { openReadingsReader, openReadingsWriter } from '../../../../stores/readings/sqlite.ts'
import { openSqlite } from '../../../../stores/sqlite.ts'
import {
  air,
  allOf,
  always,
  minute,
  rangeOf,
  reading,
  start,
  tidyAll,
  windowsOf,
} from '../../../conformance/readings.ts'

/** The file that the SQL text of its version makes: half of it sealed, half in the log. */
function oldFile(version: number): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  const path = join(dir, 'readings.db')
  const sql = new URL(`../../../cases/readings/version-${version}.sql`, import.meta.url)
  const db = openSqlite(path, { pageSizeBytes: 8_192 })
  db.exec(readFileSync(sql, 'utf8'))
  db.close()
  return path
}

const gate = { device: '闸门-1', property: 'water_level' }
const at = (i: number) => start + i * minute
const airReadings = [
  reading(at(0), { value: 35.2 }),
  reading(at(1), { value: 36.2 }),
  reading(at(2), { value: 7, quality: 4 }),
  reading(at(3), { value: 38.2 }),
  reading(at(4), { value: null, quality: 9 }),
  reading(at(5), { value: 1 / 3, quality: 3 }),
  reading(at(6), { value: 41.2 }),
]
const gateReadings = [
  reading(at(0), { ...gate, value: 9.31 }),
  reading(at(1), { ...gate, value: 9.32, quality: 2 }),
]

describe('a file of version 1', () => {
  test('is read as it was written', async () => {
    const reader = openReadingsReader({ path: oldFile(1) })
    onTestFinished(() => reader.close())
    expect(await rangeOf(reader, { series: [air, gate] })).toEqual([
      ...airReadings,
      ...gateReadings,
    ])
    expect(await allOf(reader.latest())).toEqual([airReadings.at(-1), gateReadings.at(-1)])
    expect(await reader.progress()).toEqual({
      ...{ seq: 5, received: 10, stored: 9, duplicate: 1, quarantined: 0 },
    })
    expect(await windowsOf(reader, { fn: 'count', everyMs: 60 * minute })).toMatchObject([
      { count: 4 },
    ])
  })

  test('is written on: repeats are known, flags revised, all sealed', async () => {
    const path = oldFile(1)
    const limits = { roundEntriesMin: 1, roundEntriesMax: 1, newestEntriesKept: 0 }
    const writer = openReadingsWriter({ path, keepDays: 0, limits })
    const reader = openReadingsReader({ path })
    onTestFinished(async () => {
      await writer.close()
      await reader.close()
    })
    expect(await writer.write([...airReadings, reading(at(7), { tests: 5 })])).toEqual({
      stored: 1,
      duplicate: airReadings.length,
    })
    const revised = [...airReadings, ...gateReadings].map((one) => ({
      ...{ ...one, quality: 3 as Quality, tests: 0b1101 },
    }))
    expect(await writer.revise(revised)).toBe(revised.length)
    await writer.write([reading(at(8))])
    for (let i = 0; i < 2; i++) {
      expect(await rangeOf(reader, { series: [air, gate], ...always })).toEqual([
        ...revised.slice(0, airReadings.length),
        reading(at(7), { tests: 5 }),
        reading(at(8)),
        ...revised.slice(airReadings.length),
      ])
      await tidyAll(writer)
    }
  })
})
