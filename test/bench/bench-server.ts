/**
 * A real server of the build for benchmarks: own process, own folder, devices registered beforehand, and its
 * CPU time and memory read from the operating system.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { deviceSchema } from '../../domain/device.ts'
import { siteSchema } from '../../domain/site.ts'
import { hashSecret } from '../../runtime/secret.ts'
import { openRegistry } from '../../stores/records/sqlite-registry.ts'
import { systemClock } from '../../runtime/system.ts'

const root = new URL('../..', import.meta.url).pathname
export const adminToken = 'bench-admin-token-0123456789'

export interface BenchServer {
  dir: string
  mqttPort: number
  httpUrl: string
  pid: number
  /** CPU seconds (user and system) of the whole process so far. */
  cpuSeconds(): number
  rssBytes(): number
  kill(): Promise<void>
  stop(): Promise<void>
  /** Starts again on the same data and ports; resolves with the milliseconds until it listened. */
  start(): Promise<number>
  get(path: string): Promise<unknown>
  post(path: string, body: unknown): Promise<unknown>
  metric(name: string): Promise<number>
}

export const deviceId = (n: number | '') => `bench-${n}`
export const deviceToken = (n: number | '') => `bwd_bench_token_of_device_${n}`

/** Registers `bench-0` … with known tokens, at one site. */
export async function registerDevices(dataDir: string, count: number): Promise<void> {
  const registry = openRegistry({ path: join(dataDir, 'registry.db'), clock: systemClock })
  const site = siteSchema.parse({ id: 'bench', kind: 'air-station' })
  const devices = Array.from({ length: count }, (_, n) =>
    deviceSchema.parse({ id: deviceId(n), site: 'bench' }),
  )
  await registry.upsertAll([site], devices)
  for (let n = 0; n < count; n++)
    await registry.setDeviceToken(deviceId(n), hashSecret(deviceToken(n)))
  await registry.close()
}

export async function startBenchServer(options: {
  devices: number
  env?: Record<string, string>
  /** Such as `--cpu-prof`. */
  nodeFlags?: readonly string[]
}): Promise<BenchServer> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-bench-'))
  await registerDevices(dir, options.devices)
  const flags = options.nodeFlags ?? []
  let child: ChildProcess | null = null
  let mqttPort = 0
  let httpUrl = ''

  async function start(): Promise<number> {
    const began = performance.now()
    child = spawn(process.execPath, [...flags, join(root, 'dist/cli/bellwether.js'), 'serve'], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: {
        PATH: process.env.PATH ?? '',
        BELLWETHER_DATA_DIR: dir,
        BELLWETHER_MQTT_PORT: String(mqttPort),
        BELLWETHER_HTTP_PORT: httpUrl === '' ? '0' : new URL(httpUrl).port,
        BELLWETHER_ADMIN_TOKEN: adminToken,
        BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1',
        BELLWETHER_LOG_LEVEL: 'warn',
        BELLWETHER_API_REQUESTS_PER_MINUTE_MAX: '10000000',
        BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '10000000',
        ...options.env,
      },
    })
    const { stdout } = child
    if (stdout === null) throw new Error('no stdout')
    const lines = createInterface({ input: stdout })
    const ready = await new Promise<{ mqtt: string; http: string }>((resolve, reject) => {
      lines.on('line', (line) => {
        if (line.includes('"ready"')) resolve(JSON.parse(line))
      })
      child?.once('exit', (code) => reject(new Error(`the server ended with ${code}`)))
    })
    mqttPort = Number(new URL(ready.mqtt).port)
    httpUrl = ready.http
    return performance.now() - began
  }

  // A benchmark that fails must not leave a server behind.
  process.once('exit', () => child?.kill('SIGKILL'))

  async function end(signal: NodeJS.Signals): Promise<void> {
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    await gone
  }

  async function request(path: string, init: RequestInit = {}): Promise<string> {
    const headers = { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' }
    const answer = await fetch(httpUrl + path, { headers, ...init })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return text
  }

  await start()
  return {
    dir,
    get mqttPort() {
      return mqttPort
    },
    get httpUrl() {
      return httpUrl
    },
    get pid() {
      return child?.pid ?? 0
    },
    cpuSeconds: () => cpuSecondsOf(child?.pid ?? 0),
    rssBytes: () => rssBytesOf(child?.pid ?? 0),
    kill: () => end('SIGKILL'),
    async stop() {
      await end('SIGTERM')
      rmSync(dir, { recursive: true, force: true })
    },
    start,
    get: async (path) => JSON.parse(await request(path)),
    post: async (path, body) => {
      const text = await request(path, { method: 'POST', body: JSON.stringify(body) })
      return text === '' ? null : JSON.parse(text)
    },
    async metric(name) {
      const text = await request('/metrics')
      return Number(
        new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN,
      )
    },
  }
}

/** From /proc/PID/stat: fields 14 and 15 in clock ticks of 10 ms (proc(5)). */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / 100
}

export function rssBytesOf(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) * 1024
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
}
