/** `bellwether copy readings` as a person meets it: beside a server that goes on, killed, finished, and moved to. */

import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { tidyAll } from '../conformance/readings.ts'
import { commandLine } from './command-line.ts'
import { startLimitMs } from './time-limits.ts'
import {
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
let other: string
let server: TownServer | undefined
const { start, run } = commandLine(() => data)
const copyArgs = (...more: string[]) => [
  'copy',
  'readings',
  '--to',
  'sqlite',
  '--into',
  other,
  ...more,
]
const copy = (...more: string[]) => run(copyArgs(...more), townEnv)

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-copy-'))
  data = join(dir, 'data')
  other = join(dir, 'other')
  await registerTown(data)
})
afterEach(async () => {
  await server?.stop('SIGKILL')
  rmSync(dir, { recursive: true, force: true })
})

const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000

async function publish(messages: number, from: number): Promise<void> {
  await Promise.all(
    townDevices.map((device) => server?.publish(device, messagesOf(device, messages, from))),
  )
}

test('copies beside a server, stays in step, and takes over when the server has stopped', async () => {
  server = await serveTown(start)
  await publish(150, hoursAgo(48))
  await server.settled()
  const first = await copy()
  expect(first).toMatchObject({ code: 0, out: expect.stringMatching(/Run it with --finish/) })

  await publish(60, hoursAgo(49))
  const finishing = start(copyArgs('--finish'), townEnv)
  const told = { out: '', err: '' }
  finishing.stdout.on('data', (chunk: Buffer) => {
    told.out += chunk.toString()
  })
  finishing.stderr.on('data', (chunk: Buffer) => {
    told.err += chunk.toString()
  })
  const ended = once(finishing, 'close')
  await publish(60, hoursAgo(20))
  while (!told.err.includes('Stop the server now')) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await publish(20, hoursAgo(2))
  await server.settled()
  await server.stop()
  expect(await ended).toEqual([0, null])

  const before = await storeIn(data)
  const after = await storeIn(other)
  expect(after.progress).toEqual(before.progress)
  expect(after.readings).toEqual(before.readings)
  expect(told.out).toMatch(
    new RegExp(`same ${before.readings.length} readings, checksum [0-9a-f]{16}$`, 'm'),
  )

  // The move: the server goes on with the new store where the old one ended.
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(data, `readings.db${suffix}`), { force: true })
  copyFileSync(join(other, 'readings.db'), join(data, 'readings.db'))
  server = await serveTown(start)
  await publish(1, hoursAgo(1))
  await server.settled()
  expect(await server.metric('bellwether_ingest_gap_uplinks_total')).toBe(0)
  const received = await server.metric('bellwether_readings_received_total')
  expect(received).toBeGreaterThan((before.progress as { received: number }).received)
  await server.stop()
})

test('goes on after kill -9, mends what was lost, and changes nothing when repeated', async () => {
  server = await serveTown(start)
  await publish(300, hoursAgo(48))
  await server.settled()
  await server.stop()
  const killed = start(copyArgs(), townEnv)
  while (!existsSync(join(other, 'copy-to-sqlite.json'))) {
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  await new Promise((resolve) => setTimeout(resolve, 200))
  killed.kill('SIGKILL')
  await once(killed, 'exit')
  const done = await copy('--finish')
  expect(done).toMatchObject({ code: 0, err: expect.stringMatching(/going on with the copy/) })
  const before = await storeIn(data)
  expect(await storeIn(other)).toEqual(before)

  const again = await copy('--finish')
  expect(again.code).toBe(0)
  expect(await storeIn(other)).toEqual(before)
})

test('mends what somebody has changed in the new store when everything is to be compared', async () => {
  server = await serveTown(start)
  await publish(40, hoursAgo(48))
  await server.settled()
  await server.stop()
  await copy('--finish')
  const before = await storeIn(data)
  const writer = openReadingsWriter({ path: join(other, 'readings.db'), keepDays: 0 })
  const wrong = before.readings.slice(0, 3).map((reading) => ({ ...reading, value: 1 }))
  const strange = { ...before.readings[0], device: 'nobody' } as Reading
  await writer.write([...wrong, strange])
  await writer.close()
  const done = await copy('--finish', '--compare')
  expect(done.code).toBe(0)
  expect(done.out).toMatch(/^3 readings differed/m)
  const { readings, progress } = await storeIn(other)
  expect(readings.filter(({ device }) => device !== 'nobody')).toEqual(before.readings)
  expect(progress).toEqual(before.progress)
})

test('compares all again when the feed does not reach back any more', async () => {
  server = await serveTown(start)
  await publish(60, hoursAgo(48))
  await server.settled()
  await server.stop()
  await copy('--finish')
  // Somebody has written since, and so much that the feed has been cut.
  const writer = openReadingsWriter({
    path: join(data, 'readings.db'),
    keepDays: 0,
    limits: { newestEntriesKept: 100, roundEntriesMin: 1_000, roundEntriesPerSeries: 1 },
  })
  const { readings } = await storeIn(data)
  const changed = readings
    .filter((_, i) => i % 50 === 0)
    .map((one) => ({ ...one, value: 7, receivedAt: one.receivedAt + 1 }))
  await writer.write(changed)
  const same = readings.filter((_, i) => i % 50 === 1)
  for (let i = 0; i < 20; i++) await writer.write(same)
  await tidyAll(writer, Date.now())
  await writer.close()
  const done = await copy('--finish')
  expect(done.code).toBe(0)
  expect(done.out).toMatch(new RegExp(`^${changed.length} readings differed`, 'm'))
  expect((await storeIn(other)).readings).toEqual((await storeIn(data)).readings)
})

test('is refused without readings, over a store in use, onto itself, and with options that make no sense', async () => {
  expect(await copy()).toMatchObject({ code: 1, err: expect.stringMatching(/no readings/) })
  const reading = {
    device: 'd',
    property: 'pm25',
    observedAt: 1,
    receivedAt: 2,
    value: 3,
    quality: 1,
  } as const
  for (const folder of [data, other]) {
    const writer = openReadingsWriter({ path: join(folder, 'readings.db'), keepDays: 0 })
    await writer.write([reading], { seq: 5, quarantined: 0 })
    await writer.close()
  }
  expect(await copy()).toMatchObject({ code: 1, err: expect.stringMatching(/has been in use/) })
  const onto = await run(['copy', 'readings', '--to', 'sqlite'], townEnv)
  expect(onto).toMatchObject({ code: 1, err: expect.stringMatching(/already/) })
  expect(await run(['copy', 'readings', '--to', 'influx'], townEnv)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/BELLWETHER_INFLUX_URL/),
  })
  expect(await run(['copy', 'readings', '--to', 'paper'], townEnv)).toMatchObject({ code: 2 })
  expect(await run(['copy', 'alerts'], townEnv)).toMatchObject({ code: 2 })
})
