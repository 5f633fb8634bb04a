/** The state row: the progress of the store, and how far its log and its retention are. */

import type { SqliteDatabase } from '../../sqlite.ts'
import type { Progress } from '../readings.ts'

export interface FileState extends Progress {
  /** Ordinal of the next entry of the log. */
  nextEntry: number
  /** Readings observed before this moment are gone. */
  keptFrom: number
  /** Grows when names of series were dropped, so that others read them anew. */
  seriesRemoved: number
}

interface ProgressRow {
  seq: number
  aheadFrom: number | null
  aheadTo: number | null
  received: number
  stored: number
  duplicate: number
  quarantined: number
  nextEntry: number
}

interface StateRow extends ProgressRow {
  keptFrom: number | null
  seriesRemoved: number
}

/** Reads the state row. */
export function prepareState(db: SqliteDatabase): () => FileState {
  const select = db.prepare<[], StateRow>(`
    select seq, ahead_from as aheadFrom, ahead_to as aheadTo, received, stored, duplicate, quarantined,
      next_entry as nextEntry, kept_from as keptFrom, series_removed as seriesRemoved
    from state where id = 1`)
  return () => {
    const row = select.get()
    if (row === undefined) throw new Error('The readings store has lost its state row.')
    const { aheadFrom: from, aheadTo: to, keptFrom, ...rest } = row
    const ahead = from === null || to === null ? {} : { ahead: { from, to } }
    return { ...rest, ...ahead, keptFrom: keptFrom ?? Number.NEGATIVE_INFINITY }
  }
}

/** Writes the progress and the end of the log; the rest of the row belongs to ageing. */
export function prepareMove(db: SqliteDatabase): (state: FileState) => void {
  const update = db.prepare<ProgressRow>(`
    update state set seq = @seq, ahead_from = @aheadFrom, ahead_to = @aheadTo, received = @received,
      stored = @stored, duplicate = @duplicate, quarantined = @quarantined, next_entry = @nextEntry
    where id = 1`)
  return ({ seq, ahead, received, stored, duplicate, quarantined, nextEntry }) => {
    const counts = { received, stored, duplicate, quarantined }
    const [aheadFrom, aheadTo] = [ahead?.from ?? null, ahead?.to ?? null]
    update.run({ seq, aheadFrom, aheadTo, ...counts, nextEntry })
  }
}

export function progressOf(state: FileState): Progress {
  const { seq, ahead, received, stored, duplicate, quarantined } = state
  const counts = { received, stored, duplicate, quarantined }
  return ahead === undefined ? { seq, ...counts } : { seq, ahead, ...counts }
}
