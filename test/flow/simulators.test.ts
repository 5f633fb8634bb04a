/** The simulators against the whole server: registered through the API, published over MQTT, read back. */

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { runDemo } from '../../simulators/demo.ts'
import { noFaults } from '../../simulators/faults.ts'
import { readRows, recordingOf } from '../../simulators/recordings.ts'
import { replay } from '../../simulators/replay.ts'
import { type Surroundings, simulate } from '../../simulators/simulate.ts'
import { systemClock, systemRandom, systemTimers } from '../../runtime/system.ts'
import { adminToken, type CityServer, startCity } from './city-server.ts'

let city: CityServer
let stateDir: string
let lines: string[]

beforeEach(async () => {
  city = await startCity()
  stateDir = mkdtempSync(join(tmpdir(), 'bellwether-simulators-'))
  lines = []
})

afterEach(async () => {
  await city.stop()
  rmSync(stateDir, { recursive: true, force: true })
})

function surroundings(more: Partial<Surroundings> = {}): Surroundings {
  return {
    apiUrl: city.server.httpUrl ?? '',
    mqttUrl: city.server.mqttUrl ?? '',
    adminToken,
    stateDir,
    ports: { clock: systemClock, timers: systemTimers, random: systemRandom },
    print: (line) => lines.push(line),
    signal: new AbortController().signal,
    ...more,
  }
}

interface List {
  items: Record<string, unknown>[]
  next: string | null
}

async function listed(path: string): Promise<Record<string, unknown>[]> {
  const { status, body } = await city.api<List>('GET', path)
  expect(status, JSON.stringify(body)).toBe(200)
  return body.items
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50))
}

/** Of the last summary line. */
function numbersOf(line: string): { acked: number; readings: number; sent: number } {
  const [, sent, acked, readings] = /sent (\d+).*acked (\d+) \((\d+) readings/.exec(line) ?? []
  return { sent: Number(sent), acked: Number(acked), readings: Number(readings) }
}

describe('a simulated city', () => {
  test('is registered, publishes, and all of it is accepted', async () => {
    await simulate({ ...surroundings(), seed: 7, speed: 3_600, durationMs: 2_500 })
    const { sent, acked, readings } = numbersOf(lines.at(-1)!)
    expect(lines.filter((line) => line.startsWith('not registered'))).toEqual([])
    expect(acked).toBe(sent)
    expect(readings).toBeGreaterThan(500)
    await until(async () => (await listed('/latest?property=pm25&limit=100')).length >= 7)
    expect(await listed('/quarantine')).toEqual([])
    expect((await listed('/rules?limit=100')).length).toBeGreaterThan(8)
    const [gauge] = await listed('/sites?kind=river-gauge&limit=100')
    expect(gauge).toMatchObject({ name: { zh: expect.stringContaining('水文站') } })
  })

  test('keeps its tokens in a file that only its owner can read, and goes on with them', async () => {
    const run = () => simulate({ ...surroundings(), devices: 20, speed: 3_600, durationMs: 700 })
    await run()
    const path = join(stateDir, 'simulators.json')
    expect(statSync(path).mode & 0o777).toBe(0o600)
    const first = readFileSync(path, 'utf8')
    await run()
    expect(readFileSync(path, 'utf8')).toBe(first)
    expect(numbersOf(lines.at(-1)!).acked).toBeGreaterThan(20)
    expect(lines.at(-1)).not.toContain('refused')
  })

  test('gets new tokens when the old ones are lost', async () => {
    const run = () => simulate({ ...surroundings(), devices: 20, speed: 3_600, durationMs: 700 })
    await run()
    rmSync(join(stateDir, 'simulators.json'))
    await run()
    expect(numbersOf(lines.at(-1)!).acked).toBeGreaterThan(20)
    expect(lines.at(-1)).not.toContain('refused')
  })

  test('with faults is refused exactly what is broken', async () => {
    const faults = { ...noFaults, sentinel: 0.3, malformed: 0.2, skew: 0.3, duplicate: 0.2 }
    await simulate({ ...surroundings(), speed: 3_600, faults, durationMs: 2_500 })
    await until(async () => (await listed('/quarantine?limit=100')).length > 20)
    const codes = new Set((await listed('/quarantine?limit=500')).map(({ code }) => code))
    expect([...codes].sort()).toEqual(expect.arrayContaining(['malformed', 'out_of_range']))
    const allowed = ['malformed', 'unsupported_format', 'out_of_range', 'in_future', 'not_a_number']
    for (const code of codes) expect(allowed).toContain(code)
  })

  test('stops when it is told to', async () => {
    const stop = new AbortController()
    const running = simulate({ ...surroundings({ signal: stop.signal }), speed: 3_600 })
    setTimeout(() => stop.abort(), 800)
    await running
    expect(lines.at(-1)).toContain('connected 0/')
  })

  test('says in one line when the server cannot be reached', async () => {
    const options = surroundings({ apiUrl: 'http://127.0.0.1:1' })
    await expect(simulate({ ...options, durationMs: 100 })).rejects.toThrow(/cannot be reached/)
  })

  test('says what the server says when the token is wrong', async () => {
    const options = surroundings({ adminToken: 'wrong' })
    await expect(simulate({ ...options, durationMs: 100 })).rejects.toThrow(/401/)
  })
})

describe('a replay', () => {
  test('of history stores every value and raises and resolves the flood alerts of that time', async () => {
    await replay({ ...surroundings(), recording: 'boxing-day-2015', mode: 'history' })
    const rows = await readRows(recordingOf('boxing-day-2015'))
    const values = rows.reduce((sum, row) => sum + Object.keys(row.values).length, 0)
    expect(lines.at(-1)).toContain(`(${values} readings), given up 0`)
    const mytholmroyd = 'replay-boxing-day-2015-mytholmroyd'
    await until(async () => {
      const alerts = await listed(`/alerts?site=${mytholmroyd}&state=resolved`)
      return alerts.length === 1
    })
    const [alert] = await listed(`/alerts?site=${mytholmroyd}`)
    expect(alert).toMatchObject({ rule: 'city-river-stage', state: 'resolved' })
    const { body } = await city.api<{ history: { type: string; level: string }[] }>(
      'GET',
      `/alerts/${encodeURIComponent(String(alert?.id))}`,
    )
    expect(body.history.map(({ level }) => level)).toContain('red')
    expect(body.history.at(-1)?.type).toBe('alert.resolved')
  })

  test('runs live at its speed', async () => {
    await replay({ ...surroundings(), recording: 'water-burst-2021', speed: 100_000 })
    expect(lines.at(-1)).toMatch(/^replayed 257 rows: .*given up 0$/)
  })
})

test('the demo prepares everything, tells what will come, and ends cleanly', async () => {
  await runDemo({ ...surroundings(), durationMs: 2_000 })
  const text = lines.join('\n')
  expect(text).toContain('Lanting on the Lan river')
  expect(text).toContain('demo over')
  expect(text).not.toContain('failed')
  expect((await listed('/webhooks')).map(({ id }) => id)).toEqual(['demo-duty-phone'])
})
