/** Identities on their way that InfluxDB did not have when it was asked, by `identityText`. */

import type { SqliteDatabase } from '../../../sqlite.ts'
import { identityText, type Question, type Sheet } from './sheet.ts'

export interface Pending {
  readonly names: ReadonlySet<string>
  /** Adds those of the sheet, inside the caller's transaction; true when there were any. */
  add(found: readonly Question[]): void
  isMissing(found: readonly Question[]): boolean
  /** Takes away those that the sheet settled, inside the caller's transaction. */
  settle(sheet: Sheet): void
  /** Reads them anew. */
  clear(): void
}

interface PendingRow {
  device: string
  property: string
  observedAt: number
}

export function createPending(db: SqliteDatabase): Pending {
  const select = db.prepare<[], PendingRow>(
    'select device, property, observed_at as observedAt from pending',
  )
  const insert = db.prepare<PendingRow>(
    'insert or ignore into pending values (@device, @property, @observedAt)',
  )
  const remove = db.prepare<PendingRow>(
    'delete from pending where device = @device and property = @property and observed_at = @observedAt',
  )
  let names: Set<string> | undefined

  function load(): Set<string> {
    names ??= new Set([...select.iterate()].map(nameOf))
    return names
  }

  return {
    get names() {
      return load()
    },
    add(found) {
      for (const { reading } of found) {
        insert.run(rowOf(reading))
        load().add(nameOf(reading))
      }
    },
    isMissing: (found) => found.some(({ reading }) => !load().has(nameOf(reading))),
    settle({ readings }) {
      if (load().size === 0) return
      for (const reading of readings) {
        if (load().delete(nameOf(reading))) remove.run(rowOf(reading))
      }
    },
    clear() {
      names = undefined
    },
  }
}

function rowOf({ device, property, observedAt }: PendingRow): PendingRow {
  return { device, property, observedAt }
}

function nameOf({ device, property, observedAt }: PendingRow): string {
  return identityText(device, property, observedAt)
}
