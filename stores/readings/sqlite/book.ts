/**
 * Judges which readings are new, and writes them with the progress at the end of the log; revises flags of those
 * that are stored. Runs inside the caller's transaction.
 *
 * A revised reading is one more entry of the log with the flags it has now, so it is found, sealed and told to
 * followers like any other; only the counts do not know of it.
 */

import type { Reading } from '../../../domain/reading.ts'
import type { SqliteDatabase } from '../../sqlite.ts'
import type { Advance, Progress, WriteResult } from '../readings.ts'
import { type ChunkTable, createPointFinder } from './chunk-table.ts'
import { createGaps } from './gaps.ts'
import { encodeEntries } from '../log/log-codec.ts'
import type { Mirror } from './mirror.ts'
import { type FileState, prepareMove } from './state.ts'
import type { Entry } from '../log/recent-entries.ts'

/** Rows of the log stay near a megabyte, so that dropping them is bounded work. */
const rowEntriesMax = 32_768

interface Adding {
  /** Ordinal of the first entry of the batch. */
  batchStart: number
  /** See `Advance.late`. */
  late: boolean
}

export interface Book {
  write(
    state: FileState,
    batch: readonly Reading[],
    advance: Advance | undefined,
  ): [FileState, WriteResult]
  /** Returns how many changed. */
  revise(state: FileState, batch: readonly Reading[]): [FileState, number]
  /** Position and counts of another store in place of those there are. */
  adopt(state: FileState, progress: Progress): FileState
  /** Forgets what it knows of the file. */
  clear(): void
}

