/**
 * The one writer of the embedded readings store.
 *
 * A batch is one transaction: its entries at the end of the log and the new progress. What is in memory
 * only mirrors the file; after a failure it is thrown away and read again, so nothing has to be undone.
 */

import type { Reading } from '../../../domain/reading.ts'
import type { SqliteDatabase } from '../../sqlite.ts'
import type { Advance, Progress, ReadingsWriter, WriteResult } from '../readings.ts'
import { createAgeing } from './ageing.ts'
import { type ChunkTable, createChunkTable } from './chunk-table.ts'
import { naming, openReadingsFile } from './file.ts'
import { encodeEntries } from './log-codec.ts'
import { createMirror, type FileState, type Mirror, prepareState } from './mirror.ts'
import { createSealing, type SealingLimits, sealingDefaults } from './sealing.ts'
import type { Entry } from './unsealed.ts'

/** Rows of the log stay below a megabyte, so that dropping them is bounded work. */
const rowEntriesMax = 32_768
const cacheBytes = 64 * 1024 * 1024

export interface WriterOptions {
  path: string
  /** Days that readings are kept by their observed time; 0 keeps them for ever. */
  keepDays: number
  limits?: Partial<SealingLimits>
}

export function openWriter(options: WriterOptions): ReadingsWriter {
  const { path } = options
  return naming(path, () => {
    const db = openReadingsFile(path, cacheBytes)
    try {
      return createWriter(db, options)
    } catch (error) {
      db.close()
      throw error
    }
  })
}

function createWriter(db: SqliteDatabase, options: WriterOptions): ReadingsWriter {
  const mirror = createMirror(db)
  const chunks = createChunkTable(db)
  const stateRow = prepareState(db)
  const book = createBook(db, mirror, chunks)
  const limits = { ...sealingDefaults, ...options.limits }
  const sealing = createSealing(db, mirror, chunks, limits)
  const ageing = createAgeing(db, mirror, chunks, {
    keepDays: options.keepDays,
    stepSeries: limits.stepSeries,
  })
  /** The state that memory mirrors; undefined when memory may differ from the file. */
  let known: FileState | undefined

  function upToDate(): FileState {
    const state = stateRow()
    if (known?.nextEntry === state.nextEntry && known.received === state.received) return state
    mirror.clear()
    book.clear()
    sealing.clear()
    ageing.clear()
    return mirror.refresh()
  }

  /** Runs one transaction; `run` returns the state it leaves behind. */
  function transact<Result>(run: (state: FileState) => [FileState, Result]): Result {
    return naming(options.path, () => {
      const work = db.transaction(() => {
        const state = upToDate()
        known = undefined
        return run(state)
      })
      const [state, result] = work.immediate()
      known = state
      return result
    })
  }
  transact((state) => [state, undefined])

  return {
    progress: () => progressOf(naming(options.path, stateRow)),
    write(batch, advance) {
      if (batch.length === 0 && advance === undefined) return { stored: 0, duplicate: 0 }
      return transact((state) => book.write(state, batch, advance))
    },
    tidy: (now) =>
      transact((state) => {
        const [aged, ageingDue] = ageing.step(state, now)
        const sealingDue = sealing.step(aged.keptFrom)
        return [aged, ageingDue || sealingDue]
      }),
    close() {
      db.close()
    },
  }
}

function progressOf({ seq, received, stored, duplicate, quarantined }: FileState): Progress {
  return { seq, received, stored, duplicate, quarantined }
}

interface Book {
  write(
    state: FileState,
    batch: readonly Reading[],
    advance: Advance | undefined,
  ): [FileState, WriteResult]
  clear(): void
}

/** Judges which readings are new, and writes log and state. */
function createBook(db: SqliteDatabase, { series, unsealed }: Mirror, chunks: ChunkTable): Book {
  /** The latest time of each series: what is later is new without a look anywhere. NaN: not known yet. */
  let tops = new Float64Array(1_024).fill(Number.NaN)
  const addSeries = db.prepare<[number, string, string]>(
    'insert into series (id, device, property) values (?, ?, ?)',
  )
  const addRow = db.prepare<[number, Uint8Array]>('insert into log (first, entries) values (?, ?)')
  const moveState = db.prepare<FileState>(`
    update state set seq = @seq, received = @received, stored = @stored, duplicate = @duplicate,
      quarantined = @quarantined, next_entry = @nextEntry
    where id = 1`)

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
  function add(entry: Entry, batchStart: number): boolean {
    const { series: id, observedAt } = entry
    const top = topOf(id)
    if (observedAt > top) {
      tops[id] = observedAt
      unsealed.append(entry)
      return true
    }
    tops[id] = top
    const known = unsealed.find(id, observedAt)
    if (known >= batchStart) {
      unsealed.replace(known, entry)
      return false
    }
    unsealed.append(entry)
    return known < 0 && !chunks.holds(id, observedAt)
  }

  function addAll(batch: readonly Reading[], keptFrom: number): number {
    const batchStart = unsealed.next
    const entry: Entry = { series: 0, observedAt: 0, receivedAt: 0, value: 0, quality: 0 }
    let stored = 0
    for (const reading of batch) {
      checkNumbers(reading)
      // What is older than the store keeps is dropped as soon as it is stored.
      if (reading.observedAt < keptFrom) {
        stored++
        continue
      }
      entry.series = idOf(reading.device, reading.property)
      // Adding zero turns −0 into 0: they are the same moment.
      entry.observedAt = reading.observedAt + 0
      entry.receivedAt = reading.receivedAt + 0
      entry.value = reading.value ?? Number.NaN
      entry.quality = reading.quality
      if (add(entry, batchStart)) stored++
    }
    for (let from = batchStart; from < unsealed.next; from += rowEntriesMax) {
      const to = Math.min(from + rowEntriesMax, unsealed.next)
      addRow.run(from, encodeEntries(unsealed.entriesBetween(from, to)))
    }
    return stored
  }

  return {
    write(state, batch, advance) {
      const stored = addAll(batch, state.keptFrom)
      const duplicate = batch.length - stored
      const quarantined = advance?.quarantined ?? 0
      const after: FileState = {
        ...state,
        seq: advance?.seq ?? state.seq,
        received: state.received + batch.length + quarantined,
        stored: state.stored + stored,
        duplicate: state.duplicate + duplicate,
        quarantined: state.quarantined + quarantined,
        nextEntry: unsealed.next,
      }
      moveState.run(after)
      return [after, { stored, duplicate }]
    },
    clear() {
      tops.fill(Number.NaN)
    },
  }
}

function checkNumbers({ device, property, observedAt, receivedAt, value }: Reading): void {
  const finite = Number.isFinite(observedAt) && Number.isFinite(receivedAt)
  if (finite && (value === null || Number.isFinite(value))) return
  throw new RangeError(
    `A reading of ${device} ${property} is not finite: observedAt ${observedAt}, receivedAt ${receivedAt}, value ${value}.`,
  )
}
