/**
 * A consistent copy of one SQLite file while others write to it: `VACUUM INTO` reads one snapshot. (The
 * driver's own online backup starts over at every write of another connection and may never finish.)
 */

import { closeSync, openSync } from 'node:fs'
import { driverCode, openSqlite } from './sqlite.ts'

export function copySqlite(from: string, to: string): void {
  // SQLite fills an empty file, and would make a new one readable for everybody.
  closeSync(openSync(to, 'wx', 0o600))
  const db = openSqlite(from, { readonly: true, busyTimeoutMs: 30_000 })
  try {
    db.prepare('vacuum into ?').run(to)
  } finally {
    db.close()
  }
}

/** Throws when the file is not a whole and healthy database. */
export function checkSqlite(path: string): void {
  const db = openSqlite(path, { readonly: true })
  try {
    const verdict = db.pragma('quick_check(1)', { simple: true })
    if (verdict !== 'ok') throw new Error(`${path} is damaged: ${String(verdict)}`)
  } finally {
    db.close()
  }
}

/** True when the driver says that the file itself is broken. */
export function isDamaged(error: unknown): boolean {
  return /^SQLITE_(CORRUPT|NOTADB)/.test(driverCode(error) ?? '')
}
