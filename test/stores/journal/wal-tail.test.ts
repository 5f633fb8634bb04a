import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { framesLost, readTail } from '../../../stores/journal/wal-tail.ts'
import { openSqlite, type SqliteDatabase } from '../../../stores/sqlite.ts'

const pageBytes = 4096
let dir: string
let path: string
let db: SqliteDatabase

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bw-wal-'))
  path = join(dir, 'some.journal')
  db = openSqlite(path, { pageSizeBytes: pageBytes })
  db.exec('create table t (id integer primary key, data blob)')
  db.pragma('wal_checkpoint(TRUNCATE)')
  for (let i = 0; i < 5; i++)
    db.prepare('insert into t (data) values (?)').run(Buffer.alloc(9_000, i))
})
afterEach(() => {
  db.close()
  rmSync(dir, { recursive: true, force: true })
})

function flip(byte: number): void {
  const log = readFileSync(`${path}-wal`)
  log[byte] = (log[byte] ?? 0) ^ 1
  writeFileSync(`${path}-wal`, log)
}

describe('the tail of a log', () => {
  test('that is whole is sound to its last frame', () => {
    const tail = readTail(path, pageBytes)
    expect(tail.commits.filter(Boolean)).toHaveLength(5)
    expect(tail.commits.at(-1)).toBe(true)
    expect(tail.sound).toBe(tail.commits.length)
  })

  test('holds nothing lost when its last commit was killed before it could be told to readers', () => {
    const tail = readTail(path, pageBytes)
    const told = tail.commits.slice(0, -1).lastIndexOf(true) + 1
    expect(framesLost(tail, told)).toBe(0)
  })

  test.each([
    ['page', 32 + 24 + 100],
    ['checksum', 32 + 16],
    ['salt', 32 + 8],
    ['header', 3],
  ])('says how much a broken %s hides', (_, byte) => {
    const whole = readTail(path, pageBytes).commits.length
    flip(byte)
    const tail = readTail(path, pageBytes)
    expect(tail.sound).toBe(0)
    expect(framesLost(tail, 0)).toBe(whole)
  })

  test('that was torn in its last transaction holds nothing lost', () => {
    const log = readFileSync(`${path}-wal`)
    writeFileSync(`${path}-wal`, log.subarray(0, log.length - 100))
    const tail = readTail(path, pageBytes)
    const acknowledged = tail.commits.lastIndexOf(true) + 1
    expect(framesLost(tail, acknowledged)).toBe(0)
  })

  test('of a segment without a log is empty', () => {
    expect(readTail(join(dir, 'none'), pageBytes)).toEqual({ commits: [], sound: 0 })
  })
})
