/**
 * What happens to a journal whose files rot: each test breaks real files. The rule is the same everywhere:
 * every position is delivered as it was written or reported, never neither, never both, never garbage.
 */

import { closeSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { Fault } from '../../../domain/errors.ts'
import type { Uplink } from '../../../domain/uplink.ts'
import type { JournalDamage } from '../../../stores/journal/journal.ts'
import { fill, rangeOf, readAll, seqsOf } from '../../conformance/journal.ts'
import { draftOf, plain } from '../../fixtures/uplinks.ts'
import { type JournalFolder, journalFolder } from './journal-folder.ts'

const folders: JournalFolder[] = []

function keep(folder: JournalFolder): JournalFolder {
  folders.push(folder)
  return folder
}

afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove()
})

const payloadBytes = 160
const smallSegments = { segmentBytesMax: 128 * 1024 }

/** A closed journal of three segments or more, each without a log. */
async function written(to: number, group: number): Promise<JournalFolder> {
  const folder = keep(journalFolder())
  const writer = folder.openWriter(smallSegments)
  await fill(writer, { to, group, payloadBytes })
  writer.close()
  return folder
}

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, at)
  closeSync(file)
}

function flipBit(path: string, bit: number): void {
  const at = bit >> 3
  const byte = readFileSync(path)[at]!
  overwrite(path, at, Uint8Array.of(byte ^ (1 << (bit & 7))))
}

interface Found {
  uplinks: Uplink[]
  damage: JournalDamage[]
}

async function readWithDamage(folder: JournalFolder, limit = 1_000): Promise<Found> {
  const damage: JournalDamage[] = []
  const reader = folder.openReader((found) => damage.push(found))
  const uplinks = await readAll(reader, 0, limit)
  reader.close()
  return { uplinks, damage }
}

function lostIn(damage: readonly JournalDamage[]): number[] {
  return damage.flatMap(({ from, to }) => rangeOf(from, to))
}

function expectHonest({ uplinks, damage }: Found, head: number): void {
  for (const uplink of uplinks) {
    expect(plain(uplink)).toEqual({ ...plain(draftOf(uplink.seq, payloadBytes)), seq: uplink.seq })
  }
  const told = [...seqsOf(uplinks), ...lostIn(damage)].sort((a, b) => a - b)
  expect(told).toEqual(rangeOf(1, head))
}

