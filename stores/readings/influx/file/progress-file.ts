/**
 * The writer's side of `influx.db`: brings memory up to date, commits a batch that was sent, and cuts the log.
 */

import type { Advance, Progress } from '../../readings.ts'
import { encodeEntries } from '../../log/log-codec.ts'
import { naming } from '../../store-file.ts'
import { createDirty, type Dirty } from './dirty.ts'
import {
  type FileState,
  keptFromAt,
  openInfluxFile,
  prepareMove,
  prepareState,
  progressOf,
} from './file.ts'
import { createFullDiskNotes, type FullDiskNotes } from './full-disk-note.ts'
import type { Sample } from './kept-lines.ts'
import { closedMsOf } from '../layout.ts'
import { createMirror, type Mirror, newestIn } from './mirror.ts'
import type { LogLimits } from '../options.ts'
import { createPending, type Pending } from '../write/pending.ts'
import type { Retag } from '../write/place.ts'
import { createPlaces, type Places, type PlacesParts } from '../write/places.ts'
import type { Found } from './recovery.ts'
import { createRenewal } from '../write/renewal.ts'
import type { Sheet } from '../write/sheet.ts'
import { createTagsDue, type TagsDue } from '../write/tags-due.ts'
import { createUnsummed, type RowHour, type SettledSums } from './unsummed.ts'

/** Rows of the log stay near a megabyte, so that dropping them is bounded work. */
const rowEntriesMax = 32_768
const hourMs = 3_600_000

export interface ProgressFile {
  mirror: Mirror
  places: Places
  pending: Pending
  dirty: Dirty
  fullDisk: FullDiskNotes
  tagsDue: TagsDue
  /** Only looks at the file. */
  progress(): Progress
  /** Brings memory to what the file has. */
  state(): FileState
  /** False until `begin` was called. */
  isBegun(): boolean
  /** Takes over what InfluxDB held before us. */
  begin(found: Found): void
  /** What must be in the file before the batch goes out. */
  prepare(sheet: Sheet): void
  /** The batch is stored: its entries, the counts and the position at once. */
  commit(sheet: Sheet, advance: Advance | undefined, refused: number): void
  /** Position and counts of another store in place of those there are. */
  adopt(progress: Progress): void
  /** Hides what is older than `keepDays`, and cuts the log when it is long. */
  tidy(now: number, keepDays: number): void
  /** The sums of these are stored; those of hours make their days due. */
  settleDirty(settled: SettledSums): void
  /** The hours of these were written again, so their sums are due. */
  markHours(samples: readonly Sample[]): void
  /** Marks some of what an earlier version summed up in another form; true when there may be more. */
  renewSums(): boolean
  /** Takes over where devices have stood; returns what is to be written again first. */
  reviewPlaces(): Retag | undefined
  /** Before the registry learns from the points of these, so that it is known after a crash. */
  tellPlaces(devices: readonly string[]): void
  /** What the registry has learned of these from their points: none is to be written again. */
  acceptPlaces(devices: readonly string[]): void
  /** The points of a retag stand where they should up to a moment; the hours of these rows have other sums now. */
  settleRetag(retag: Retag, upTo: number, hours: readonly RowHour[]): void
  /** Memory may differ from the file: it will be read anew. */
  forget(): void
  close(): void
}

