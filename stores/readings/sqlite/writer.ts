/**
 * The one writer of the embedded readings store.
 *
 * A batch is one transaction: its entries at the end of the log and the new progress. What is in memory
 * only mirrors the file; after a failure it is thrown away and read again, so nothing has to be undone.
 */

import { quantityOf } from '../../../domain/catalogue.ts'
import type { SqliteDatabase } from '../../sqlite.ts'
import type { ReadingsWriter } from '../readings.ts'
import { naming } from '../store-file.ts'
import { createAgeing } from './ageing.ts'
import { createBook } from './book.ts'
import { createChunkTable } from './chunk-table.ts'
import { openReadingsFile } from './file.ts'
import { createMirror } from './mirror.ts'
import { createRenewal } from './renewal.ts'
import { createSealing, type SealingLimits, sealingDefaults } from './sealing.ts'
import { type FileState, prepareState, progressOf } from './state.ts'

const cacheBytes = 64 * 1024 * 1024

export interface WriterOptions {
  path: string
  /** Days that readings are kept by their observed time; 0 keeps them forever. */
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
  const chunks = createChunkTable(db, (id) => quantityOf(mirror.series.keyOf(id)?.property ?? ''))
  const stateRow = prepareState(db)
  const book = createBook(db, mirror, chunks)
  const limits = { ...sealingDefaults, ...options.limits }
  const sealing = createSealing(db, mirror, chunks, limits)
  const ageing = createAgeing(db, mirror, chunks, {
    keepDays: options.keepDays,
    stepSeries: limits.stepSeries,
  })
  const renewal = createRenewal(db, mirror, chunks)
  /** The state that memory mirrors; undefined when memory may differ from the file. */
  let known: FileState | undefined

  function upToDate(): FileState {
    const state = stateRow()
    if (known?.nextEntry === state.nextEntry && known.received === state.received) return state
    mirror.clear()
    book.clear()
    sealing.clear()
    ageing.clear()
    renewal.clear()
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
    revise(batch) {
      if (batch.length === 0) return 0
      return transact((state) => book.revise(state, batch))
    },
    adopt(progress) {
      transact((state) => [book.adopt(state, progress), undefined])
    },
    tidy: (now) =>
      transact((state) => {
        const [aged, ageingDue] = ageing.step(state, now)
        const sealingDue = sealing.step(aged.keptFrom)
        const isDue = ageingDue || sealingDue
        // Last: it can wait.
        return [aged, isDue || renewal.step()]
      }),
    close() {
      db.close()
    },
  }
}
