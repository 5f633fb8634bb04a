/**
 * Brings a SQLite file to this version's schema.
 *
 * Migrations are numbered from 1, forward only, and all that are due run in one transaction with the
 * version they lead to, so that a crash leaves the file at one version or the other. A file from a newer
 * version is refused: an old program must not write what it does not understand.
 */

import { Fault } from '../domain/errors.ts'
import type { SqliteDatabase } from './sqlite.ts'

/** SQL texts in order; the first leads to version 1. Never edit one that was released: add another. */
export type Migrations = readonly string[]

/** Throws `Fault` `store_too_new`. Several connections may try at once: the first one does the work. */
export function migrate(database: SqliteDatabase, path: string, migrations: Migrations): void {
  // Looking first spares the write lock, which another connection may hold for long.
  if (versionOf(database, path, migrations) === migrations.length) return
  database
    .transaction(() => {
      const version = versionOf(database, path, migrations)
      for (const sql of migrations.slice(version)) database.exec(sql)
      database.pragma(`user_version = ${migrations.length}`)
    })
    .immediate()
}

function versionOf(database: SqliteDatabase, path: string, migrations: Migrations): number {
  const version = Number(database.pragma('user_version', { simple: true }))
  if (version > migrations.length) {
    throw new Fault(
      'store_too_new',
      `${path} has schema version ${version}; this program knows up to ${migrations.length}. Start the newer program, or restore a backup made by this one.`,
    )
  }
  return version
}