export function openProgressFile(
  path: string,
  registry: Pick<PlacesParts, 'placeOf' | 'placements'>,
  limits: LogLimits,
): ProgressFile {
  return naming(path, () => {
    const db = openInfluxFile(path)
    const mirror = createMirror(db)
    const places = createPlaces(db, { ...registry, newestOf: (id) => newestIn(mirror, id) })
    const pending = createPending(db)
    const dirty = createDirty(db, mirror.register)
    const unsummed = createUnsummed(db)
    const fullDisk = createFullDiskNotes(db)
    const tagsDue = createTagsDue(db)
    const renewal = createRenewal(db, mirror, dirty)
    const stateRow = prepareState(db)
    const move = prepareMove(db)
    const addSeries = db.prepare<[number, string, string]>(
      'insert into series (id, device, property) values (?, ?, ?)',
    )
    const addRow = db.prepare<[number, Uint8Array, Uint8Array | null]>(
      'insert into log (first, entries, tests) values (?, ?, ?)',
    )
    const putBlock = db.prepare<[number, Uint8Array]>(
      'insert or replace into book (block, bytes) values (?, ?)',
    )
    const rowAt = db.prepare<[number], { first: number | null }>(
      'select max(first) as first from log where first <= ?',
    )
    const dropRows = db.prepare<[number]>('delete from log where first < ?')
    const selectBegun = db.prepare<[], { begun: number }>('select begun from state where id = 1')
    const setBegun = db.prepare<[number | null]>(
      'update state set begun = 1, summed_from = ? where id = 1',
    )
    let known: FileState | undefined

    function transact<Result>(run: () => Result): Result {
      return naming(path, () => db.transaction(run).immediate())
    }

    function forget(): void {
      known = undefined
      mirror.clear()
      pending.clear()
      dirty.clear()
      places.clear()
    }

    function upToDate(): FileState {
      const state = stateRow()
      // Another writer, or another file in its place.
      if (known?.nextEntry !== state.nextEntry || known.received !== state.received) {
        forget()
        mirror.refresh()
      }
      known = state
      return state
    }

    function writeLog(from: number, to: number): void {
      for (let first = from; first < to; first += rowEntriesMax) {
        const entries = mirror.log.entriesBetween(first, Math.min(first + rowEntriesMax, to))
        const row = encodeEntries(entries)
        addRow.run(first, row.entries, row.tests)
      }
    }

    /** What is known of the series must be in the file before the entries go that it follows from. */
    function cutLog(state: FileState): void {
      const { log, book } = mirror
      if (log.next - log.base <= limits.logEntries + limits.logSlack) return
      for (const { block, bytes } of book.takeChanged()) putBlock.run(block, bytes)
      const first = rowAt.get(state.nextEntry - limits.logEntries)?.first ?? null
      if (first === null) return
      dropRows.run(first)
      log.dropBefore(first)
    }

    return {
      mirror,
      places,
      pending,
      dirty,
      fullDisk,
      tagsDue,
      progress: () => naming(path, () => progressOf(stateRow())),
      state: () => naming(path, () => db.transaction(upToDate)()),
      isBegun: () => naming(path, () => selectBegun.get()?.begun === 1),
      begin({ series, summedFrom }) {
        transact(() => {
          upToDate()
          for (const { device, property, first, newest } of series) {
            const { id } = mirror.register.add(mirror.register.last + 1, device, property)
            addSeries.run(id, device, property)
            mirror.book.restore({ ...newest, series: id }, first)
            places.restore(device)
          }
          for (const { block, bytes } of mirror.book.takeChanged()) putBlock.run(block, bytes)
          places.save()
          setBegun.run(summedFrom)
          if (series.length > 0) tagsDue.set(true)
        })
      },
      prepare(sheet) {
        const { foundNew } = sheet
        // A revision that InfluxDB has taken is not found again when it is tried again.
        const isCovered = dirty.coversRevisions(sheet)
        if (!places.isChanged && !pending.isMissing(foundNew) && isCovered) return
        transact(() => {
          places.save()
          pending.add(foundNew)
          if (!isCovered) dirty.markBatch(sheet)
        })
      },
      commit(sheet, advance, refused) {
        transact(() => {
          const state = stateRow()
          if (state.nextEntry !== sheet.start) throw new Error('Two writers share one influx.db.')
          for (const { id, device, property } of sheet.added) addSeries.run(id, device, property)
          writeLog(sheet.start, mirror.log.next)
          places.save()
          pending.settle(sheet)
          dirty.markBatch(sheet)
          known = movedState(state, { sheet, advance, refused, nextEntry: mirror.log.next })
          move(known)
        })
      },
      adopt(progress) {
        transact(() => {
          const { nextEntry, keptFrom } = upToDate()
          known = { ...progress, nextEntry, keptFrom }
          move(known)
        })
      },
      tidy(now, keepDays) {
        transact(() => {
          const state = upToDate()
          const keptFrom = keptFromAt(now, keepDays)
          if (keptFrom !== state.keptFrom) move({ ...state, keptFrom })
          dirty.dropBefore(keptFrom)
          unsummed.dropBefore(keptFrom)
          cutLog(state)
        })
      },
      settleDirty({ span, starts, rows, left, dayStart }) {
        transact(() => {
          dirty.settle(span, starts, rows)
          if (span !== '1h') return
          unsummed.settle({ starts, rows, left })
          for (const row of rows) {
            const device = mirror.register.get(row)?.device ?? ''
            for (const hour of starts) dirty.mark('1d', dayStart(device, hour), row)
          }
        })
      },
      markHours(samples) {
        transact(() => {
          upToDate()
          for (const [device, property, at] of samples) {
            const series = mirror.register.find(device, property)
            const [row] = series === undefined ? [] : mirror.register.seriesOfRow(series.row)
            if (row !== undefined) {
              const start = Math.floor((at - closedMsOf(property)) / hourMs) * hourMs
              dirty.mark('1h', start, row)
            }
          }
        })
      },
      renewSums: () => transact(() => renewal.step(upToDate().keptFrom)),
      reviewPlaces() {
        upToDate()
        places.review()
        if (places.isChanged) transact(() => places.save())
        return places.firstRetag()
      },
      tellPlaces: (devices) => transact(() => places.tell(devices)),
      acceptPlaces(devices) {
        transact(() => {
          places.accept(devices)
          places.save()
        })
      },
      settleRetag(retag, upTo, hours) {
        transact(() => {
          for (const { row, start } of hours) dirty.mark('1h', start, row)
          places.retagged(retag, upTo)
        })
      },
      forget,
      close: () => db.close(),
    }
  })
}

interface Moving {
  sheet: Sheet
  advance: Advance | undefined
  /** Readings that InfluxDB refused. */
  refused: number
  nextEntry: number
}

function movedState(state: FileState, { sheet, advance, refused, nextEntry }: Moving): FileState {
  const { ahead: before, ...rest } = state
  const ahead = advance === undefined ? before : advance.ahead
  const quarantined = (advance?.quarantined ?? 0) + refused
  return {
    ...rest,
    ...(ahead === undefined ? {} : { ahead }),
    seq: advance?.seq ?? state.seq,
    received: state.received + sheet.stored + sheet.duplicate + quarantined,
    stored: state.stored + sheet.stored,
    duplicate: state.duplicate + sheet.duplicate,
    quarantined: state.quarantined + quarantined,
    nextEntry,
  }
}
