/** What readers know from `influx.db`: which series there are and when, their newest readings, and the feed. */

import type { Reading, SeriesKey } from '../../../../domain/reading.ts'
import type { FeedPosition, Interval, Progress } from '../../readings.ts'
import { naming } from '../../store-file.ts'
import { type DirtyHours, prepareDirtyHours } from './dirty-hours.ts'
import { type FileState, openInfluxFile, prepareState, progressOf } from './file.ts'
import { closedMsOf, isOfNewForm } from '../layout.ts'
import { createMirror } from './mirror.ts'
import { readingOf } from '../query/rows.ts'
import type { Series } from './series-register.ts'

export interface Snapshot {
  progress(): Progress
  position(): FeedPosition
  series(): SeriesKey[]
  /** Newest readings of the series from this number on, and the number to go on with; undefined behind the last. */
  newest(from: number, max: number): { readings: Reading[]; next: number } | undefined
  since(position: FeedPosition): { readings: Reading[]; position: FeedPosition; gap: boolean }
  /**
   * The part of the interval in which each series has readings; undefined when there is none. For windows it is that
   * in which their windows lie (`closedMsOf`).
   */
  extents(keys: readonly SeriesKey[], within: ExtentQuery): (Interval | undefined)[]
  /** Hours in which roll-ups do not tell what the readings of these series do. */
  dirtyHours(keys: readonly SeriesKey[], within: Interval): DirtyHours | undefined
  close(): void
}

export interface ExtentQuery extends Interval {
  forWindows?: boolean
}

/** One answer of `since` at most. */
const sinceReadingsMax = 16_384

export function openSnapshot(path: string): Snapshot {
  return naming(path, () => {
    const db = openInfluxFile(path)
    db.pragma('query_only = ON')
    const mirror = createMirror(db)
    const { register, book, log } = mirror
    const stateRow = prepareState(db)
    const findDirtyHours = prepareDirtyHours(db)
    const refresh = db.transaction((): FileState => mirror.refresh())

    function isThere(id: number, { keptFrom }: FileState): boolean {
      const last = book.lastOf(id)
      return last > Number.NEGATIVE_INFINITY && last >= keptFrom
    }

    function keyOf(id: number): Series {
      const series = register.get(id)
      if (series === undefined) throw new Error(`There is no series ${id}.`)
      return series
    }

    function extentOf(
      { device, property }: SeriesKey,
      { keptFrom, ...within }: ExtentQuery & Pick<FileState, 'keptFrom'>,
    ): Interval | undefined {
      const series = register.find(device, property)
      if (series === undefined) return undefined
      const closedMs = within.forWindows === true ? closedMsOf(property) : 0
      const first = Math.max(keptFrom, book.firstOf(series.id)) - closedMs
      const from = Math.max(within.from, first)
      const to = Math.min(within.to, book.lastOf(series.id) + 1 - closedMs)
      return from < to ? { from, to } : undefined
    }

    return {
      progress: () => naming(path, () => progressOf(stateRow())),
      position: () => naming(path, () => stateRow().nextEntry),
      series() {
        const state = naming(path, refresh)
        const keys: SeriesKey[] = []
        for (let id = 1; id <= register.last; id++) {
          const { device, property } = keyOf(id)
          if (isThere(id, state)) keys.push({ device, property })
        }
        return keys
      },
      newest(from, max) {
        const state = naming(path, refresh)
        if (from > register.last) return undefined
        const readings: Reading[] = []
        let next = from
        for (; next <= register.last && readings.length < max; next++) {
          if (isThere(next, state)) readings.push(readingOf(keyOf(next), book.newestOf(next)))
        }
        return { readings, next }
      },
      since(position) {
        const { keptFrom } = naming(path, refresh)
        if (position < log.base || position > log.next) {
          return { readings: [], position: log.next, gap: true }
        }
        const end = Math.min(log.next, position + sinceReadingsMax)
        const readings: Reading[] = []
        for (let ordinal = position; ordinal < end; ordinal++) {
          const entry = log.at(ordinal)
          if (entry.observedAt >= keptFrom) readings.push(readingOf(keyOf(entry.series), entry))
        }
        return { readings, position: end, gap: false }
      },
      extents(keys, within) {
        const { keptFrom } = naming(path, refresh)
        return keys.map((key) => extentOf(key, { ...within, keptFrom }))
      },
      dirtyHours(keys, within) {
        naming(path, refresh)
        const rows = keys.flatMap(({ device, property }) => {
          const series = register.find(device, property)
          return series === undefined ? [] : register.seriesOfRow(series.row).slice(0, 1)
        })
        const isNewForm = keys.some(({ property }) => isOfNewForm(property))
        return naming(path, () => findDirtyHours(within, rows, isNewForm))
      },
      close: () => db.close(),
    }
  })
}
