/** `bellwether replay` as a person meets it: a lost store, a server beside, a kill in the middle. */

import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openReadingsReader } from '../../stores/readings/sqlite.ts'
import { commandLine } from './command-line.ts'
import { startLimitMs } from './time-limits.ts'
import {
  differences,
  messagesOf,
  registerTown,
  serveTown,
  storeIn,
  townDevices,
  townEnv,
  type TownServer,
} from './served-town.ts'

vi.setConfig({ testTimeout: startLimitMs, hookTimeout: startLimitMs })

let dir: string
let data: string
let server: TownServer | undefined
const { start, run } = commandLine(() => data)
const replay = (...args: string[]) => run(['replay', ...args], townEnv)

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-replay-'))
  data = join(dir, 'data')
  await registerTown(data)
})
afterEach(async () => {
  await server?.stop('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

/** Serves, publishes until some segments are in the archive, and stops. */
async function live(count = 500, firstAt = Date.now() - 3_600_000 * 24): Promise<void> {
  server = await serveTown(start)
  await Promise.all(
    townDevices.map((device) => server?.publish(device, messagesOf(device, count, firstAt))),
  )
  await server.settled()
  while ((await server.metric('bellwether_archive_segments_total')) < 2) {
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await server.stop()
}

/** How far a store has come that another process is just making. */
async function positionIn(path: string): Promise<number> {
  if (!existsSync(path)) return 0
  const reader = openReadingsReader({ path })
  try {
    return (await reader.progress()).seq
  } catch {
    return 0
  } finally {
    await reader.close()
  }
}

const loseStore = () => {
  for (const name of readdirSync(data)) {
    if (name.startsWith('readings.db')) rmSync(join(data, name))
  }
}

describe('replay', () => {
  test('gives back every reading bit for bit, its flags and the counts, and the server goes on', async () => {
    await live()
    const before = await storeIn(data)
    expect(before.readings.length).toBeGreaterThan(50_000)
    expect(new Set(before.readings.map(({ quality }) => quality)).size).toBeGreaterThan(2)
    loseStore()
    const { code, out } = await replay()
    expect(out).toMatch(/^replayed up to position \d+/)
    expect(code).toBe(0)
    const after = await storeIn(data)
    expect(differences(before, after)).toEqual([])
    expect(existsSync(join(data, 'replay'))).toBe(false)

    server = await serveTown(start)
    await server.publish('air-1', [{ ts: Date.now(), values: { pm25: 1 } }])
    await server.settled()
    expect(await server.metric('bellwether_ingest_gap_uplinks_total')).toBe(0)
    await server.stop()
    expect((await storeIn(data)).readings).toHaveLength(before.readings.length + 1)
  })

  test('goes on after kill -9 in its middle', async () => {
    await live()
    const before = await storeIn(data)
    loseStore()
    const killed = start(['replay'], townEnv)
    const staged = join(data, 'replay', 'readings.db')
    while ((await positionIn(staged)) === 0) await new Promise((resolve) => setTimeout(resolve, 5))
    killed.kill('SIGKILL')
    await once(killed, 'exit')
    expect(existsSync(join(data, 'readings.db'))).toBe(false)
    const { code, err } = await replay()
    expect({ code, err }).toMatchObject({ code: 0 })
    expect(err).toMatch(/going on behind position/)
    const after = await storeIn(data)
    expect(differences(before, after)).toEqual([])
  })

  test('runs beside a server, and replaces the store when it has stopped', async () => {
    await live()
    const before = await storeIn(data)
    loseStore()
    server = await serveTown(start)
    await server.publish('air-2', [{ ts: Date.now(), values: { pm25: 1 } }])
    await server.settled()
    const refused = await replay()
    expect(refused).toMatchObject({ code: 1, err: expect.stringMatching(/--replace/) })
    expect(await replay('--replace')).toMatchObject({
      code: 1,
      out: expect.stringMatching(/A server runs/),
    })
    await server.publish('air-2', [{ ts: Date.now(), values: { pm25: 2 } }])
    await server.settled()
    await server.stop()
    const done = await replay('--replace')
    expect(done).toMatchObject({ code: 0, out: expect.stringMatching(/old store is kept as/) })
    expect((await storeIn(data)).readings).toHaveLength(before.readings.length + 2)
    expect(readdirSync(data).some((name) => /^readings-before-.*\.db$/.test(name))).toBe(true)
  })

  test('into a folder takes what was received in a time, and leaves the store alone', async () => {
    const from = new Date().toISOString()
    await live(300)
    const before = await storeIn(data)
    const until = new Date().toISOString()
    const all = join(dir, 'all')
    const none = join(dir, 'none')
    expect(await replay('--into', all, '--from', from, '--to', until)).toMatchObject({ code: 0 })
    const { progress } = before
    expect(differences(before, { ...(await storeIn(all)), progress })).toEqual([])
    expect(await replay('--into', none, '--to', from)).toMatchObject({ code: 0 })
    expect((await storeIn(none)).readings).toEqual([])
    expect(differences(before, await storeIn(data))).toEqual([])
    expect(await replay('--into', data)).toMatchObject({ code: 1 })
  })

  test('says which positions are missing, and what the registry does not know any more', async () => {
    await live()
    loseStore()
    const [oldest = ''] = readdirSync(join(data, 'archive')).sort()
    rmSync(join(data, 'archive', oldest))
    expect(await run(['device', 'remove', 'river-1'])).toMatchObject({ code: 0 })
    const { code, out } = await replay()
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^ {2}1 to ${Number(oldest.slice(21, 41))}$`, 'm'))
    expect(out).toMatch(/refused unknown_device: \d+ \(river-1 \d+\)/)
  })

  test('is refused with options that make no sense, without data, and over what is none of its own', async () => {
    expect(await replay('--to', '2026-01-01')).toMatchObject({ code: 2 })
    expect(await replay('--from', 'yesterday')).toMatchObject({ code: 2 })
    expect(await run(['replay'], { BELLWETHER_DATA_DIR: join(dir, 'nowhere') })).toMatchObject({
      code: 1,
      err: expect.stringMatching(/no Bellwether data/),
    })
    writeFileSync(join(data, 'replay'), 'in the way')
    expect((await replay()).code).toBe(1)
  })
})
