/** That the disk of InfluxDB was full, and how often it was restarted since: a row of `influx.db`. */

import type { SqliteDatabase } from '../../../sqlite.ts'

export interface FullDiskNote {
  /** Mark of the server's last start that is known, '' when none is. */
  started: string
  /** Since the last write that failed. */
  restarts: number
}

export interface FullDiskNotes {
  /** Undefined when nothing is to be feared. */
  readonly note: FullDiskNote | undefined
  set(note: FullDiskNote): void
  clear(): void
}

export function createFullDiskNotes(db: SqliteDatabase): FullDiskNotes {
  const select = db.prepare<[], FullDiskNote>('select started, restarts from full_disk')
  const put = db.prepare<FullDiskNote>(
    'insert or replace into full_disk (id, started, restarts) values (1, @started, @restarts)',
  )
  const remove = db.prepare('delete from full_disk')
  // Only the writer writes it, so it need not be read for each batch.
  let note = select.get()
  return {
    get note() {
      return note
    },
    set(next) {
      put.run(next)
      note = next
    },
    clear() {
      remove.run()
      note = undefined
    },
  }
}
