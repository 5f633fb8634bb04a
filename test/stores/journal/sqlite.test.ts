/** The journal on SQLite segments: the contract, and what only this backend has. */

import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { openSqlite } from '../../../stores/sqlite.ts'
import { fill, journalConformance, rangeOf, readAll, seqsOf } from '../../conformance/journal.ts'
import { type JournalFolder, journalFolder } from './journal-folder.ts'

const folders: JournalFolder[] = []

function setUp(): JournalFolder {
  const folder = journalFolder()
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove()
})

journalConformance(journalFolder)

const smallSegments = { segmentBytesMax: 128 * 1024 }

describe('segments', () => {
  test('are named by the first position they hold', async () => {
    const folder = setUp()
    const writer = folder.openWriter(smallSegments)
    await fill(writer, { to: 2_000, group: 100, payloadBytes: 160 })
    const names = folder.segments()
    expect(names.length).toBeGreaterThan(2)
    for (const name of names.slice(0, -1)) {
      expect(name).toMatch(/^\d{20}\.journal$/)
      const first = Number(name.slice(0, 20))
      expect(seqsOf(await folder.openReader().read(first - 1, 1))).toEqual([first])
    }
  })

  test('leave nothing but the segment files and the lock when all is closed', async () => {
    const folder = setUp()
    const writer = folder.openWriter(smallSegments)
    await fill(writer, { to: 2_000, group: 100, payloadBytes: 160 })
    writer.close()
    const others = readdirSync(folder.dir).filter(
      (name) => !/^(\d{20}\.journal|lock.*)$/.test(name),
    )
    expect(others).toEqual([])
  })

  test('that were half made or half removed are cleared at the start', async () => {
    const folder = setUp()
    const first = folder.openWriter()
    await fill(first, { to: 10 })
    first.close()
    const leftovers = [
      '00000000000000000011.journal.new',
      '00000000000000000011.journal.new-wal',
      '00000000000000000000.journal-wal',
      '00000000000000000000.journal-shm',
    ]
    for (const name of leftovers) writeFileSync(join(folder.dir, name), 'half')
    writeFileSync(join(folder.dir, 'notes.txt'), 'not ours')
    const second = folder.openWriter()
    expect(second.head).toBe(10)
    expect(leftovers.filter((name) => existsSync(join(folder.dir, name)))).toEqual([])
    expect(existsSync(join(folder.dir, 'notes.txt'))).toBe(true)
  })

  test('of a later version are refused, not touched', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 10 })
    writer.close()
    const db = openSqlite(folder.segment(0))
    db.pragma('user_version = 2')
    db.pragma(`application_id = ${0x42574a02}`)
    db.close()
    expect(() => folder.openWriter()).toThrow(expect.objectContaining({ code: 'store_too_new' }))
    expect(() => folder.openReader().read(0, 1)).toThrow(
      expect.objectContaining({ code: 'store_too_new' }),
    )
    expect(folder.segments()).toHaveLength(1)
  })
})

describe('trimming', () => {
  test('does not disturb a reader that has the segment open', async () => {
    const folder = setUp()
    const writer = folder.openWriter(smallSegments)
    await fill(writer, { to: 3_000, group: 50, payloadBytes: 160 })
    const damage: unknown[] = []
    const slow = folder.openReader((found) => damage.push(found))
    const seen = seqsOf(await slow.read(0, 60))
    writer.trim(2_000)
    const tail = await slow.tail()
    expect(tail).toBeGreaterThan(1_000)
    expect(seqsOf(await readAll(slow, seen.at(-1)))).toEqual(rangeOf(tail, 3_000))
    expect(await slow.backlog(0)).toMatchObject({ messages: 3_000 - tail + 1 })
    expect(damage).toEqual([])
  })

  test('waits while a fresh hold is there, and not for a forgotten one', async () => {
    const folder = setUp()
    const writer = folder.openWriter(smallSegments)
    await fill(writer, { to: 3_000, group: 50, payloadBytes: 160 })
    const hold = join(folder.dir, 'hold')
    const all = folder.segments()
    writeFileSync(hold, '')
    writer.trim(3_000)
    expect(folder.segments()).toEqual(all)
    const longAgo = Date.now() / 1_000 - 3_601
    utimesSync(hold, longAgo, longAgo)
    writer.trim(3_000)
    expect(folder.segments()).toEqual(all.slice(-1))
    expect(folder.notes).toEqual([])
  })
})

describe('the lock', () => {
  test('keeps out a writer of another process, which says why', () => {
    const folder = setUp()
    folder.openWriter()
    const other = spawnSync(
      process.execPath,
      ['--import', 'tsx', join(import.meta.dirname, 'writer-process.ts'), folder.dir],
      { encoding: 'utf8', timeout: 90_000 },
    )
    expect(other.stdout).toContain('journal_unwritable: Another broker is writing the journal')
  })
})
