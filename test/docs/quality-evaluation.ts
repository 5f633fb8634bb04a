/**
 * Runs quality control with its defaults over recorded series and writes what it found and what it raised falsely to
 * `quality-figures.json`, from which `docs/quality.md` is made.
 * Run with `npx tsx test/docs/quality-evaluation.ts FOLDER_OF_RECORDINGS`.
 */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { propertyOf } from '../../domain/catalogue.ts'
import { qualityTests, testFlag } from '../../domain/quality.ts'
import { qualityPlanSchema } from '../../domain/quality-plan.ts'
import type { Reading } from '../../domain/reading.ts'
import { createQualityControl } from '../../quality/quality-control.ts'
import { openTown } from '../fixtures/registry.ts'
import {
  type CsvRow,
  type Episode,
  episodesOf,
  type Recorded,
  recorded,
  rowsOf,
} from './quality-recordings.ts'

interface Sample {
  station: string
  column: string
  at: number
  /** Outside of the plausible range: never stored. */
  isRefused: boolean
  isSentinel: boolean
  /** Outcomes of the tests, after all revisions. */
  tests: number
}

const dir = process.argv[2]
if (dir === undefined) throw new Error('Name the folder of the recordings.')

const figures = []
for (const recording of recorded) {
  const samples = await judged(dir, recording)
  figures.push({ ...summaryOf(samples, episodesOf(dir, recording)), title: recording.title })
}
const file = new URL('quality-figures.json', import.meta.url)
writeFileSync(file, `${JSON.stringify(figures, null, 2)}\n`)

async function judged(folder: string, recording: Recorded): Promise<readonly Sample[]> {
  const rows = rowsOf(folder, recording.file)
  const places = new Map(
    rowsOf(folder, 'stations.csv')
      .filter(({ latitude }) => latitude !== '')
      .map((row) => [row.station, [Number(row.longitude), Number(row.latitude)]]),
  )
  const stations = [...new Set(rows.map((row) => row.station ?? '-'))]
  const columns = Object.keys(recording.columns)
  const temp = mkdtempSync(join(tmpdir(), 'bellwether-quality-'))
  const town = await openTown(join(temp, 'registry.db'), {
    sites: stations.map((name) => ({ id: siteId(name), location: places.get(name) ?? null })),
    devices: stations.flatMap((name) =>
      columns.map((column) => ({ id: deviceId(name, column), site: siteId(name) })),
    ),
  })
  for (const [property, tests] of Object.entries(recording.plans ?? {})) {
    const plan = qualityPlanSchema.parse({ id: property, property, tests })
    await town.registry.insert('quality-plan', plan)
  }
  await town.view.refresh()
  const past = { range: () => [] }
  const quality = createQualityControl({ registry: town.view, past, enabled: true })
  const samples = new Map<string, Sample>()
  for (const row of rows) {
    const readings = columns.flatMap((column) => readingOf(row, column, { recording, samples }))
    const { readings: flagged, revised } = quality.check(readings)
    for (const { device, observedAt, tests = 0 } of [...flagged, ...revised]) {
      const sample = samples.get(`${device} ${observedAt}`)
      if (sample !== undefined) sample.tests = tests
    }
  }
  await town.close()
  rmSync(temp, { recursive: true })
  return [...samples.values()]
}

/** The reading of one cell, if it holds a value that is taken; the sample is noted either way. */
function readingOf(
  row: CsvRow,
  column: string,
  { recording, samples }: { recording: Recorded; samples: Map<string, Sample> },
): Reading[] {
  const [code = '', scale = 1] = recording.columns[column] ?? []
  const text = row[column] ?? ''
  const property = propertyOf(code)
  if (text === '' || property === undefined) return []
  const station = row.station ?? '-'
  const device = deviceId(station, column)
  const at = Date.parse(row.time ?? '')
  const isSentinel = Number(text) === recording.sentinel
  const sent = isSentinel ? (recording.sentAs ?? Number(text)) : Number(text)
  const value = Number((sent * scale).toPrecision(12))
  const isRefused = value < property.min || value > property.max
  samples.set(`${device} ${at}`, { station, column, at, isRefused, isSentinel, tests: 0 })
  if (isRefused) return []
  return [{ device, property: code, observedAt: at, receivedAt: at + 1_000, value, quality: 1 }]
}