describe('damage in a full segment', () => {
  test('of one payload costs that uplink only', async () => {
    const folder = await written(2_000, 50)
    const bytes = readFileSync(folder.segment(0))
    const at = bytes.indexOf('{"pm25": 123}')
    flipBit(folder.segment(0), at * 8 + 3)
    const found = await readWithDamage(folder)
    expectHonest(found, 2_000)
    expect(found.damage).toEqual([
      { from: 123, to: 123, reason: expect.stringContaining('checksum') },
    ])
  })

  test('is told once, however often it is read', async () => {
    const folder = await written(1_000, 50)
    flipBit(folder.segment(0), readFileSync(folder.segment(0)).indexOf('{"pm25": 77}') * 8)
    const damage: JournalDamage[] = []
    const reader = folder.openReader((found) => damage.push(found))
    for (const _ of [1, 2, 3]) await readAll(reader, 0, 100)
    expect(damage).toHaveLength(1)
  })

  test.each([1, 20, 150])('of any one page costs what it held, in groups of %i', async (group) => {
    const folder = await written(1_200, group)
    const pages = readFileSync(folder.segment(1)).length / 8_192
    for (const page of rangeOf(0, pages - 1)) {
      const copy = keep(folder.copy())
      overwrite(copy.segment(1), page * 8_192, Buffer.alloc(8_192))
      const found = await readWithDamage(copy)
      expectHonest(found, 1_200)
      // The header of the file and the root of the tree hold no uplink.
      const lost = lostIn(found.damage).length
      expect(lost).toBeLessThanOrEqual(page < 2 ? 0 : Math.max(group, 40))
    }
  })

  test('of any one bit is found or harmless', async () => {
    const folder = await written(1_500, 7)
    const bits = readFileSync(folder.segment(1)).length * 8
    await fc.assert(
      fc.asyncProperty(fc.nat(bits - 1), async (bit) => {
        const copy = folder.copy()
        try {
          flipBit(copy.segment(1), bit)
          expectHonest(await readWithDamage(copy), 1_500)
        } finally {
          copy.remove()
        }
      }),
      { numRuns: 120, examples: rangeOf(0, 99).map((byte) => [byte * 8 + (byte % 8)]) },
    )
  })

  test('that cuts it off anywhere costs what is behind the cut', async () => {
    const folder = await written(1_500, 20)
    const { length } = readFileSync(folder.segment(1))
    await fc.assert(
      fc.asyncProperty(fc.nat(length - 1), async (left) => {
        const copy = folder.copy()
        try {
          truncateSync(copy.segment(1), left)
          expectHonest(await readWithDamage(copy), 1_500)
        } finally {
          copy.remove()
        }
      }),
      { numRuns: 40 },
    )
  })

  test('does not stop a consumer that asks for few at a time', async () => {
    const folder = await written(1_500, 20)
    overwrite(folder.segment(1), 8_192, Buffer.alloc(20 * 8_192))
    expectHonest(await readWithDamage(folder, 7), 1_500)
  })

  test('does not stop the writer, nor a backlog from being told', async () => {
    const folder = await written(1_500, 20)
    overwrite(folder.segment(0), 0, Buffer.alloc(40_000))
    const writer = folder.openWriter(smallSegments)
    await fill(writer, { from: 1_501, to: 1_600, payloadBytes })
    expectHonest(await readWithDamage(folder), 1_600)
    expect(folder.openReader().backlog(1_500)).toMatchObject({ messages: 100 })
  })
})

describe('damage at the end of the journal', () => {
  /** Opens the journal, writes ten more and returns the position of the first of them. */
  async function goOn(folder: JournalFolder): Promise<number> {
    const writer = folder.openWriter(smallSegments)
    const first = writer.head + 1
    await fill(writer, { from: first, to: first + 9, payloadBytes })
    writer.close()
    return first
  }

  test('in the last block: all before it is kept, and writing goes on behind it', async () => {
    const folder = await written(400, 50)
    flipBit(folder.segment(-1), readFileSync(folder.segment(-1)).indexOf('{"pm25": 399}') * 8)
    expect(await goOn(folder)).toBe(401)
    expect(folder.notes).toEqual([expect.objectContaining({ level: 'error' })])
    const found = await readWithDamage(folder)
    expectHonest(found, 410)
    expect(lostIn(found.damage)).toEqual([399])
  })

  test('that makes the newest file unreadable: no position is used again', async () => {
    const folder = await written(1_000, 50)
    overwrite(folder.segment(-1), 0, Buffer.alloc(100))
    const reader = folder.openReader()
    await expect(readAll(reader, 999)).rejects.toThrow(Fault)
    const first = await goOn(folder)
    expect(first).toBeGreaterThan(1_000)
    expect(folder.notes).toEqual([expect.objectContaining({ level: 'error' })])
    const found = await readWithDamage(folder)
    expectHonest(found, first + 9)
    expect(seqsOf(found.uplinks)).toContain(first + 9)
    const backlog = await folder.openReader().backlog(first - 1)
    expect(backlog.messages).toBe(10)
  })

  test('of any page: nothing is used again and nothing else is lost', async () => {
    const folder = await written(400, 7)
    const pages = readFileSync(folder.segment(-1)).length / 8_192
    for (const page of rangeOf(0, pages - 1)) {
      const copy = keep(folder.copy())
      overwrite(copy.segment(-1), page * 8_192, Buffer.alloc(8_192))
      const first = await goOn(copy)
      expect(first).toBeGreaterThan(400)
      expectHonest(await readWithDamage(copy), first + 9)
    }
  })
})