export function createBook(
  db: SqliteDatabase,
  { series, unsealed }: Mirror,
  chunks: ChunkTable,
): Book {
  /** The latest time of each series: what is later is new without a look anywhere. NaN: not known yet. */
  let tops = new Float64Array(1_024).fill(Number.NaN)
  const gaps = createGaps(unsealed, chunks)
  const addSeries = db.prepare<[number, string, string]>(
    'insert into series (id, device, property) values (?, ?, ?)',
  )
  const addRow = db.prepare<[number, Uint8Array, Uint8Array | null]>(
    'insert into log (first, entries, tests) values (?, ?, ?)',
  )
  const moveState = prepareMove(db)

  function idOf(device: string, property: string): number {
    const known = series.idOf(device, property)
    if (known !== undefined) return known
    const id = series.last + 1
    addSeries.run(id, device, property)
    series.add(id, device, property)
    if (id >= tops.length) {
      const grown = new Float64Array(id * 2).fill(Number.NaN)
      grown.set(tops)
      tops = grown
    }
    tops[id] = Number.NEGATIVE_INFINITY
    return id
  }

  function topOf(id: number): number {
    const known = tops[id] ?? Number.NaN
    if (!Number.isNaN(known)) return known
    const latest = unsealed.latestOf(id)
    const logged = latest < 0 ? Number.NEGATIVE_INFINITY : unsealed.at(latest).observedAt
    const sealed = chunks.lastPoint(id)?.observedAt ?? Number.NEGATIVE_INFINITY
    return Math.max(logged, sealed)
  }

  /** Returns whether the identity was new. */
  function add(entry: Entry, { batchStart, late }: Adding): boolean {
    const { series: id, observedAt } = entry
    const top = topOf(id)
    if (observedAt > top) {
      tops[id] = observedAt
      unsealed.append(entry)
      return true
    }
    tops[id] = top
    if (gaps.covers(id, observedAt)) {
      gaps.cut(id, observedAt)
      unsealed.append(entry)
      return true
    }
    const known = unsealed.find(id, observedAt)
    const isNew = known < 0 && !chunks.holds(id, observedAt)
    if (isNew) gaps.find(id, observedAt)
    if (isNew || !late || entry.receivedAt >= receivedAtOf(id, observedAt, known)) {
      put(entry, known, batchStart)
    }
    if (isNew) gaps.cut(id, observedAt)
    return isNew
  }

  /** When the reading that is stored was received; `known` is its place in the log, if it is there. */
  function receivedAtOf(id: number, observedAt: number, known: number): number {
    if (known >= 0) return unsealed.at(known).receivedAt
    return createPointFinder(chunks)(id, observedAt)?.receivedAt ?? Number.NEGATIVE_INFINITY
  }

  /** An entry of this batch is written once, as it stood last. */
  function put(entry: Entry, known: number, batchStart: number): void {
    if (known >= batchStart) unsealed.replace(known, entry)
    else unsealed.append(entry)
  }

  function addAll(batch: readonly Reading[], keptFrom: number, late: boolean): number {
    const adding = { batchStart: unsealed.next, late }
    const entry = emptyEntry()
    let stored = 0
    for (const reading of batch) {
      take(entry, reading)
      // What is older than the store keeps is dropped as soon as it is stored.
      if (entry.observedAt < keptFrom) {
        stored++
        continue
      }
      entry.series = idOf(reading.device, reading.property)
      if (add(entry, adding)) stored++
    }
    return stored
  }

  function reviseAll(batch: readonly Reading[], keptFrom: number, batchStart: number): number {
    const sealedPoint = createPointFinder(chunks)
    const entry = emptyEntry()
    let revised = 0
    for (const reading of batch) {
      take(entry, reading)
      const id = series.idOf(reading.device, reading.property)
      if (id === undefined || entry.observedAt < keptFrom) continue
      entry.series = id
      const known = unsealed.find(id, entry.observedAt)
      const stands = known < 0 ? sealedPoint(id, entry.observedAt) : unsealed.at(known)
      if (stands === undefined || stands.receivedAt !== entry.receivedAt) continue
      // Object.is, because NaN stands for null.
      if (!Object.is(stands.value, entry.value)) continue
      if (stands.quality === entry.quality && stands.tests === entry.tests) continue
      put(entry, known, batchStart)
      revised++
    }
    return revised
  }

  function writeLog(batchStart: number): void {
    for (let from = batchStart; from < unsealed.next; from += rowEntriesMax) {
      const to = Math.min(from + rowEntriesMax, unsealed.next)
      const row = encodeEntries(unsealed.entriesBetween(from, to))
      addRow.run(from, row.entries, row.tests)
    }
  }

  return {
    write(state, batch, advance) {
      const batchStart = unsealed.next
      const stored = addAll(batch, state.keptFrom, advance?.late ?? false)
      if (advance?.revised) reviseAll(advance.revised, state.keptFrom, batchStart)
      writeLog(batchStart)
      const duplicate = batch.length - stored
      const quarantined = advance?.quarantined ?? 0
      const { ahead: before, ...rest } = state
      const ahead = advance === undefined ? before : advance.ahead
      const after: FileState = {
        ...rest,
        ...(ahead === undefined ? {} : { ahead }),
        seq: advance?.seq ?? state.seq,
        received: state.received + batch.length + quarantined,
        stored: state.stored + stored,
        duplicate: state.duplicate + duplicate,
        quarantined: state.quarantined + quarantined,
        nextEntry: unsealed.next,
      }
      moveState(after)
      return [after, { stored, duplicate }]
    },
    revise(state, batch) {
      const batchStart = unsealed.next
      const revised = reviseAll(batch, state.keptFrom, batchStart)
      if (revised === 0) return [state, 0]
      writeLog(batchStart)
      const after: FileState = { ...state, nextEntry: unsealed.next }
      moveState(after)
      return [after, revised]
    },
    adopt({ nextEntry, keptFrom, seriesRemoved }, progress) {
      const after: FileState = { ...progress, nextEntry, keptFrom, seriesRemoved }
      moveState(after)
      return after
    },
    clear() {
      tops.fill(Number.NaN)
      gaps.clear()
    },
  }
}

function emptyEntry(): Entry {
  return { series: 0, observedAt: 0, receivedAt: 0, value: 0, quality: 0, tests: 0 }
}

/** Puts all but the series of the reading into `entry`. Throws `RangeError` for what is no number. */
function take(entry: Entry, reading: Reading): void {
  const { observedAt, receivedAt, value, tests } = reading
  // Adding zero turns −0 into 0: they are the same moment.
  entry.observedAt = observedAt + 0
  entry.receivedAt = receivedAt + 0
  entry.value = value ?? Number.NaN
  entry.quality = reading.quality
  entry.tests = tests ?? 0
  const finite = Number.isFinite(observedAt) && Number.isFinite(receivedAt)
  if (finite && (value === null || Number.isFinite(value)) && entry.tests >>> 0 === entry.tests) {
    return
  }
  throw new RangeError(
    `A reading of ${reading.device} ${reading.property} cannot be stored: observedAt ${observedAt}, receivedAt ${receivedAt} and value ${value} must be finite, tests ${tests} a whole number of 32 bits.`,
  )
}
