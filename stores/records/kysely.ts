/**
 * Opens one SQLite file of records through Kysely and brings it to this version's schema.
 *
 * Migrations are numbered from 1, forward only, and each runs in one transaction with the version it
 * leads to, so that a crash leaves the file at one version or the next. A file from a newer version is
 * refused: an old program must not write what it does not understand.
 */

import { CompiledQuery, Kysely, type DatabaseConnection, SqliteDialect, SqliteDriver } from 'kysely'
import { Fault } from '../../domain/errors.ts'
import { openSqlite, type SqliteDatabase } from '../sqlite.ts'

/** SQL texts in order; the first leads to version 1. Never edit one that was released: add another. */
export type Migrations = readonly string[]

/** Takes the write lock at `begin`, so that a transaction that reads first can not fail half-way as busy. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}

class ImmediateDialect extends SqliteDialect {
  readonly #database: SqliteDatabase
  constructor(database: SqliteDatabase) {
    super({ database })
    this.#database = database
  }
  override createDriver(): SqliteDriver {
    return new ImmediateDriver({ database: this.#database })
  }
}

export interface RecordsFile<Schema> {
  db: Kysely<Schema>
  /** Changes whenever another connection has committed to the file; a few microseconds. */
  dataVersion(): number
  close(): Promise<void>
}

export function openRecordsFile<Schema>(path: string, migrations: Migrations): RecordsFile<Schema> {
  const database = openSqlite(path)
  migrate(database, path, migrations)
  const db = new Kysely<Schema>({ dialect: new ImmediateDialect(database) })
  return {
    db,
    dataVersion: () => database.pragma('data_version', { simple: true }) as number,
    close: () => db.destroy(),
  }
}

/** Also used for files that are not read through Kysely. */
export function migrate(database: SqliteDatabase, path: string, migrations: Migrations): void {
  database
    .transaction(() => {
      const version = database.pragma('user_version', { simple: true }) as number
      if (version > migrations.length) {
        throw new Fault(
          'store_too_new',
          `${path} has schema version ${version}; this program knows up to ${migrations.length}. Start the newer program, or restore a backup made by this one.`,
        )
      }
      for (const [i, sql] of migrations.entries()) {
        if (i < version) continue
        database.exec(sql)
      }
      database.pragma(`user_version = ${migrations.length}`)
    })
    .immediate()
}
