/** `bellwether quality` as a person meets it, without a server and beside one. */

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt from 'mqtt'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { qualityPlanSchema } from '../../domain/quality-plan.ts'
import type { Reading } from '../../domain/reading.ts'
import { hashSecret } from '../../runtime/secret.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openTown } from '../fixtures/registry.ts'
import { commandLine } from './command-line.ts'
import { startLimitMs } from './time-limits.ts'

vi.setConfig({ testTimeout: startLimitMs, hookTimeout: startLimitMs })

let dir: string
const { start, run } = commandLine(() => join(dir, 'data'))
const from = '2026-03-01'
const token = 'bwd_token-of-the-tests'

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-cli-'))
  const town = { sites: [{ id: 's' }], devices: [{ id: 'd', site: 's' }] }
  const { registry, close } = await openTown(join(dir, 'data', 'registry.db'), town)
  await registry.setDeviceToken('d', hashSecret(token))
  await registry.insert(
    'quality-plan',
    qualityPlanSchema.parse({
      id: 'cold',
      property: 'temperature',
      tests: { gross_range: { suspect: [-10, 20], fail: [-20, 30] } },
    }),
  )
  await close()
  const writer = openReadingsWriter({ path: join(dir, 'data', 'readings.db'), keepDays: 0 })
  const at = Date.parse(`${from}T00:00:00Z`)
  const made = [15, 22, 35, 18].map((value, i): Reading => {
    const observedAt = at + i * 3_600_000
    const when = { observedAt, receivedAt: observedAt + 40 }
    return { device: 'd', property: 'temperature', ...when, value, quality: 1 }
  })
  await writer.write(made)
  await writer.close()
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

async function stored(): Promise<(readonly [number | null, number])[]> {
  const reader = openReadingsReader({ path: join(dir, 'data', 'readings.db') })
  const found: (readonly [number | null, number])[] = []
  const series = [{ device: 'd', property: 'temperature' }]
  for await (const page of reader.range({ series, from: 0, to: 1e14 })) {
    for (const { value, quality } of page) found.push([value, quality])
  }
  await reader.close()
  return found
}

const flagged = [
  [15, 1],
  [22, 3],
  [35, 4],
  [18, 1],
]

test('says what it would change, changes it, and finds nothing the second time', async () => {
  const dry = await run(['quality', 'reevaluate', '--from', from, '--dry-run'])
  expect(dry.err).toBe('')
  expect(dry.out).toMatch(/^looked at 4 readings of 1 series from 2026-03-01T00:00:00.000Z to /)
  expect(dry.out).toMatch(/\nwould change 4 of them\n {2}gross_range +4\n/)
  expect((await stored()).map(([, quality]) => quality)).toEqual([1, 1, 1, 1])
  const done = await run(['quality', 'reevaluate', '--from', from])
  expect(done.out).toMatch(/\nchanged 4 of them\n/)
  expect(await stored()).toEqual(flagged)
  const again = await run(['quality', 'reevaluate', '--from', from, '--site', 's'])
  expect(again.out).toMatch(/\nchanged 0 of them\n$/)
})

test('beside a running server, whose ingest goes on as before', async () => {
  const server = start(['serve'], {
    BELLWETHER_MQTT_PORT: '0',
    BELLWETHER_HTTP_PORT: '0',
    BELLWETHER_THREADS: 'false',
    BELLWETHER_LOG_LEVEL: 'error',
    BELLWETHER_ADMIN_TOKEN: 'a-very-secret-admin-token',
  })
  const [line] = (await once(server.stdout, 'data')) as [Buffer]
  const device = await mqtt.connectAsync(JSON.parse(line.toString()).mqtt, { username: token })
  const send = (temperature: number) =>
    device.publishAsync('v1/devices/me/telemetry', JSON.stringify({ temperature }), { qos: 1 })
  try {
    await send(11)
    await vi.waitFor(async () => expect(await stored()).toHaveLength(5), 60_000)
    const done = await run(['quality', 'reevaluate', '--from', from, '--to', '2026-03-02'])
    expect(done).toMatchObject({ code: 0, err: '' })
    expect(done.out).toMatch(/\nchanged 4 of them\n/)
    await send(12)
    await vi.waitFor(async () => expect(await stored()).toHaveLength(6), 60_000)
    expect((await stored()).slice(0, 4)).toEqual(flagged)
  } finally {
    await device.endAsync()
    server.kill('SIGTERM')
    expect(await once(server, 'exit')).toEqual([0, null])
  }
})

test.each([
  [[], 2, 'say "reevaluate"'],
  [['reevaluate'], 2, '--from is required'],
  [['reevaluate', '--from', 'yesterday'], 2, '--from must be a time'],
  [['reevaluate', '--from', '2026-03-01T00:00:00'], 2, '--from must be a time'],
  [['reevaluate', '--from', '2026-03-02', '--to', '2026-03-01'], 2, '--from must be before --to'],
  [['reevaluate', '--from', from, '--site', 'x'], 1, 'There is no site "x".'],
  [['reevaluate', '--from', from, '--device', 'x'], 1, 'There is no device "x".'],
  [['reevaluate', '--from', from, '--property', 'mood'], 1, 'There is no property "mood"'],
])('%j ends with code %i and says: %s', async (args, code, message) => {
  const answer = await run(['quality', ...args])
  expect(answer).toMatchObject({ code, out: '', err: expect.stringContaining(message) })
})

test('says so where there is nothing to look at, and where quality control is off', async () => {
  const args = ['quality', 'reevaluate', '--from', from]
  const empty = await run(args, { BELLWETHER_DATA_DIR: join(dir, 'none') })
  expect(empty).toMatchObject({ code: 1, err: expect.stringContaining('There are no readings') })
  const off = await run(args, { BELLWETHER_QUALITY_CONTROL: 'false' })
  expect(off).toMatchObject({ code: 1, err: expect.stringContaining('QUALITY_CONTROL is false') })
})
