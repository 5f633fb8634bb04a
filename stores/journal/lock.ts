/**
 * Keeps the journal for one writer: a write transaction that stays open on a small database beside the
 * segments. The operating system ends it with the process, also after `kill -9`.
 */

import { join } from 'node:path'
import { Fault } from '../../domain/errors.ts'
import { driverCode, openSqlite } from '../sqlite.ts'

/** How long a predecessor that is just stopping is waited for. */
const waitMs = 1_000

/** Returns what gives the journal free. Throws `Fault` `journal_unwritable` while another writer has it. */
export function lockJournal(dir: string): () => void {
  const db = openLock(dir)
  try {
    db.exec('BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw refusal(dir, error)
  }
  return () => db.close()
}

function openLock(dir: string) {
  try {
    return openSqlite(join(dir, 'lock'), { synchronous: 'NORMAL', busyTimeoutMs: waitMs })
  } catch (error) {
    throw refusal(dir, error)
  }
}

function refusal(dir: string, cause: unknown): unknown {
  const code = driverCode(cause)
  if (code === undefined) return cause
  const reason = code.startsWith('SQLITE_BUSY')
    ? `Another broker is writing the journal in ${dir}; only one may.`
    : `The lock of the journal in ${dir} cannot be taken (${code}).`
  return new Fault('journal_unwritable', reason, { cause })
}
