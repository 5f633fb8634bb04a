/** Opening database files: the locks of one process survive each other, and files are private. */

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { driverName, openSqlite } from '../../stores/sqlite.ts'

let dir = ''

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-sqlite-'))
})

afterEach(() => {
  rmSync(dir, { recursive: true })
})

/** What another process gets when it tries to take the file for itself. */
function takeFromOutside(path: string): string {
  const script = `
    const Database = require('${driverName}')
    const db = new Database(${JSON.stringify(path)}, { timeout: 0 })
    try { db.exec('BEGIN EXCLUSIVE'); console.log('taken') } catch (error) { console.log(error.code) }`
  return spawnSync(process.execPath, ['-e', script], { encoding: 'utf8' }).stdout.trim()
}

test('a second opening in the process keeps the lock of the first', () => {
  const path = join(dir, 'role.lock')
  const first = openSqlite(path, { lockFile: true, busyTimeoutMs: 0 })
  first.exec('BEGIN EXCLUSIVE')
  const second = openSqlite(path, { lockFile: true, busyTimeoutMs: 0 })
  expect(() => second.exec('BEGIN EXCLUSIVE')).toThrow(/locked/)
  expect(takeFromOutside(path)).toBe('SQLITE_BUSY')
  second.close()
  first.close()
  expect(takeFromOutside(path)).toBe('taken')
})

test('files are for their owner only', () => {
  const path = join(dir, 'new', 'a.db')
  const db = openSqlite(path)
  db.exec('CREATE TABLE t (a)')
  for (const name of [path, `${path}-wal`, `${path}-shm`])
    expect(statSync(name).mode & 0o077).toBe(0)
  db.close()
})

test('every opening for writing makes each commit survive a power cut', () => {
  const path = join(dir, 'a.db')
  openSqlite(path).close()
  const again = openSqlite(path)
  expect(again.pragma('synchronous', { simple: true })).toBe(2)
  again.close()
})
