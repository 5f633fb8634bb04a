import { cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Ledger } from '../../../stores/records/ledger.ts'
import { openLedger } from '../../../stores/records/sqlite-ledger.ts'
import { openSqlite } from '../../../stores/sqlite.ts'
import { ledgerConformance, refusal, uplink } from '../../conformance/ledger.ts'

const folders: string[] = []

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-ledger-'))
  folders.push(folder)
  return join(folder, 'data', 'ledger.db')
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

ledgerConformance(async () => {
  const path = await newPath()
  const opened: Ledger[] = []
  return {
    async open(messagesPerDeviceMax = 1_000, { keptBytesPerDeviceMax, onFull = [] } = {}) {
      const ledger = openLedger({
        ...{ path, messagesPerDeviceMax },
        ...(keptBytesPerDeviceMax === undefined ? {} : { keptBytesPerDeviceMax }),
        onFull: (device) => void onFull.push(device),
      })
      opened.push(ledger)
      return ledger
    },
    async remove() {
      for (const ledger of opened.splice(0)) await ledger.close()
    },
  }
})

describe('the SQLite file', () => {
  test('holds what was recorded, whatever happens to the process then', async () => {
    const path = await newPath()
    const ledger = openLedger({ path, messagesPerDeviceMax: 10 })
    await ledger.quarantine([{ uplink: uplink(1), refused: [refusal()] }])
    await ledger.updateStatus([{ device: 'd1', lastSeenAt: 1, connected: true }])
    // What lies on disk now is what a killed process would leave.
    const copy = join(await newPath(), '..')
    await cp(join(path, '..'), copy, { recursive: true })
    await ledger.close()

    const left = openLedger({ path: join(copy, 'ledger.db'), messagesPerDeviceMax: 10 })
    expect(await left.get('1-0')).toBeDefined()
    expect((await left.counts()).get('malformed')).toBe(1)
    expect((await left.status(['d1'])).get('d1')?.connected).toBe(true)
    await left.close()
  })

  test('is readable by its owner only', async () => {
    const path = await newPath()
    const ledger = openLedger({ path, messagesPerDeviceMax: 10 })
    expect((await stat(path)).mode & 0o777).toBe(0o600)
    await ledger.close()
  })

  test('of a newer version is refused', async () => {
    const path = await newPath()
    await openLedger({ path, messagesPerDeviceMax: 10 }).close()
    const raw = openSqlite(path)
    raw.pragma('user_version = 42')
    raw.close()
    expect(() => openLedger({ path, messagesPerDeviceMax: 10 })).toThrow(/version 42.*newer/)
  })

  test('keeps no message that no entry refers to, and each payload once', async () => {
    const path = await newPath()
    const ledger = openLedger({ path, messagesPerDeviceMax: 10 })
    for (let seq = 1; seq <= 100; seq++) {
      const refused = [refusal({ device: 'a' }), refusal({ device: `b${seq % 7}` })]
      await ledger.quarantine([{ uplink: uplink(seq), refused }])
    }
    const raw = openSqlite(path)
    const orphans = 'SELECT count(*) FROM message WHERE seq NOT IN (SELECT seq FROM entry)'
    expect(raw.prepare(orphans).pluck().get()).toBe(0)
    const headless = 'SELECT count(*) FROM entry WHERE seq NOT IN (SELECT seq FROM message)'
    expect(raw.prepare(headless).pluck().get()).toBe(0)
    const messages = Number(raw.prepare('SELECT count(*) FROM message').pluck().get())
    const entries = Number(raw.prepare('SELECT count(*) FROM entry').pluck().get())
    expect(messages).toBeLessThan(entries)
    raw.close()
    await ledger.close()
  })

  test('forgets which messages it has counted only far behind the newest', async () => {
    const path = await newPath()
    const ledger = openLedger({ path, messagesPerDeviceMax: 10 })
    const at = (seq: number) => ledger.quarantine([{ uplink: uplink(seq), refused: [refusal()] }])
    for (const seq of [1, 2, 100_001, 100_002, 1, 2]) await at(seq)
    expect(await ledger.counts()).toEqual(new Map([['malformed', 4]]))
    const raw = openSqlite(path)
    expect(raw.prepare('SELECT seq FROM counted').pluck().all()).toEqual([100_001, 100_002])
    raw.close()
    await ledger.close()
  })
})
