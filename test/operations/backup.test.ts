import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backup } from '../../operations/backup.ts'
import { restore } from '../../operations/restore.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openInfluxFile } from '../../stores/readings/influx/file/file.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openRegistry } from '../../stores/records/sqlite-registry.ts'
import { systemClock, systemLog, systemTimers } from '../../runtime/system.ts'

const ports = { clock: systemClock, timers: systemTimers }
let work: string
let data: string

beforeEach(async () => {
  work = mkdtempSync(join(tmpdir(), 'bw-backup-'))
  data = join(work, 'data')
  await openRegistry({ path: join(data, 'registry.db'), clock: systemClock }).close()
})
afterEach(() => {
  rmSync(work, { recursive: true, force: true })
})

const openJournal = () =>
  openJournalWriter({
    dir: join(data, 'journal'),
    segmentBytesMax: 1_048_576,
    bytesMax: 64 * 1_048_576,
    log: systemLog('silent', 'test'),
  })

function append(journal: ReturnType<typeof openJournal>, from: number, to: number): void {
  for (let i = from; i <= to; i++) {
    const payload = Buffer.from(`{"pm25":${i}}`.padEnd(200))
    journal.append({ kind: 'telemetry', device: 'd', receivedAt: i, payload, readings: 1 })
    if (i % 50 === 0) journal.commit((fault) => expect(fault).toBeNull())
  }
}

describe('a backup', () => {
  test('made while the journal is written holds all up to some moment, without gaps', async () => {
    const journal = openJournal()
    append(journal, 1, 500)
    const copying = backup(data, join(work, 'copy'), ports)
    append(journal, 501, 1_000)
    await copying
    journal.close()
    const reader = openJournalReader({
      dir: join(work, 'copy', 'journal'),
      onDamage: () => expect.unreachable(),
    })
    const uplinks = await reader.read(0, 10_000)
    expect(uplinks.length).toBeGreaterThanOrEqual(500)
    expect(uplinks.map(({ seq }) => seq)).toEqual(uplinks.map((_, i) => i + 1))
    reader.close()
  })

  test('keeps the journal from dropping what the copies of the stores have not done, and lets go', async () => {
    const journal = openJournal()
    append(journal, 1, 100)
    await backup(data, join(work, 'copy'), ports)
    expect(existsSync(join(data, 'journal', 'hold'))).toBe(false)
    journal.close()
  })

  test('takes a damaged segment along as it is', async () => {
    const journal = openJournal()
    append(journal, 1, 5_000)
    journal.close()
    const [segment = ''] = readdirSync(join(data, 'journal')).filter((name) =>
      name.endsWith('.journal'),
    )
    const path = join(data, 'journal', segment)
    const bytes = readFileSync(path)
    bytes.fill(0xee, 1 * 8_192, 5 * 8_192)
    writeFileSync(path, bytes)
    await backup(data, join(work, 'copy'), ports)
    await restore(join(work, 'copy'), join(work, 'again'))
    const damage: unknown[] = []
    const reader = openJournalReader({
      dir: join(work, 'again', 'journal'),
      onDamage: (found) => damage.push(found),
    })
    let seq = 0
    let count = 0
    for (;;) {
      const page = await reader.read(seq, 10_000)
      if (page.length === 0) break
      count += page.length
      seq = page.at(-1)?.seq ?? seq
    }
    expect(seq).toBe(5_000)
    expect(count).toBeGreaterThan(4_000)
    expect(damage.length).toBeGreaterThan(0)
    reader.close()
  })

  test('takes what goes with InfluxDB along, and the archive when it is wished for', async () => {
    const name = `${'1'.padStart(20, '0')}-${'9'.padStart(20, '0')}-20261121T080000Z.archive`
    mkdirSync(join(data, 'archive'))
    writeFileSync(join(data, 'archive', name), 'packed')
    writeFileSync(join(data, 'archive', `${name}.aa.new`), 'half')
    openInfluxFile(join(data, 'influx.db')).close()
    await backup(data, join(work, 'bare'), ports)
    await backup(data, join(work, 'whole'), { ...ports, withArchive: true })
    expect(existsSync(join(work, 'bare', 'archive'))).toBe(false)
    await restore(join(work, 'whole'), join(work, 'again'))
    expect(readdirSync(join(work, 'again', 'archive'))).toEqual([name])
    expect(readFileSync(join(work, 'again', 'archive', name), 'utf8')).toBe('packed')
    expect(existsSync(join(work, 'again', 'influx.db'))).toBe(true)
  })

  test('holds readings and their position of the same moment', async () => {
    const store = openReadingsWriter({ path: join(data, 'readings.db'), keepDays: 0 })
    const reading = (observedAt: number) =>
      ({
        device: 'd',
        property: 'pm25',
        observedAt,
        receivedAt: observedAt,
        value: 1,
        quality: 1,
      }) as const
    await store.write([reading(1), reading(2)], { seq: 2, quarantined: 0 })
    await backup(data, join(work, 'copy'), ports)
    await store.write([reading(3)], { seq: 3, quarantined: 0 })
    await store.close()
    await restore(join(work, 'copy'), join(work, 'again'))
    const reader = openReadingsReader({ path: join(work, 'again', 'readings.db') })
    expect(await reader.progress()).toMatchObject({ seq: 2, stored: 2 })
    await reader.close()
  })
})
