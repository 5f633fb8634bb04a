/**
 * A reader of the embedded readings store; any number of them in other threads or processes.
 *
 * Each answer comes from one short read transaction per page on the file itself. Nothing is promised to
 * the writer and nothing is held between pages.
 */

import { Fault } from '../../../domain/errors.ts'
import { qualityFlags, type Reading, type SeriesKey } from '../../../domain/reading.ts'
import type { RangeQuery, ReadingsReader } from '../readings.ts'
import { naming } from '../store-file.ts'
import { aggregatePages } from './aggregate.ts'
import { createChunkTable } from './chunk-table.ts'
import { openReadingsFile } from './file.ts'
import { createMirror, type Mirror } from './mirror.ts'
import { flagsOf, type Point, pointAt } from '../log/points.ts'
import { pageWorkMax, type ReadFile, scanSeries, seriesWork } from './series-scan.ts'
import { type FileState, prepareState, progressOf } from './state.ts'

const pageReadingsMax = 4_096
const pageSeriesMax = 1_024
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
      aggregate: (query) => aggregatePages(file, query),
      position: () => naming(path, () => stateRow().nextEntry),
      since: (position) => snapshot(({ keptFrom }) => since(mirror, position, keptFrom)),
      progress: () => progressOf(naming(path, stateRow)),
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

function readingOf({ device, property }: SeriesKey, point: Point): Reading {
  const { observedAt, receivedAt, tests } = point
  const quality = qualityFlags.find((flag) => flag === point.quality)
  if (quality === undefined) throw new Error(`Stored quality ${point.quality} is not a flag.`)
  const value = Number.isNaN(point.value) ? null : point.value
  if (tests === 0) return { device, property, observedAt, receivedAt, value, quality }
  return { device, property, observedAt, receivedAt, value, quality, tests }
}
