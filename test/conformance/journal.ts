/** What every backend of the journal must do, written against the contract alone; run once per backend. */

import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import type { Uplink, UplinkDraft } from '../../domain/uplink.ts'
import type { JournalDamage, JournalReader, JournalWriter } from '../../stores/journal/journal.ts'
import { draftForm, draftOf, plain } from '../fixtures/uplinks.ts'

export interface JournalLimits {
  segmentBytesMax?: number
  bytesMax?: number
}

/** One journal, empty at first. */
export interface JournalBackend {
  openWriter(limits?: JournalLimits): JournalWriter
  openReader(onDamage?: (damage: JournalDamage) => void): JournalReader
  /** Closes whatever is still open and removes the journal. */
  remove(): void
}

/** Appends drafts as one group; resolves to the fault of the commit. */
export function commitGroup(writer: JournalWriter, drafts: readonly UplinkDraft[]) {
  for (const draft of drafts) writer.append(draft)
  return new Promise<Error | null>((resolve) => writer.commit(resolve))
}

/** Commits drafts `from`…`to` in groups. */
export async function fill(
  writer: JournalWriter,
  range: { from?: number; to: number; group?: number; payloadBytes?: number },
): Promise<void> {
  const { from = 1, to, group = 10, payloadBytes } = range
  for (let i = from; i <= to; i += group) {
    const last = Math.min(to, i + group - 1)
    const drafts = Array.from({ length: last - i + 1 }, (_, n) => draftOf(i + n, payloadBytes))
    expect(await commitGroup(writer, drafts)).toBeNull()
  }
}

export async function readAll(reader: JournalReader, from = 0, limit = 1_000): Promise<Uplink[]> {
  const all: Uplink[] = []
  for (let seq = from; ; seq = all.at(-1)!.seq) {
    const page = await reader.read(seq, limit)
    if (page.length === 0) return all
    all.push(...page)
  }
}

export function seqsOf(uplinks: readonly Uplink[]): number[] {
  return uplinks.map(({ seq }) => seq)
}

export function rangeOf(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, i) => from + i)
}

const smallSegments = { segmentBytesMax: 128 * 1024 }

