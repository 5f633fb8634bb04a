/**
 * A reader of the embedded readings store; any number of them in other threads or processes.
 *
 * Each answer comes from one short read transaction per page on the file itself. Nothing is promised to
 * the writer and nothing is held between pages.
 */

import { Fault } from '../../../domain/errors.ts'
import {
  type Aggregate,
  type Quality,
  qualityFlags,
  type Reading,
  type SeriesKey,
} from '../../../domain/reading.ts'
import type { AggregateQuery, RangeQuery, ReadingsReader } from '../readings.ts'
import { createChunkTable } from './chunk-table.ts'
import { naming, openReadingsFile } from './file.ts'
import { createMirror, type FileState, type Mirror, prepareState } from './mirror.ts'
import { type Point, pointAt } from './points.ts'
import { type ReadFile, scanSeries } from './series-scan.ts'
import { createWindows } from './windows.ts'

const pageReadingsMax = 4_096
const pageWindowsMax = 1_024
const pageSeriesMax = 1_024
/**
 * A page ends, even empty, after so many points were looked at (some 10 ms), so that whoever reads can see
 * to others. Finding a series counts as much as a chunk.
 */
const pageWorkMax = 262_144
const seriesWork = 512
/** One answer of `since` at most. */
const sinceReadingsMax = 16_384
const cacheBytes = 32 * 1024 * 1024

/** The file is made when it is not there yet, so readers may start before the writer. */
export function openReader(path: string): ReadingsReader {
  return naming(path, () => {
    const db = openReadingsFile(path, cacheBytes)
    db.pragma('query_only = ON')
    const mirror = createMirror(db)
    const chunks = createChunkTable(db)
    const stateRow = prepareState(db)
    const begin = db.prepare('begin')
    const end = db.prepare('commit')

    function snapshot<Result>(run: (state: FileState) => Result): Result {
      return naming(path, () => {
        begin.run()
        try {
          return run(mirror.refresh())
        } finally {
          if (db.inTransaction) end.run()
        }
      })
    }
    const file: ReadFile = { mirror, chunks, snapshot }

    return {
      series: () => snapshot(() => mirror.series.keys()),
      latest: () => latest(file),
      range: (query) => range(file, query),
      aggregate: (query) => aggregate(file, query),
      position: () => naming(path, () => stateRow().nextEntry),
      since: (position) => snapshot(({ keptFrom }) => since(mirror, position, keptFrom)),
      progress() {
        const { seq, received, stored, duplicate, quarantined } = naming(path, stateRow)
        return { seq, received, stored, duplicate, quarantined }
      },
      close() {
        db.close()
      },
    }
  })
}

function* latest(file: ReadFile): Generator<readonly Reading[]> {
  const { mirror, chunks, snapshot } = file
  for (let id = 1, last = 1; id <= last; ) {
    const page = snapshot(({ keptFrom }) => {
      last = mirror.series.last
      const readings: Reading[] = []
      for (; id <= last && readings.length < pageSeriesMax; id++) {
        const key = mirror.series.keyOf(id)
        const sealed = chunks.lastPoint(id)
        const ordinal = mirror.unsealed.latestOf(id)
        const logged = ordinal < 0 ? undefined : mirror.unsealed.at(ordinal)
        const point = later(sealed, logged)
        if (key === undefined || point === undefined || point.observedAt < keptFrom) continue
        readings.push(readingOf(key, point))
      }
      return readings
    })
    if (page.length > 0) yield page
  }
}

/** Of equal times the log's entry is the newer one. */
function later(sealed: Point | undefined, logged: Point | undefined) {
  if (sealed === undefined || logged === undefined) return logged ?? sealed
  return sealed.observedAt > logged.observedAt ? sealed : logged
}

function* range(file: ReadFile, query: RangeQuery): Generator<readonly Reading[]> {
  const { after } = query
  const flags = flagsOf(query.quality ?? qualityFlags)
  let page: Reading[] = []
  let work = 0
  for (const key of query.series.slice(startOf(query))) {
    work += seriesWork
    const from = after && isSame(key, after) ? after.observedAt : undefined
    for (const points of scanSeries(file, key, query, from)) {
      work += points.count
      for (let i = 0; i < points.count; i++) {
        if (flags[points.quality[i] ?? 0] === 1) page.push(readingOf(key, pointAt(points, i)))
        if (page.length < pageReadingsMax) continue
        yield page
        page = []
        work = 0
      }
    }
    if (work < pageWorkMax) continue
    yield page
    page = []
    work = 0
  }
  if (page.length > 0) yield page
}

function startOf({ series, after }: RangeQuery): number {
  if (after === undefined) return 0
  const at = series.findIndex((key) => isSame(key, after))
  if (at >= 0) return at
  const name = `${after.device} ${after.property}`
  throw new Fault('bad_request', `after names ${name}, which is not among the series asked for`, {
    field: 'after',
  })
}

function* aggregate(file: ReadFile, query: AggregateQuery): Generator<readonly Aggregate[]> {
  const { fn, everyMs, originMs = 0, vector } = query
  if (!Number.isSafeInteger(everyMs) || everyMs < 1) {
    throw new RangeError(`everyMs is ${everyMs}; it must be a whole number from 1.`)
  }
  const flags = flagsOf(query.quality ?? [1, 2])
  let page: Aggregate[] = []
  let work = 0
  for (const { device, property } of query.series) {
    const key = { device, property }
    const windows = createWindows({
      ...{ key, fn, everyMs, originMs, flags },
      vector: vector?.(property) ?? false,
      emit: (window) => page.push(window),
    })
    work += seriesWork
    for (const points of scanSeries(file, key, query)) {
      windows.fold(points)
      work += points.count
      if (page.length < pageWindowsMax && work < pageWorkMax) continue
      yield page
      page = []
      work = 0
    }
    windows.finish()
  }
  if (page.length > 0) yield page
}

/** Entries that aged out meanwhile are passed over. */
function since({ series, unsealed }: Mirror, position: number, keptFrom: number) {
  if (position < unsealed.base || position > unsealed.next) {
    return { readings: [], position: unsealed.next, gap: true }
  }
  const end = Math.min(unsealed.next, position + sinceReadingsMax)
  const readings: Reading[] = []
  for (let ordinal = position; ordinal < end; ordinal++) {
    const entry = unsealed.at(ordinal)
    const key = series.keyOf(entry.series)
    if (key !== undefined && entry.observedAt >= keptFrom) readings.push(readingOf(key, entry))
  }
  return { readings, position: end, gap: false }
}

function isSame(a: SeriesKey, b: SeriesKey): boolean {
  return a.device === b.device && a.property === b.property
}

function flagsOf(qualities: readonly Quality[]): Uint8Array {
  const flags = new Uint8Array(256)
  for (const quality of qualities) flags[quality] = 1
  return flags
}

function readingOf({ device, property }: SeriesKey, point: Point): Reading {
  const { observedAt, receivedAt, tests } = point
  const quality = qualityFlags.find((flag) => flag === point.quality)
  if (quality === undefined) throw new Error(`Stored quality ${point.quality} is not a flag.`)
  const value = Number.isNaN(point.value) ? null : point.value
  if (tests === 0) return { device, property, observedAt, receivedAt, value, quality }
  return { device, property, observedAt, receivedAt, value, quality, tests }
}
