import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { migrate } from '../../stores/migrate.ts'
import { openSqlite } from '../../stores/sqlite.ts'

function freshPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-migrate-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'some.db')
}

const first = 'create table a (x)'
const second = 'insert into a values (1)'

describe('migrate', () => {
  test('runs each step once, in order, also when they come with time', () => {
    const path = freshPath()
    const db = openSqlite(path)
    migrate(db, path, [first])
    migrate(db, path, [first, second])
    migrate(db, path, [first, second])
    expect(db.prepare('select x from a').all()).toEqual([{ x: 1 }])
    expect(db.pragma('user_version', { simple: true })).toBe(2)
    db.close()
  })

  test('a step that fails leaves the file at the version before', () => {
    const path = freshPath()
    const db = openSqlite(path)
    migrate(db, path, [first])
    expect(() => migrate(db, path, [first, second, 'insert into nowhere values (1)'])).toThrow(
      /nowhere/,
    )
    expect(db.prepare('select x from a').all()).toEqual([])
    expect(db.pragma('user_version', { simple: true })).toBe(1)
    db.close()
  })

  test('a file of a newer program is refused with both versions named', () => {
    const path = freshPath()
    const db = openSqlite(path)
    migrate(db, path, [first, second])
    expect(() => migrate(db, path, [first])).toThrow(
      expect.objectContaining({
        code: 'store_too_new',
        message: expect.stringMatching(/schema version 2; this program knows up to 1/),
      }),
    )
    db.close()
  })

  test('a file that is up to date needs no lock, so it opens while another writes', () => {
    const path = freshPath()
    const writer = openSqlite(path)
    migrate(writer, path, [first])
    writer.exec('begin immediate')
    const other = openSqlite(path, { busyTimeoutMs: 0 })
    migrate(other, path, [first])
    writer.exec('rollback')
    other.close()
    writer.close()
  })
})
