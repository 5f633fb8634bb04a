/** `bellwether doctor` on machines and settings that are well, and on each fault that it is for. */

import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer } from 'node:http'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { loadConfig } from '../../config.ts'
import type { Finding } from '../../operations/doctor/finding.ts'
import { serve } from '../../server/supervisor.ts'
import { openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openTown } from '../fixtures/registry.ts'
import { commandLine } from './command-line.ts'
import { startLimitMs } from './time-limits.ts'

vi.setConfig({ testTimeout: startLimitMs, hookTimeout: startLimitMs })

let dir: string
let data: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-doctor-'))
  data = join(dir, 'data')
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

const { run, runHere } = commandLine(() => data)
const free = { BELLWETHER_MQTT_PORT: '0', BELLWETHER_HTTP_PORT: '0' }

async function doctor(
  env: Record<string, string> = {},
): Promise<{ code: number; findings: Finding[]; about(check: string): Finding[] }> {
  const { code, out } = await runHere(['doctor', '--json'], { ...free, ...env })
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: Finding[] }
  expect(ok).toBe(code === 0)
  return { code, findings, about: (check) => findings.filter((each) => each.check === check) }
}

test('before the first start all is well, each in one line, and nothing is made', async () => {
  const { code, out, err } = await run(['doctor'], { ...free, BELLWETHER_JOURNAL_MIB_MAX: '2' })
  expect({ code, err }).toEqual({ code: 0, err: '' })
  for (const check of ['settings', 'data folder', 'disk', 'clock', 'port', 'readings', 'server']) {
    expect(out).toMatch(new RegExp(`^(ok  |warn)  ${check} +\\S.*$`, 'm'))
  }
  expect(existsSync(data)).toBe(false)
})

test('a bad or unknown setting is a failure with its name', async () => {
  const { code, findings } = await doctor({ BELLWETHER_HTTP_PROT: '8081' })
  expect(code).toBe(1)
  expect(findings).toMatchObject([{ check: 'settings', status: 'fail' }])
  expect(findings[0]?.found).toContain('BELLWETHER_HTTP_PROT is not a setting')
})

test('unsafe and contradictory settings are warnings', async () => {
  const secret = join(dir, 'admin')
  writeFileSync(secret, 'a-token-of-the-administrator', { mode: 0o644 })
  const { code, about } = await doctor({
    BELLWETHER_HTTP_HOST: '0.0.0.0',
    BELLWETHER_READINGS_DAYS: '3',
    BELLWETHER_READING_AGE_DAYS_MAX: '9',
    BELLWETHER_INFLUX_URL: 'http://127.0.0.1:8086',
    BELLWETHER_ADMIN_TOKEN_FILE: secret,
  })
  expect(code).toBe(0)
  const found = about('settings').map((each) => `${each.status} ${each.found}`)
  expect(found).toEqual([
    expect.stringMatching(/^warn BELLWETHER_HTTP_HOST=0.0.0.0: the API is reached from outside/),
    expect.stringMatching(/^warn BELLWETHER_READINGS_DAYS=3 is shorter than .*AGE_DAYS_MAX=9/),
    expect.stringMatching(/^warn BELLWETHER_INFLUX_URL is set, and readings go to the embedded/),
  ])
  expect(about('secrets')).toMatchObject([
    { status: 'warn', advice: expect.stringMatching(/^chmod 600/) },
  ])
})

