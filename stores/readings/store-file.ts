/** SQLite files of readings stores: opens one, brings it to this version's schema, and names its faults. */

import { Fault } from '../../domain/errors.ts'
import { type Migrations, migrate } from '../migrate.ts'
import { isStorageFault, openSqlite, type SqliteDatabase } from '../sqlite.ts'

/** Three full chunks to a page; with 4 KiB half of each page stays empty and more is written. */
const pageSizeBytes = 8_192

/** Throws `Fault` `store_too_new` for a file of a newer version. */
export function openStoreFile(
  path: string,
  migrations: Migrations,
  cacheBytes: number,
): SqliteDatabase {
  const db = openSqlite(path, { synchronous: 'FULL', pageSizeBytes, cacheBytes })
  try {
    migrate(db, path, migrations)
  } catch (error) {
    db.close()
    throw error
  }
  return db
}

/** The world's faults (disk full, locked, broken) become `store_unavailable`; our own stay what they are. */
export function naming<Result>(path: string, run: () => Result): Result {
  try {
    return run()
  } catch (error) {
    if (!isStorageFault(error)) throw error
    throw new Fault('store_unavailable', `${path}: ${(error as Error).message}`, { cause: error })
  }
}
