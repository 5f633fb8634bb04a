/**
 * Opens one SQLite file of records through Kysely and brings it to this version's schema
 * (see `../migrate.ts`). Every transaction takes the write lock at its start.
 */

import { CompiledQuery, Kysely, type DatabaseConnection, SqliteDialect, SqliteDriver } from 'kysely'
import { type Migrations, migrate } from '../migrate.ts'
import { openSqlite, type SqliteDatabase } from '../sqlite.ts'

export { type Migrations, migrate }

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