describe('a log that a crash left behind', () => {
  /** A journal as a crash leaves it: the last commits are only in the log of the newest segment. */
  async function crashed(to: number, group: number): Promise<JournalFolder> {
    const folder = keep(journalFolder())
    await fill(folder.openWriter(), { to, group, payloadBytes })
    return keep(folder.copy())
  }

  test('is taken as a whole', async () => {
    const folder = await crashed(500, 10)
    const writer = folder.openWriter()
    expect(writer.head).toBe(500)
    expect(folder.notes).toEqual([])
    await fill(writer, { from: 501, to: 510, payloadBytes })
    expectHonest(await readWithDamage(folder), 510)
  })

  test('torn in its last commit is taken up to the one before', async () => {
    const folder = await crashed(100, 10)
    const wal = `${folder.segment(0)}-wal`
    const frame = 8_192 + 24
    const { length } = readFileSync(wal)
    for (const cut of [1, 5_000, frame - 1]) {
      const copy = keep(folder.copy())
      truncateSync(`${copy.segment(0)}-wal`, length - cut)
      const writer = copy.openWriter()
      expect(writer.head).toBe(90)
      expect(copy.notes).toEqual([])
      await fill(writer, { from: 91, to: 120, payloadBytes })
      writer.close()
      expectHonest(await readWithDamage(copy), 120)
    }
  })

  test('cut off anywhere gives a beginning of what was written, nothing else', async () => {
    const folder = await crashed(300, 3)
    const { length } = readFileSync(`${folder.segment(0)}-wal`)
    await fc.assert(
      fc.asyncProperty(fc.nat(length), async (left) => {
        const copy = folder.copy()
        try {
          truncateSync(`${copy.segment(0)}-wal`, left)
          const writer = copy.openWriter()
          const { head } = writer
          expect(head % 3).toBe(0)
          await fill(writer, { from: head + 1, to: head + 5, payloadBytes })
          writer.close()
          expectHonest(await readWithDamage(copy), head + 5)
        } finally {
          copy.remove()
        }
      }),
      { numRuns: 40 },
    )
  })

  test('with a broken bit: no position that was acknowledged is used again, and it is reported', async () => {
    const folder = await crashed(300, 3)
    const { length } = readFileSync(`${folder.segment(0)}-wal`)
    await fc.assert(
      fc.asyncProperty(fc.nat(length * 8 - 1), async (bit) => {
        const copy = folder.copy()
        try {
          flipBit(`${copy.segment(0)}-wal`, bit)
          const writer = copy.openWriter()
          const first = writer.head + 1
          await fill(writer, { from: first, to: first + 4, payloadBytes })
          writer.close()
          expect(first).toBeGreaterThan(300)
          expect(copy.notes.length).toBe(first === 301 ? 0 : 1)
          expectHonest(await readWithDamage(copy), first + 4)
        } finally {
          copy.remove()
        }
      }),
      { numRuns: 60, examples: rangeOf(0, 63).map((byte) => [byte * 8 + (byte % 8)]) },
    )
  })
})

describe('a journal whose end was lost', () => {
  test('does not use positions again that consumers have passed, told at the opening', async () => {
    const folder = await written(100, 10)
    const writer = folder.openWriter({ after: 250 })
    expect(writer.head).toBe(250)
    expect(folder.notes).toEqual([expect.objectContaining({ level: 'error' })])
    await fill(writer, { from: 251, to: 260, payloadBytes })
    expect(seqsOf(await folder.openReader().read(250, 100))).toEqual(rangeOf(251, 260))
  })

  test('nor when it learns of them by trimming', async () => {
    const folder = await written(100, 10)
    const writer = folder.openWriter()
    writer.trim(250)
    await fill(writer, { from: 251, to: 260, payloadBytes })
    expect(folder.notes).toEqual([expect.objectContaining({ level: 'error' })])
    expect(seqsOf(await folder.openReader().read(250, 100))).toEqual(rangeOf(251, 260))
    expect(await folder.openReader().backlog(250)).toMatchObject({ messages: 10 })
  })

  test('takes what consumers have passed as a matter of course when nothing was lost', async () => {
    const folder = await written(100, 10)
    expect(folder.openWriter({ after: 100 }).head).toBe(100)
    expect(folder.notes).toEqual([])
  })
})
