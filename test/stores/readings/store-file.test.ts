/** Opening, failing and coming back. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Fault } from '../../../domain/errors.ts'
import { naming } from '../../../stores/readings/store-file.ts'
import { openReadingsReader, openReadingsWriter } from '../../../stores/readings/sqlite.ts'
import { openSqlite } from '../../../stores/sqlite.ts'
import { rangeOf, reading, start, tidyAll } from '../../conformance/readings.ts'

function freshPath(): string {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-readings-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, 'data', 'readings.db')
}

describe('opening', () => {
  test('a reader may come before the writer', async () => {
    const path = freshPath()
    const reader = openReadingsReader({ path })
    expect(await reader.series()).toEqual([])
    expect((await reader.progress()).seq).toBe(0)
    const position = await reader.position()
    const writer = openReadingsWriter({ path, keepDays: 0 })
    await writer.write([reading(start)])
    expect(await rangeOf(reader)).toEqual([reading(start)])
    expect((await reader.since(position)).readings).toEqual([reading(start)])
    await writer.close()
    await reader.close()
  })

  test('a reader opens while the writer is in the middle of something', async () => {
    const path = freshPath()
    const writer = openReadingsWriter({ path, keepDays: 0 })
    await writer.write([reading(start)])
    const other = openSqlite(path)
    other.exec('begin immediate')
    const reader = openReadingsReader({ path })
    expect(await rangeOf(reader)).toHaveLength(1)
    other.exec('rollback')
    for (const each of [other, reader, writer]) await each.close()
  })

  test('a reader never writes', async () => {
    const path = freshPath()
    const writer = openReadingsWriter({ path, keepDays: 0 })
    const reader = openReadingsReader({ path })
    await writer.write([reading(start)])
    await writer.close()
    expect(await rangeOf(reader)).toHaveLength(1)
    await reader.close()
  })

  test.each([
    ['writer', (path: string) => openReadingsWriter({ path, keepDays: 0 })],
    ['reader', (path: string) => openReadingsReader({ path })],
  ])('a %s refuses a file of a newer version and leaves it alone', async (_, open) => {
    const path = freshPath()
    await openReadingsWriter({ path, keepDays: 0 }).close()
    const db = openSqlite(path)
    db.pragma('user_version = 99')
    expect(() => open(path)).toThrow(expect.objectContaining({ code: 'store_too_new' }))
    expect(db.pragma('user_version', { simple: true })).toBe(99)
    db.close()
  })
})

describe('failing', () => {
  test('a batch that fails half-way has not happened, and works when tried again', async () => {
    const path = freshPath()
    const writer = openReadingsWriter({ path, keepDays: 0 })
    const reader = openReadingsReader({ path })
    await writer.write([reading(start)], { seq: 1, quarantined: 0 })
    const before = await writer.progress()

    const db = openSqlite(path)
    db.exec(`create trigger broken before update on state begin select raise(abort, 'broken'); end`)
    const batch = [reading(start + 1), reading(start, { device: 'new' }), reading(start)]
    const advance = { seq: 2, quarantined: 1 }
    for (let i = 0; i < 3; i++) {
      expect(() => writer.write(batch, advance)).toThrow(/broken/)
      expect(await writer.progress()).toEqual(before)
      expect(await rangeOf(reader)).toEqual([reading(start)])
      expect(await reader.series()).toHaveLength(1)
    }
    db.exec('drop trigger broken')
    expect(await writer.write(batch, advance)).toEqual({ stored: 2, duplicate: 1 })
    expect(await reader.progress()).toEqual({
      seq: 2,
      received: 5,
      stored: 3,
      duplicate: 1,
      quarantined: 1,
    })
    for (const each of [db, reader, writer]) await each.close()
  })

  test('housekeeping that fails half-way loses nothing, and works when tried again', async () => {
    const path = freshPath()
    const limits = { roundEntriesMin: 1, roundEntriesMax: 1, newestEntriesKept: 0 }
    const writer = openReadingsWriter({ path, keepDays: 0, limits })
    const reader = openReadingsReader({ path })
    const batch = Array.from({ length: 50 }, (_, i) => reading(start + i))
    await writer.write(batch)
    await writer.write([reading(start + 50)])
    const db = openSqlite(path)
    db.exec(`create trigger broken before delete on log begin select raise(abort, 'broken'); end`)
    expect(() => writer.tidy(start)).toThrow(/broken/)
    expect(await writer.write([reading(start)])).toEqual({ stored: 0, duplicate: 1 })
    expect(await rangeOf(reader)).toHaveLength(51)
    db.exec('drop trigger broken')
    await tidyAll(writer)
    expect(db.prepare('select count(*) as n from log').get()).toEqual({ n: 1 })
    expect(await rangeOf(reader)).toHaveLength(51)
    expect(await writer.write(batch)).toEqual({ stored: 0, duplicate: 50 })
    for (const each of [db, reader, writer]) await each.close()
  })

  test('what another writer has done is noticed before the next batch', async () => {
    const path = freshPath()
    const one = openReadingsWriter({ path, keepDays: 0 })
    const two = openReadingsWriter({ path, keepDays: 0 })
    const reader = openReadingsReader({ path })
    for (let i = 0; i < 10; i++) {
      expect(await one.write([reading(start + i), reading(start, { device: `a-${i}` })])).toEqual({
        stored: 2,
        duplicate: 0,
      })
      expect(await two.write([reading(start + i), reading(start, { device: `b-${i}` })])).toEqual({
        stored: 1,
        duplicate: 1,
      })
    }
    expect(await reader.series()).toHaveLength(21)
    expect(await rangeOf(reader)).toHaveLength(10)
    expect(await one.progress()).toMatchObject({ received: 40, stored: 30, duplicate: 10 })
    for (const each of [one, two, reader]) await each.close()
  })

  test('an older copy put in the place of the file is noticed by a reader', async () => {
    const path = freshPath()
    const writer = openReadingsWriter({ path, keepDays: 0 })
    const reader = openReadingsReader({ path })
    await writer.write([reading(start), reading(start, { device: 'b' })])
    expect(await reader.series()).toHaveLength(2)
    const db = openSqlite(path)
    db.exec('delete from log; delete from series; update state set next_entry = 0, stored = 0')
    expect(await rangeOf(reader)).toEqual([])
    expect((await reader.since(2)).gap).toBe(true)
    for (const each of [db, reader, writer]) await each.close()
  })

  test('faults of the world are named, bugs are not dressed up as such', () => {
    const full = Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    const throwing = (error: Error) => () =>
      naming('readings.db', () => {
        throw error
      })
    expect(throwing(full)).toThrow(Fault)
    expect(throwing(full)).toThrow(
      expect.objectContaining({ code: 'store_unavailable', cause: full }),
    )
    const bug = new TypeError('x is not a function')
    expect(throwing(bug)).toThrow(bug)
  })
})
