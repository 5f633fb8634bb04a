/**
 * What a connection keeps in memory of the file: the state row, the names of the series and the log.
 * `refresh` brings it to what the running transaction sees, and costs in proportion to what is new.
 */

import type { SqliteDatabase } from '../../sqlite.ts'
import { decodeEntries, type LogRow } from '../log/log-codec.ts'
import { createSeriesTable, type SeriesTable } from './series-table.ts'
import { type FileState, prepareState } from './state.ts'
import { type Entry, Unsealed } from '../log/recent-entries.ts'

export interface Mirror {
  series: SeriesTable
  unsealed: Unsealed
  /** Must run inside a transaction, so that what it sees and what is read next belong together. */
  refresh(): FileState
  /** Forgets all; the next refresh reads everything. */
  clear(): void
}

export function createMirror(db: SqliteDatabase): Mirror {
  const series = createSeriesTable()
  const unsealed = new Unsealed()
  let seriesRemoved = -1

  const stateRow = prepareState(db)
  const newSeries = db.prepare<[number], { id: number; device: string; property: string }>(
    'select id, device, property from series where id > ? order by id',
  )
  const firstLogged = db.prepare<[], { first: number | null }>(
    'select min(first) as first from log',
  )
  const newLogged = db.prepare<[number], LogRow>(
    'select entries, tests from log where first >= ? order by first',
  )

  function refreshSeries(state: FileState): void {
    if (state.seriesRemoved !== seriesRemoved) series.clear()
    seriesRemoved = state.seriesRemoved
    for (const { id, device, property } of newSeries.all(series.last)) {
      series.add(id, device, property)
    }
  }

  function refreshLog(state: FileState): void {
    const first = firstLogged.get()?.first ?? state.nextEntry
    // Behind the file's start: sealed without us. Ahead of its end: an older copy was put in its place.
    if (first > unsealed.next || state.nextEntry < unsealed.next) unsealed.reset(first)
    else unsealed.dropBefore(first)
    if (unsealed.next === state.nextEntry) return
    for (const row of newLogged.iterate(unsealed.next)) appendAll(unsealed, row)
    if (unsealed.next !== state.nextEntry) {
      throw new Error(`The readings log ends at ${unsealed.next} instead of ${state.nextEntry}.`)
    }
  }

  return {
    series,
    unsealed,
    refresh() {
      const state = stateRow()
      refreshSeries(state)
      refreshLog(state)
      return state
    },
    clear() {
      series.clear()
      unsealed.reset(0)
      seriesRemoved = -1
    },
  }
}

function appendAll(unsealed: Unsealed, row: LogRow): void {
  const { series, observedAt, receivedAt, value, quality, tests } = decodeEntries(row)
  const entry: Entry = { series: 0, observedAt: 0, receivedAt: 0, value: 0, quality: 0, tests: 0 }
  for (let i = 0; i < series.length; i++) {
    entry.series = series[i] ?? 0
    entry.observedAt = observedAt[i] ?? 0
    entry.receivedAt = receivedAt[i] ?? 0
    entry.value = value[i] ?? 0
    entry.quality = quality[i] ?? 0
    entry.tests = tests[i] ?? 0
    unsealed.append(entry)
  }
}