test('a port is said to be taken by another program, or by the server that runs', async () => {
  const other = createServer()
  other.listen(0, '127.0.0.1')
  await once(other, 'listening')
  onTestFinished(() => void other.close())
  const { port } = other.address() as AddressInfo
  const refused = await doctor({ BELLWETHER_HTTP_PORT: String(port) })
  expect(refused.code).toBe(1)
  const [fault] = refused.about('port').filter(({ status }) => status === 'fail')
  expect(fault?.found).toMatch(new RegExp(`port ${port} of 127.0.0.1 is taken by`))

  const environment = { ...free, BELLWETHER_DATA_DIR: data, BELLWETHER_LOG_LEVEL: 'silent' }
  const config = loadConfig({ environment: { ...environment, BELLWETHER_THREADS: 'false' } })
  const server = await serve(config)
  try {
    const ports = {
      BELLWETHER_MQTT_PORT: new URL(server.mqttUrl ?? '').port,
      BELLWETHER_HTTP_PORT: new URL(server.httpUrl ?? '').port,
    }
    const beside = await doctor(ports)
    expect(beside.code).toBe(0)
    const said = beside.about('port').map(({ status, found }) => `${status} ${found}`)
    for (const line of said)
      expect(line).toMatch(/^ok .* is taken, as it should be: the server runs/)
    expect(beside.about('server')).toMatchObject([
      { status: 'ok', found: 'a server runs on this data folder, and is ready' },
    ])
  } finally {
    await server.stop()
  }
})

test('a broken file, an open folder and a restore that was cut short are found', async () => {
  const { close } = await openTown(join(data, 'registry.db'), { sites: [{ id: 'weir' }] })
  await close()
  chmodSync(data, 0o755)
  writeFileSync(join(data, 'alerts.db'), 'no database at all, as long as this line is')
  mkdirSync(join(data, 'restoring'))
  const { code, about } = await doctor()
  expect(code).toBe(1)
  const found = about('data folder').map((each) => `${each.status} ${each.found}`)
  expect(found).toEqual([
    expect.stringMatching(/^warn .* may be entered by other users/),
    expect.stringMatching(/^fail a restore into .* was cut short/),
    expect.stringMatching(/^fail alerts.db: .*file is not a database/),
  ])
})

test('a clock that is behind what was received is a failure', async () => {
  const writer = openReadingsWriter({ path: join(data, 'readings.db'), keepDays: 0 })
  const observedAt = Date.now() + 7_200_000
  const value = { device: 'd', property: 'water_level', value: 2.5, quality: 1 } as const
  await writer.write([{ ...value, observedAt, receivedAt: observedAt }])
  await writer.close()
  const { code, about } = await doctor()
  expect(code).toBe(1)
  expect(about('clock')).toMatchObject([
    { status: 'fail', found: expect.stringMatching(/gone back/) },
  ])
})

/** An InfluxDB as far as the doctor asks: it names its version, and says so much to reads and writes. */
async function influx(read: number, write: number): Promise<string> {
  const server = createHttpServer((request, response) => {
    const isWrite = request.url?.startsWith('/write') ?? false
    const isPing = request.url === '/ping'
    const status = isPing ? 204 : isWrite ? write : read
    response.writeHead(status, {
      'x-influxdb-version': '1.8.10',
      'content-type': 'application/json',
    })
    const error = { error: 'authorization failed' }
    request.resume()
    request.on('end', () => {
      response.end(
        isPing || status === 204 ? '' : JSON.stringify(status < 300 ? { results: [{}] } : error),
      )
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

test('the rights on InfluxDB are told apart, and an InfluxDB that is away', async () => {
  const readings = async (url: string) => {
    const { code, about } = await doctor({
      BELLWETHER_READINGS: 'influx',
      BELLWETHER_INFLUX_URL: url,
      BELLWETHER_INFLUX_USERNAME: 'gauge',
      BELLWETHER_INFLUX_PASSWORD: 'gauge',
    })
    return [code, ...about('readings').map(({ status, found }) => `${status} ${found}`)]
  }
  expect(await readings(await influx(200, 204))).toEqual([
    0,
    expect.stringMatching(/^ok InfluxDB 1.8.10 at .*, bucket bellwether can be read and written$/),
  ])
  expect(await readings(await influx(200, 403))).toEqual([
    1,
    expect.stringMatching(/^fail .* cannot be written: .*User gauge lacks rights/),
  ])
  expect(await readings(await influx(401, 401))).toEqual([
    1,
    expect.stringMatching(/^fail .* cannot be read: .*User gauge or its password is refused/),
    expect.stringMatching(/^fail .* cannot be written: /),
  ])
  expect(await readings('http://127.0.0.1:9')).toEqual([
    1,
    expect.stringMatching(/^fail InfluxDB at/),
  ])
})
