import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { fill, rangeOf, seqsOf } from '../../../conformance/journal.ts'
import { draftOf, plain } from '../../../fixtures/uplinks.ts'
import {
  type ArchiveFolder,
  archiveAll,
  archiveFolder,
  smallSegments,
  trimInVain,
} from './archive-folder.ts'

const folders: ArchiveFolder[] = []
function setUp(keepDays?: number): ArchiveFolder {
  const folder = archiveFolder(keepDays)
  folders.push(folder)
  return folder
}
afterEach(() => {
  for (const folder of folders.splice(0)) folder.remove()
})

const dayMs = 86_400_000
const until = (check: () => void) => vi.waitFor(check, { timeout: 30_000, interval: 10 })

describe('a consumed segment', () => {
  test('goes to the archive with all it held, and only then from the journal', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 5_000, payloadBytes: 120 })
    const before = folder.segments().length
    expect(before).toBeGreaterThan(4)
    writer.trim(5_000)
    expect(folder.segments()).toHaveLength(before)
    await archiveAll(folder, writer)
    expect(folder.segments()).toHaveLength(1)
    expect(folder.files()).toHaveLength(before - 1)
    const { uplinks, damage } = await folder.archived()
    expect(damage).toEqual([])
    expect(uplinks.map(plain)).toEqual(
      uplinks.map((_, i) => ({ ...plain(draftOf(i + 1, 120)), seq: i + 1 })),
    )
    expect(seqsOf(await folder.history())).toEqual(rangeOf(1, 5_000))
    expect(seqsOf(await folder.history(uplinks.length - 10))).toEqual(
      rangeOf(uplinks.length - 9, 5_000),
    )
    expect(folder.ports.numbers.get('bellwether_archive_segments_total')).toBe(before - 1)
  })

  test('stays while a consumer has not passed it, and while a backup holds the journal', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 3_000, payloadBytes: 120 })
    const before = folder.segments().length
    await trimInVain(writer, 10)
    expect(folder.segments()).toHaveLength(before)
    writeFileSync(join(folder.dir, 'hold'), '')
    await trimInVain(writer, 3_000)
    expect(folder.segments()).toHaveLength(before)
    expect(folder.files()).toEqual([])
  })

  test('is not archived twice when only its dropping was missed', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    writer.trim(2_000)
    await until(() => expect(folder.files()).not.toEqual([]))
    writer.close()
    const files = folder.files()
    const again = folder.openWriter()
    await archiveAll(folder, again)
    expect(folder.files()[0]).toBe(files[0])
    expect(new Set(folder.files().map((name) => name.slice(0, 20))).size).toBe(
      folder.files().length,
    )
    expect(seqsOf(await folder.history())).toEqual(rangeOf(1, 2_000))
  })

  test('may be appended to the journal meanwhile, and a stop in the middle leaves nothing behind', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    writer.trim(2_000)
    await fill(writer, { from: 2_001, to: 2_100, payloadBytes: 120 })
    writer.close()
    await new Promise((resolve) => setTimeout(resolve, 100))
    writeFileSync(join(folder.archive, `${'0'.repeat(20)}-x.archive.00.new`), 'half')
    const again = folder.openWriter()
    await archiveAll(folder, again)
    expect(seqsOf(await folder.history())).toEqual(rangeOf(1, 2_100))
    expect(folder.files().every((name) => name.endsWith('.archive'))).toBe(true)
  })
})

