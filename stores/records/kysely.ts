/**
 * Opens one SQLite file of records through Kysely and brings it to this version's schema
 * (see `../migrate.ts`). What SQLite cannot do for now throws the `Fault` `store_unavailable`.
 *
 * Write only inside transactions: they wait for the write lock without blocking those they wait for.
 */

import {
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  SqliteDialect,
  SqliteDriver,
  type TransactionSettings,
} from 'kysely'
import { Fault } from '../../domain/errors.ts'
import { type Migrations, migrate } from '../migrate.ts'
import { isStorageFault, openSqlite, type SqliteDatabase } from '../sqlite.ts'

export { type Migrations, migrate }

/** Waits in turns of 1, 2, 4 … microtasks up to this many, about 5 ms of work, before it waits in SQLite. */
const turnsMax = 32_768

/**
 * Read-only transactions see one snapshot and lock nobody out; all others take the write lock at once, so
 * that a transaction that reads first cannot fail half-way as busy.
 */
class RecordsDriver extends SqliteDriver {
  readonly #database: SqliteDatabase
  constructor(database: SqliteDatabase) {
    super({ database })
    this.#database = database
  }

  override async acquireConnection(): Promise<DatabaseConnection> {
    return withFaults(await super.acquireConnection())
  }

  override async beginTransaction(
    connection: DatabaseConnection,
    settings?: TransactionSettings,
  ): Promise<void> {
    if (settings?.accessMode === 'read only') {
      await connection.executeQuery(CompiledQuery.raw('begin'))
      return
    }
    // The lock may be held by another connection of this very thread, between two of its steps. Waiting
    // inside SQLite would keep it from ever finishing; its steps are microtasks, so it is let run first.
    for (let turns = 1; turns <= turnsMax; turns *= 2) {
      if (this.#beginIfFree()) return
      for (let turn = 0; turn < turns; turn++) await undefined
    }
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }

  #beginIfFree(): boolean {
    const waitMs = this.#database.pragma('busy_timeout', { simple: true })
    this.#database.pragma('busy_timeout = 0')
    try {
      this.#database.exec('begin immediate')
      return true
    } catch (error) {
      if (isStorageFault(error)) return false
      throw error
    } finally {
      this.#database.pragma(`busy_timeout = ${waitMs}`)
    }
  }

  /** After some errors (disk full, I/O) SQLite has rolled back by itself; that error is the one to be told. */
  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    if (this.#database.inTransaction) await super.rollbackTransaction(connection)
  }
}

/** The driver's errors that are the world's fault become a `Fault`, so that callers keep the work and try again. */
function withFaults(connection: DatabaseConnection): DatabaseConnection {
  return {
    async executeQuery(query) {
      try {
        return await connection.executeQuery(query)
      } catch (cause) {
        if (!isStorageFault(cause)) throw cause
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new Fault('store_unavailable', `The database answers: ${reason}`, { cause })
      }
    },
    streamQuery: (query, chunkSize) => connection.streamQuery(query, chunkSize),
  }
}

class RecordsDialect extends SqliteDialect {
  readonly #database: SqliteDatabase
  constructor(database: SqliteDatabase) {
    super({ database })
    this.#database = database
  }
  override createDriver(): SqliteDriver {
    return new RecordsDriver(this.#database)
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
  const db = new Kysely<Schema>({ dialect: new RecordsDialect(database) })
  return {
    db,
    dataVersion: () => database.pragma('data_version', { simple: true }) as number,
    close: () => db.destroy(),
  }
}