function siteId(station: string): string {
  return station.replaceAll(' ', '_')
}

function deviceId(station: string, column: string): string {
  return `${siteId(station)}.${column}`
}

function summaryOf(samples: readonly Sample[], episodes: readonly Episode[]) {
  const faults = episodes.filter(({ kind }) => kind === 'fault')
  const events = episodes.filter(({ kind }) => kind === 'event')
  const inFault = (sample: Sample) =>
    sample.isSentinel || faults.some((episode) => covers(episode, sample))
  const clean = samples.filter((sample) => !inFault(sample))
  const alarms = clean.filter(isFound)
  const inEvents = clean.filter((sample) => events.some((episode) => covers(episode, sample)))
  return {
    samples: samples.length,
    refused: samples.filter(({ isRefused }) => isRefused).length,
    tests: byTest(samples),
    faults: faultsOf(samples, episodes),
    clean: clean.length,
    falseAlarms: alarms.length,
    falseAlarmsByTest: byTest(alarms),
    falseAlarmsBySeries: countBy(alarms, ({ column }) => column),
    eventSamples: inEvents.length,
    eventAlarms: inEvents.filter(isFound).length,
    eventFails: inEvents.filter(({ tests }) => hasFlag(tests, 4)).length,
  }
}

/** Faults of one kind and series together. */
function faultsOf(samples: readonly Sample[], episodes: readonly Episode[]) {
  const found = new Map<string, { samples: number; found: number; by: string[] }>()
  const note = (what: string, sample: Sample) => {
    const sum = found.get(what) ?? { samples: 0, found: 0, by: [] }
    found.set(what, sum)
    sum.samples += 1
    if (!isFound(sample)) return
    sum.found += 1
    const by = sample.isRefused ? ['refused'] : qualityTests.filter((t) => doubts(sample.tests, t))
    for (const test of by) if (!sum.by.includes(test)) sum.by.push(test)
  }
  for (const sample of samples) {
    if (sample.isSentinel) note(`${sample.column} = sentinel`, sample)
    for (const episode of episodes) {
      if (episode.kind === 'event' || !covers(episode, sample)) continue
      note(`${sample.station} ${sample.column}: ${episode.what}`, sample)
    }
  }
  return Object.fromEntries(found)
}

function covers({ station, columns, from, to }: Episode, sample: Sample): boolean {
  if (station !== sample.station || !columns.includes(sample.column)) return false
  return sample.at >= from && sample.at <= to
}

function isFound({ isRefused, tests }: Sample): boolean {
  return isRefused || hasFlag(tests, 3) || hasFlag(tests, 4)
}

function doubts(tests: number, test: (typeof qualityTests)[number]): boolean {
  return test !== 'time_gap' && testFlag(tests, test) >= 3
}

function hasFlag(tests: number, flag: 3 | 4): boolean {
  return qualityTests.some((test) => test !== 'time_gap' && testFlag(tests, test) === flag)
}

function byTest(samples: readonly Sample[]): Record<string, { suspect: number; fail: number }> {
  const counts: Record<string, { suspect: number; fail: number }> = {}
  for (const test of qualityTests) {
    const suspect = samples.filter(({ tests }) => testFlag(tests, test) === 3).length
    const fail = samples.filter(({ tests }) => testFlag(tests, test) === 4).length
    if (suspect + fail > 0) counts[test] = { suspect, fail }
  }
  return counts
}

function countBy<Item>(
  items: readonly Item[],
  key: (item: Item) => string,
): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const item of items) counts[key(item)] = (counts[key(item)] ?? 0) + 1
  return counts
}