describe('archive files', () => {
  test('go when their days are over, and not before', async () => {
    const folder = setUp(3)
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    await archiveAll(folder, writer)
    const files = folder.files()
    expect(files.length).toBeGreaterThan(1)
    folder.ports.advance(3 * dayMs - 60_000)
    writer.trim(2_000)
    expect(folder.files()).toEqual(files)
    folder.ports.advance(120_000)
    writer.trim(2_000)
    expect(folder.files()).toEqual([])
    expect(folder.ports.numbers.get('bellwether_archive_bytes')).toBe(0)
  })

  test('keep their positions from being given out again when journal and consumers are lost', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    await archiveAll(folder, writer)
    const { uplinks } = await folder.archived()
    writer.close()
    rmSync(folder.dir, { recursive: true })
    const again = folder.openWriter()
    expect(again.head).toBe(uplinks.length)
  })

  test('lose only the frames that are broken, and say which positions', async () => {
    const folder = setUp()
    const writer = folder.openWriter({ ...smallSegments, segmentBytesMax: 8 * 1024 * 1024 })
    await fill(writer, { to: 30_000, payloadBytes: 300, group: 500 })
    await archiveAll(folder, writer)
    const whole = (await folder.archived()).uplinks.length
    const [name = ''] = folder.files()
    const path = join(folder.archive, name)
    const bytes = readFileSync(path)
    bytes[Math.floor(bytes.length / 2)]! ^= 0x10
    bytes[3]! ^= 0x10
    writeFileSync(path, bytes)
    const { uplinks, damage } = await folder.archived()
    const missing = damage.reduce((sum, { from, to }) => sum + to - from + 1, 0)
    expect(damage).toHaveLength(2)
    expect(damage[0]?.from).toBe(1)
    expect(uplinks.length + missing).toBe(whole)
    expect(uplinks.length).toBeGreaterThan(whole / 2)
    const readable = new Set(seqsOf(uplinks))
    for (const { from, to } of damage) {
      expect(rangeOf(from, to).some((seq) => readable.has(seq))).toBe(false)
    }
    for (const uplink of uplinks) {
      expect(plain(uplink)).toEqual({ ...plain(draftOf(uplink.seq, 300)), seq: uplink.seq })
    }
  })

  test('whatever is broken in them, never give a wrong uplink', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 1_500, payloadBytes: 120 })
    await archiveAll(folder, writer)
    const [name = ''] = folder.files()
    const path = join(folder.archive, name)
    const sound = readFileSync(path)
    for (let i = 0; i < 120; i++) {
      const bytes = Buffer.from(sound)
      const at = (i * 7919) % bytes.length
      if (i % 3 === 0) bytes.fill(0, at, Math.min(at + 512, bytes.length))
      else if (i % 3 === 1) bytes[at]! ^= 1 << (i % 8)
      writeFileSync(path, i % 3 === 2 ? bytes.subarray(0, at) : bytes)
      const { uplinks } = await folder.archived()
      for (const uplink of uplinks) {
        expect(Buffer.from(draftOf(uplink.seq, 120).payload).equals(uplink.payload)).toBe(true)
      }
    }
  })

  test('are passed over without being unpacked when nobody wants their time', async () => {
    const folder = setUp()
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    await archiveAll(folder, writer)
    const middle = draftOf(700).receivedAt
    const { uplinks } = await folder.archived({ isWanted: ({ newest }) => newest >= middle })
    expect(uplinks.at(0)?.seq).toBeGreaterThan(1)
    expect(uplinks.at(0)?.seq).toBeLessThanOrEqual(700)
  })
})

describe('an archive that cannot be written', () => {
  test('keeps segments in the journal, says so once, and goes on when it can', async () => {
    const folder = setUp()
    writeFileSync(join(folder.dir, '..', 'archive'), 'in the way')
    const writer = folder.openWriter()
    await fill(writer, { to: 2_000, payloadBytes: 120 })
    const before = folder.segments().length
    await trimInVain(writer, 2_000)
    expect(folder.segments()).toHaveLength(before)
    expect(folder.ports.notes.filter(({ level }) => level === 'error')).toHaveLength(1)
    rmSync(folder.archive)
    folder.ports.advance(600_000)
    await archiveAll(folder, writer)
    expect(folder.segments()).toHaveLength(1)
    expect(folder.files()).toHaveLength(before - 1)
  })

  test('never stops the journal: nearly full, it drops what was consumed, and counts it', async () => {
    const folder = setUp()
    writeFileSync(join(folder.dir, '..', 'archive'), 'in the way')
    const bytesMax = 1024 * 1024
    const writer = folder.openWriter({ segmentBytesMax: 128 * 1024, bytesMax })
    for (let to = 500; to <= 20_000; to += 500) {
      await fill(writer, { from: to - 499, to, payloadBytes: 120 })
      writer.trim(to)
    }
    expect(writer.bytes).toBeLessThan(bytesMax)
    expect(writer.head).toBe(20_000)
    const missed = folder.ports.numbers.get('bellwether_archive_missed_uplinks_total') ?? 0
    expect(missed).toBeGreaterThan(10_000)
    expect(folder.ports.notes.some(({ sentence }) => sentence.includes('nearly full'))).toBe(true)
  })
})
