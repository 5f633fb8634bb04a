/**
 * What a connection to `influx.db` keeps in memory of it: the state row, the series with what is known of each, and
 * the log. `refresh` brings it to what the running transaction sees, and costs in proportion to what is new.
 */

import type { SqliteDatabase } from '../../../sqlite.ts'
import { decodeEntries, type LogRow } from '../../log/log-codec.ts'
import { type Entry, Unsealed } from '../../log/recent-entries.ts'
import { type FileState, prepareState } from './file.ts'
import { SeriesBook } from './series-book.ts'
import { createSeriesRegister, type SeriesRegister } from './series-register.ts'

export interface Mirror {
  register: SeriesRegister
  book: SeriesBook
  log: Unsealed
  /** Must run inside a transaction, so that all it reads belongs together. */
  refresh(): FileState
  /** Takes an entry at the end of the log. */
  append(entry: Entry): void
  /** Forgets all; the next refresh reads everything. */
  clear(): void
}

export function createMirror(db: SqliteDatabase): Mirror {
  const register = createSeriesRegister()
  const book = new SeriesBook()
  const log = new Unsealed()
  let isEmpty = true

  const stateRow = prepareState(db)
  const newSeries = db.prepare<[number], { id: number; device: string; property: string }>(
    'select id, device, property from series where id > ? order by id',
  )
  const blocks = db.prepare<[], { block: number; bytes: Uint8Array }>(
    'select block, bytes from book',
  )
  const firstLogged = db.prepare<[], { first: number | null }>(
    'select min(first) as first from log',
  )
  const newLogged = db.prepare<[number], LogRow>(
    'select entries, tests from log where first >= ? order by first',
  )

  function append(entry: Entry): void {
    book.add(entry, log.next)
    log.append(entry)
  }

  function clear(): void {
    register.clear()
    book.clear()
    log.reset(0)
    isEmpty = true
  }

  return {
    register,
    book,
    log,
    refresh() {
      const state = stateRow()
      const first = firstLogged.get()?.first ?? state.nextEntry
      // Behind the file's start: cut without us. Ahead of its end: an older copy was put in its place.
      if (first > log.next || state.nextEntry < log.next) clear()
      for (const { id, device, property } of newSeries.all(register.last)) {
        register.add(id, device, property)
      }
      if (isEmpty) {
        for (const { block, bytes } of blocks.iterate()) book.load(block, bytes)
        log.reset(first)
        // A reader may come before the writer has begun, which may find that InfluxDB holds series already.
        isEmpty = register.last === 0
      }
      log.dropBefore(first)
      if (log.next === state.nextEntry) return state
      for (const row of newLogged.iterate(log.next)) appendAll(append, row)
      if (log.next !== state.nextEntry) {
        throw new Error(`The log of readings ends at ${log.next} instead of ${state.nextEntry}.`)
      }
      return state
    },
    append,
    clear,
  }
}

function appendAll(append: (entry: Entry) => void, row: LogRow): void {
  const { series, observedAt, receivedAt, value, quality, tests } = decodeEntries(row)
  const entry: Entry = { series: 0, observedAt: 0, receivedAt: 0, value: 0, quality: 0, tests: 0 }
  for (let i = 0; i < series.length; i++) {
    entry.series = series[i] ?? 0
    entry.observedAt = observedAt[i] ?? 0
    entry.receivedAt = receivedAt[i] ?? 0
    entry.value = value[i] ?? 0
    entry.quality = quality[i] ?? 0
    entry.tests = tests[i] ?? 0
    append(entry)
  }
}

/** The time of a device's newest reading, of whatever property; −∞ when there is none. */
export function newestIn(
  { register, book }: Pick<Mirror, 'register' | 'book'>,
  device: string,
): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const id of register.seriesOfDevice(device)) newest = Math.max(newest, book.lastOf(id))
  return newest
}
