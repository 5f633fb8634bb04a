/**
 * One role runs once per data folder. The lock is SQLite's own exclusive file lock, which the operating
 * system gives back when the process ends, however it ends.
 */

import { join } from 'node:path'
import { Fault } from '../domain/errors.ts'
import { isStorageFault, openSqlite } from './sqlite.ts'

/** Throws `conflict` when another process or thread runs this role; returns the function that lets go. */
export function lockRole(runDir: string, role: string): () => void {
  const db = openSqlite(join(runDir, `${role}.lock`), { busyTimeoutMs: 0, lockFile: true })
  try {
    db.exec('begin exclusive')
  } catch (error) {
    db.close()
    if (!isStorageFault(error)) throw error
    throw new Fault(
      'conflict',
      `Another process runs the role "${role}" on this data folder (lock ${runDir}/${role}.lock). Stop it first, or use another BELLWETHER_DATA_DIR.`,
      { cause: error },
    )
  }
  return () => db.close()
}
