/** Opens `influx.db`, and reads and moves its state row. */

import type { SqliteDatabase } from '../../../sqlite.ts'
import type { Progress } from '../../readings.ts'
import { openStoreFile } from '../../store-file.ts'
import { migrations } from './schema.ts'

const cacheBytes = 16 * 1024 * 1024
const dayMs = 86_400_000

/** Throws `Fault` `store_too_new` for a file of a newer version. */
export function openInfluxFile(path: string): SqliteDatabase {
  return openStoreFile(path, migrations, cacheBytes)
}

export interface FileState extends Progress {
  /** Ordinal of the next entry of the log. */
  nextEntry: number
  /** Readings observed before this moment are hidden. */
  keptFrom: number
}

interface StateRow {
  seq: number
  aheadFrom: number | null
  aheadTo: number | null
  received: number
  stored: number
  duplicate: number
  quarantined: number
  nextEntry: number
  keptFrom: number | null
}

export function prepareState(db: SqliteDatabase): () => FileState {
  const select = db.prepare<[], StateRow>(`
    select seq, ahead_from as aheadFrom, ahead_to as aheadTo, received, stored, duplicate, quarantined,
      next_entry as nextEntry, kept_from as keptFrom
    from state where id = 1`)
  return () => {
    const row = select.get()
    if (row === undefined) throw new Error('The progress of the readings store has lost its row.')
    const { aheadFrom, aheadTo, keptFrom, ...rest } = row
    const ahead = aheadFrom === null || aheadTo === null ? {} : aheadOf(aheadFrom, aheadTo)
    return { ...rest, ...ahead, keptFrom: keptFrom ?? Number.NEGATIVE_INFINITY }
  }
}

function aheadOf(from: number, to: number): Pick<Progress, 'ahead'> {
  return { ahead: { from, to } }
}

export function prepareMove(db: SqliteDatabase): (state: FileState) => void {
  const update = db.prepare<StateRow>(`
    update state set seq = @seq, ahead_from = @aheadFrom, ahead_to = @aheadTo, received = @received,
      stored = @stored, duplicate = @duplicate, quarantined = @quarantined, next_entry = @nextEntry,
      kept_from = @keptFrom
    where id = 1`)
  return ({ ahead, keptFrom, ...rest }) => {
    update.run({
      ...rest,
      aheadFrom: ahead?.from ?? null,
      aheadTo: ahead?.to ?? null,
      keptFrom: Number.isFinite(keptFrom) ? keptFrom : null,
    })
  }
}

export function progressOf(state: FileState): Progress {
  const { seq, ahead, received, stored, duplicate, quarantined } = state
  const moved = ahead === undefined ? {} : { ahead }
  return { seq, ...moved, received, stored, duplicate, quarantined }
}

/** Midnight UTC, so many days ago. */
export function keptFromAt(now: number, keepDays: number): number {
  return keepDays === 0 ? Number.NEGATIVE_INFINITY : (Math.floor(now / dayMs) - keepDays) * dayMs
}
