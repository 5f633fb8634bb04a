/** A disk that is full or broken: nothing of a failed commit is ever seen, and writing comes back by itself. */

import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import type { JournalWriter } from '../../../stores/journal/journal.ts'
import { recoverJournal } from '../../../stores/journal/recovery.ts'
import { createWriter } from '../../../stores/journal/writer.ts'
import type { SqliteDatabase } from '../../../stores/sqlite.ts'
import { commitGroup, fill, rangeOf, readAll, seqsOf } from '../../conformance/journal.ts'
import { draftOf, plain } from '../../fixtures/uplinks.ts'
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

const unwritable = expect.objectContaining({ name: 'Fault', code: 'journal_unwritable' })
const limits = { segmentBytesMax: 64 * 1024 * 1024, bytesMax: 1024 ** 3 }

/** A writer, and the connection under it, whose limits a test may change. */
function openInside({ dir, log }: JournalFolder): { writer: JournalWriter; db: SqliteDatabase } {
  const recovered = recoverJournal({ dir, log, segmentBytesMax: limits.segmentBytesMax, after: 0 })
  return { writer: createWriter({ dir, log, ...limits }, recovered, () => {}), db: recovered.db }
}

function setPagesMax(db: SqliteDatabase, pages: number): void {
  db.pragma(`max_page_count = ${pages}`)
}

describe('a full disk', () => {
  test('fails the commit, gives its positions to the next, and is over when there is room', async () => {
    const folder = setUp()
    const { writer, db } = openInside(folder)
    await fill(writer, { to: 100 })
    setPagesMax(db, 8)
    const large = rangeOf(500, 600).map((i) => draftOf(i, 1_000))
    expect(await commitGroup(writer, large)).toEqual(unwritable)
    expect(await commitGroup(writer, large)).toEqual(unwritable)
    expect(writer.pending).toBe(0)
    expect(writer.head).toBe(100)
    expect(writer.probe()).toBe(false)
    setPagesMax(db, 100_000)
    expect(writer.probe()).toBe(true)
    await fill(writer, { from: 101, to: 150 })
    const all = await readAll(folder.openReader())
    expect(all.map(plain)).toEqual(rangeOf(1, 150).map((i) => ({ ...plain(draftOf(i)), seq: i })))
    expect(folder.segments()).toHaveLength(1)
    writer.close()
  })

  test('fails a group of several blocks as a whole', async () => {
    const folder = setUp()
    const { writer, db } = openInside(folder)
    setPagesMax(db, 1_500)
    const large = rangeOf(1, 20).map((i) => draftOf(i, 1024 * 1024))
    expect(await commitGroup(writer, large)).toEqual(unwritable)
    expect(await folder.openReader().read(0, 10)).toEqual([])
    setPagesMax(db, 100_000)
    expect(await commitGroup(writer, large)).toBeNull()
    expect(seqsOf(await readAll(folder.openReader()))).toEqual(rangeOf(1, 20))
    writer.close()
  })
})

/** Runs the writer of another process with files of at most `kibibytes`: beyond that, writing is an I/O error. */
function runLimited(dir: string, options: { kibibytes: number; commits: number }): string[] {
  const script = join(import.meta.dirname, 'writer-process.ts')
  const command = `ulimit -f ${options.kibibytes}; exec "$0" --import tsx "$@"`
  const run = spawnSync(
    'bash',
    ['-c', command, process.execPath, script, dir, String(options.commits)],
    { encoding: 'utf8', timeout: 90_000 },
  )
  return run.stdout.trim().split('\n')
}

describe('an I/O error', () => {
  test('makes the writer go on in a new segment without loss or gap', async () => {
    const folder = setUp()
    const lines = runLimited(folder.dir, { kibibytes: 300, commits: 400 })
    const acked = lines.filter((line) => line.startsWith('acked')).length
    const failed = lines.filter((line) => line.startsWith('failed journal_unwritable')).length
    expect(failed).toBeGreaterThan(0)
    expect(acked + failed).toBe(400)
    const head = Number(lines.findLast((line) => line.startsWith('acked'))?.slice(6))
    const damage: unknown[] = []
    const all = await readAll(folder.openReader((found) => damage.push(found)))
    expect(seqsOf(all)).toEqual(rangeOf(1, head))
    expect(damage).toEqual([])
    expect(folder.openWriter().head).toBe(head)
    expect(folder.segments().length).toBeGreaterThan(1)
  })
})

describe('another process', () => {
  test('reads along while a process writes, segment after segment', async () => {
    const folder = setUp()
    const script = join(import.meta.dirname, 'writer-process.ts')
    const child = spawn(process.execPath, ['--import', 'tsx', script, folder.dir, '400'])
    const ended = once(child, 'exit')
    const damage: unknown[] = []
    const reader = folder.openReader((found) => damage.push(found))
    const total = (10 * (40 * 41)) / 2
    const seen: number[] = []
    while (seen.length < total) {
      expect(child.exitCode ?? 0).toBe(0)
      const page = await reader.read(seen.length, 500)
      seen.push(...seqsOf(page))
      expect(await reader.head()).toBeGreaterThanOrEqual(seen.length)
      if (page.length === 0) await setTimeout(1)
    }
    await ended
    expect(seen).toEqual(rangeOf(1, total))
    expect(await reader.read(total, 10)).toEqual([])
    expect(damage).toEqual([])
    expect(folder.segments().length).toBeGreaterThan(1)
  })
})

describe('kill -9', () => {
  test('loses nothing that was acknowledged, at any moment, many times over', async () => {
    const folder = setUp()
    const script = join(import.meta.dirname, 'writer-process.ts')
    let acked = 0
    for (const commits of [3, 30, 90, 150]) {
      const child = spawn(process.execPath, ['--import', 'tsx', script, folder.dir], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      const ended = once(child, 'exit')
      let seen = 0
      for await (const line of createInterface(child.stdout)) {
        const [word, number] = line.split(' ')
        if (word === 'open') expect(Number(number)).toBeGreaterThanOrEqual(acked)
        else acked = Number(number)
        if (++seen === commits) child.kill('SIGKILL')
      }
      expect((await ended)[1]).toBe('SIGKILL')
      const damage: unknown[] = []
      const reader = folder.openReader((found) => damage.push(found))
      const all = await readAll(reader)
      reader.close()
      expect(all.length).toBeGreaterThanOrEqual(acked)
      expect(seqsOf(all)).toEqual(rangeOf(1, all.length))
      for (const uplink of all) {
        expect(plain(uplink)).toEqual({ ...plain(draftOf(uplink.seq, 160)), seq: uplink.seq })
      }
      expect(damage).toEqual([])
    }
    const writer = folder.openWriter()
    expect(writer.head).toBeGreaterThanOrEqual(acked)
    expect(folder.notes).toEqual([])
  })
})