export function journalConformance(start: () => JournalBackend): void {
  const backends: JournalBackend[] = []

  function setUp(): JournalBackend {
    const backend = start()
    backends.push(backend)
    return backend
  }

  afterEach(() => {
    for (const backend of backends.splice(0)) backend.remove()
  })

  describe('a new journal', () => {
    test('is empty, for a reader that is there before any writer too', async () => {
      const journal = setUp()
      const reader = journal.openReader()
      for (const open of [() => {}, () => journal.openWriter()]) {
        open()
        expect(await reader.read(0, 10)).toEqual([])
        expect(await reader.head()).toBe(0)
        expect(await reader.tail()).toBe(1)
        expect(await reader.backlog(0)).toEqual({ messages: 0, readings: 0, bytes: 0 })
      }
    })

    test('takes an empty commit', async () => {
      const writer = setUp().openWriter()
      expect(await commitGroup(writer, [])).toBeNull()
      expect(writer.head).toBe(0)
    })

    test('can be written', () => {
      expect(setUp().openWriter().probe()).toBe(true)
    })
  })

  describe('a commit', () => {
    test('shows the group to readers, and nothing of it is seen before', async () => {
      const journal = setUp()
      const writer = journal.openWriter()
      const reader = journal.openReader()
      writer.append(draftOf(1))
      writer.append(draftOf(2))
      expect(writer.pending).toBe(2)
      expect(await reader.read(0, 10)).toEqual([])
      expect(await commitGroup(writer, [draftOf(3)])).toBeNull()
      expect(writer.pending).toBe(0)
      expect(writer.head).toBe(3)
      expect(await reader.head()).toBe(3)
      const expected = [1, 2, 3].map((i) => ({ ...plain(draftOf(i)), seq: i }))
      expect((await reader.read(0, 10)).map(plain)).toEqual(expected)
    })

    test('keeps the payload as it was when it was appended', async () => {
      const journal = setUp()
      const writer = journal.openWriter()
      const payload = Buffer.from('before')
      writer.append({ ...draftOf(1), payload })
      payload.fill('x')
      await commitGroup(writer, [])
      const [uplink] = await journal.openReader().read(0, 1)
      expect(Buffer.from(uplink!.payload).toString()).toBe('before')
    })

    test('answers each group once and in order, also when the answer appends', async () => {
      const writer = setUp().openWriter()
      const answers: string[] = []
      await new Promise<void>((resolve) => {
        writer.append(draftOf(1))
        writer.commit((fault) => {
          answers.push(`first ${fault}`)
          writer.append(draftOf(2))
          writer.commit((second) => {
            answers.push(`second ${second}`)
            resolve()
          })
        })
      })
      expect(answers).toEqual(['first null', 'second null'])
      expect(writer.head).toBe(2)
    })

    test('gives back what was appended, whatever it is', async () => {
      await fc.assert(
        fc.asyncProperty(
          fc.array(fc.array(draftForm, { maxLength: 5 }), { maxLength: 5 }),
          async (groups) => {
            const journal = start()
            try {
              const writer = journal.openWriter()
              for (const group of groups) expect(await commitGroup(writer, group)).toBeNull()
              const expected = groups.flat().map((draft, i) => ({ ...plain(draft), seq: i + 1 }))
              expect((await readAll(journal.openReader())).map(plain)).toEqual(expected)
            } finally {
              journal.remove()
            }
          },
        ),
        { numRuns: 20 },
      )
    })

    test('takes a group of many large payloads', async () => {
      const journal = setUp()
      const writer = journal.openWriter()
      const drafts = rangeOf(1, 100).map((i) => draftOf(i, 256 * 1024))
      expect(await commitGroup(writer, drafts)).toBeNull()
      const all = await readAll(journal.openReader())
      expect(seqsOf(all)).toEqual(rangeOf(1, 100))
      expect(all.every(({ payload }, i) => Buffer.from(payload).equals(drafts[i]!.payload))).toBe(
        true,
      )
    })
  })

  describe('positions', () => {
    test('have no gap over groups, segments and restarts', async () => {
      const journal = setUp()
      for (const round of [0, 1, 2]) {
        const writer = journal.openWriter(smallSegments)
        expect(writer.head).toBe(round * 2_000)
        await fill(writer, { from: round * 2_000 + 1, to: (round + 1) * 2_000, group: 37 })
        writer.close()
      }
      const all = await readAll(journal.openReader())
      expect(seqsOf(all)).toEqual(rangeOf(1, 6_000))
      expect(
        all.every((uplink) => plain(uplink).payload === plain(draftOf(uplink.seq)).payload),
      ).toBe(true)
    })

    test('of a group that was never committed are given out again', async () => {
      const journal = setUp()
      const first = journal.openWriter()
      await fill(first, { to: 3 })
      first.append(draftOf(4))
      first.close()
      const second = journal.openWriter()
      await fill(second, { from: 100, to: 100 })
      const all = await readAll(journal.openReader())
      expect(all.map(({ receivedAt }) => receivedAt - draftOf(0).receivedAt)).toEqual([
        1, 2, 3, 100,
      ])
      expect(seqsOf(all)).toEqual([1, 2, 3, 4])
    })

    test('go on after everything was consumed and dropped', async () => {
      const journal = setUp()
      const first = journal.openWriter(smallSegments)
      await fill(first, { to: 3_000, group: 100, payloadBytes: 160 })
      first.trim(3_000)
      first.close()
      const second = journal.openWriter(smallSegments)
      expect(second.head).toBe(3_000)
      await fill(second, { from: 3_001, to: 3_001 })
      expect(seqsOf(await journal.openReader().read(3_000, 10))).toEqual([3_001])
    })
  })

  describe('a reader', () => {
    test('gets everything once with any limit, from any position', async () => {
      const journal = setUp()
      const writer = journal.openWriter(smallSegments)
      for (const [from, to, group] of [
        [1, 400, 1],
        [401, 900, 50],
        [901, 3_000, 700],
      ] as const) {
        await fill(writer, { from, to, group })
      }
      const reader = journal.openReader()
      for (const limit of [1, 7, 49, 50, 333, 5_000]) {
        const from = limit * 3
        expect(seqsOf(await readAll(reader, from, limit))).toEqual(rangeOf(from + 1, 3_000))
      }
    })

    test('gets about as many as it asks for', async () => {
      const journal = setUp()
      await fill(journal.openWriter(), { to: 1_000, group: 400 })
      const reader = journal.openReader()
      for (const limit of [1, 10, 399, 400, 401, 1_000]) {
        const { length } = await reader.read(0, limit)
        expect(length).toBeGreaterThan(0)
        expect(length).toBeLessThanOrEqual(limit)
      }
    })

    test('sees what another writes while it reads', async () => {
      const journal = setUp()
      const writer = journal.openWriter(smallSegments)
      const reader = journal.openReader()
      let seen: number[] = []
      for (const round of rangeOf(0, 99)) {
        await fill(writer, { from: round * 40 + 1, to: round * 40 + 40 })
        seen = [...seen, ...seqsOf(await readAll(reader, seen.length, 25))]
        expect(await reader.head()).toBe(seen.length)
      }
      expect(seen).toEqual(rangeOf(1, 4_000))
    })

    test('begins with the first uplink that is still kept', async () => {
      const journal = setUp()
      const writer = journal.openWriter(smallSegments)
      await fill(writer, { to: 5_000, group: 100, payloadBytes: 160 })
      writer.trim(2_500)
      const damage: JournalDamage[] = []
      const reader = journal.openReader((found) => damage.push(found))
      const tail = await reader.tail()
      expect(tail).toBeGreaterThan(1)
      expect(tail).toBeLessThanOrEqual(2_501)
      expect(seqsOf(await readAll(reader))).toEqual(rangeOf(tail, 5_000))
      expect(damage).toEqual([])
    })

    test('gets nothing when it is ahead', async () => {
      const journal = setUp()
      await fill(journal.openWriter(), { to: 5 })
      const reader = journal.openReader()
      expect(await reader.read(5, 10)).toEqual([])
      expect(await reader.read(1_000, 10)).toEqual([])
      expect(await reader.backlog(1_000)).toEqual({ messages: 0, readings: 0, bytes: 0 })
    })
  })

  describe('the backlog', () => {
    test('is exact at every position, over segments, restarts and dropped segments', async () => {
      const journal = setUp()
      let writer = journal.openWriter(smallSegments)
      await fill(writer, { to: 700, group: 9, payloadBytes: 300 })
      writer.close()
      writer = journal.openWriter(smallSegments)
      await fill(writer, { from: 701, to: 1_000, group: 80, payloadBytes: 300 })
      const reader = journal.openReader()
      const all = await readAll(reader)
      const bytesAt = (await reader.backlog(0)).bytes / 1_000
      writer.trim(350)
      const tail = await reader.tail()
      expect(tail).toBeGreaterThan(1)
      for (const seq of rangeOf(0, 1_000)) {
        const behind = all.filter((uplink) => uplink.seq > seq && uplink.seq >= tail)
        const backlog = await reader.backlog(seq)
        expect(backlog.messages).toBe(behind.length)
        expect(backlog.readings).toBe(behind.reduce((sum, { readings }) => sum + readings, 0))
        expect(backlog.bytes / Math.max(1, behind.length)).toBeCloseTo(
          behind.length ? bytesAt : 0,
          6,
        )
      }
    })

    test('leaves out what is settled ahead, wherever that begins and ends', async () => {
      const journal = setUp()
      const writer = journal.openWriter(smallSegments)
      await fill(writer, { to: 500, group: 7, payloadBytes: 300 })
      const reader = journal.openReader()
      const all = await readAll(reader)
      for (const [seq, from, to] of [
        [0, 0, 500],
        [0, 250, 250],
        [3, 100, 101],
        [99, 101, 404],
        [120, 300, 500],
        [500, 500, 500],
      ] as const) {
        const open = all.filter((each) => each.seq > seq && (each.seq <= from || each.seq > to))
        const { messages, readings } = await reader.backlog(seq, { from, to })
        expect(messages).toBe(open.length)
        expect(readings).toBe(open.reduce((sum, each) => sum + each.readings, 0))
      }
    })
  })

  describe('trimming', () => {
    test('keeps everything after the consumed position and frees space', async () => {
      const journal = setUp()
      const writer = journal.openWriter(smallSegments)
      await fill(writer, { to: 10_000, group: 100, payloadBytes: 160 })
      const reader = journal.openReader()
      let bytes = writer.bytes
      for (const consumed of [0, 1, 2_000, 4_321, 9_999, 10_000]) {
        writer.trim(consumed)
        expect(await reader.tail()).toBeLessThanOrEqual(consumed + 1)
        expect(seqsOf(await readAll(reader, consumed, 3_000))).toEqual(
          rangeOf(consumed + 1, 10_000),
        )
        expect(writer.bytes).toBeLessThanOrEqual(bytes)
        bytes = writer.bytes
      }
      expect(bytes).toBeLessThan(300 * 1024)
      expect(writer.head).toBe(10_000)
    })
  })

  describe('a full journal', () => {
    async function fillUp(writer: JournalWriter): Promise<number> {
      for (let i = 1; ; i++) {
        try {
          writer.append(draftOf(i, 1_000))
        } catch (error) {
          expect(error).toMatchObject({ name: 'Fault', code: 'journal_full' })
          expect(await commitGroup(writer, [])).toBeNull()
          return i - 1
        }
        if (i % 20 === 0) expect(await commitGroup(writer, [])).toBeNull()
      }
    }

    test('refuses to append, keeps what it has, and stays within its limit', async () => {
      const journal = setUp()
      const writer = journal.openWriter({ bytesMax: 1024 * 1024 })
      const last = await fillUp(writer)
      expect(last).toBeGreaterThan(300)
      expect(writer.bytes).toBeLessThan(1.1 * 1024 * 1024)
      expect(() => writer.append(draftOf(1, 1_000))).toThrow(
        expect.objectContaining({ code: 'journal_full' }),
      )
      expect(seqsOf(await readAll(journal.openReader()))).toEqual(rangeOf(1, last))
    })

    test('takes more when consumed uplinks were dropped', async () => {
      const journal = setUp()
      const writer = journal.openWriter({ bytesMax: 1024 * 1024 })
      const last = await fillUp(writer)
      writer.trim(last)
      await fill(writer, { from: last + 1, to: last + 50, payloadBytes: 1_000 })
      expect(seqsOf(await readAll(journal.openReader(), last))).toEqual(
        rangeOf(last + 1, last + 50),
      )
    })

    test('is still full after a restart', async () => {
      const journal = setUp()
      const first = journal.openWriter({ bytesMax: 1024 * 1024 })
      const last = await fillUp(first)
      first.close()
      const second = journal.openWriter({ bytesMax: 1024 * 1024 })
      expect(second.head).toBe(last)
      expect(() => second.append(draftOf(1, 64 * 1024))).toThrow(
        expect.objectContaining({ code: 'journal_full' }),
      )
    })
  })

  describe('a second writer', () => {
    test('is refused while there is one, and welcome after it has closed', async () => {
      const journal = setUp()
      const first = journal.openWriter()
      await fill(first, { to: 5 })
      expect(() => journal.openWriter()).toThrow(
        expect.objectContaining({ code: 'journal_unwritable' }),
      )
      await fill(first, { from: 6, to: 10 })
      first.close()
      expect(journal.openWriter().head).toBe(10)
    })
  })
}
