/** A town whose devices publish to a real server, started from the command line and stopped again. */

import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import mqtt from 'mqtt'
import type { Reading } from '../../domain/reading.ts'
import { hashSecret } from '../../runtime/secret.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { openReadingsReader } from '../../stores/readings/sqlite.ts'
import { openTown } from '../fixtures/registry.ts'
import type { commandLine } from './command-line.ts'

const adminToken = 'the-admin-token-of-the-tests'
const deviceToken = (device: string) => `bwd_token-of-${device}`
export const townDevices = ['air-1', 'air-2', 'river-1']

export const townEnv = {
  BELLWETHER_MQTT_PORT: '0',
  BELLWETHER_HTTP_PORT: '0',
  BELLWETHER_THREADS: 'false',
  BELLWETHER_LOG_LEVEL: 'error',
  BELLWETHER_ADMIN_TOKEN: adminToken,
  BELLWETHER_JOURNAL_SEGMENT_MIB: '1',
  BELLWETHER_JOURNAL_ARCHIVE_DAYS: '30',
}

export async function registerTown(dataDir: string): Promise<void> {
  const town = {
    sites: [{ id: 'park' }],
    devices: townDevices.map((id) => ({ id, site: 'park' })),
  }
  const { registry, close } = await openTown(join(dataDir, 'registry.db'), town)
  for (const device of townDevices) {
    await registry.setDeviceToken(device, hashSecret(deviceToken(device)))
  }
  await close()
}

export interface TownServer {
  child: ChildProcess
  /** Asks the API as the administrator. */
  api(method: string, path: string, body?: object): Promise<Response>
  /** Publishes messages of the device one after the other, each acknowledged. */
  publish(device: string, messages: readonly object[]): Promise<void>
  /** Resolves when everything that was acknowledged is settled. */
  settled(): Promise<void>
  metric(name: string): Promise<number>
  stop(signal?: NodeJS.Signals): Promise<void>
}

export async function serveTown(
  start: ReturnType<typeof commandLine>['start'],
  env: Record<string, string> = {},
): Promise<TownServer> {
  const child: ChildProcess = start(['serve'], { ...townEnv, ...env })
  let err = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  const line =
    child.stdout === null
      ? []
      : await Promise.race([once(child.stdout, 'data'), once(child, 'exit')])
  if (!Buffer.isBuffer(line[0])) throw new Error(`The server did not start: ${err}`)
  const ready = JSON.parse(line[0].toString())

  async function metric(name: string): Promise<number> {
    const answer = await fetch(`${ready.http}/metrics`, {
      headers: { authorization: `Bearer ${adminToken}` },
    })
    const found = (await answer.text()).split('\n').find((row) => row.startsWith(`${name} `))
    return Number(found?.split(' ')[1])
  }

  return {
    child,
    api: (method, path, body) =>
      fetch(`${ready.http}/api/v1${path}`, {
        method,
        headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    async publish(device, messages) {
      const options = { username: device, password: deviceToken(device), clientId: device }
      const client = await mqtt.connectAsync(ready.mqtt, options)
      for (const message of messages) {
        await client.publishAsync('v1/devices/me/telemetry', JSON.stringify(message), { qos: 1 })
      }
      await client.endAsync()
    },
    async settled() {
      while ((await metric('bellwether_readings_in_flight')) > 0) {
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    },
    metric,
    async stop(signal = 'SIGTERM') {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      await once(child, 'exit')
    },
  }
}

/**
 * So many messages of a device, of 40 readings each: a walk of values with leaps, plateaus, values that are missing or
 * out of range, keys that nobody knows, and times that come late or twice.
 */
export function messagesOf(device: string, count: number, firstAt: number): object[] {
  const [code, base, step] = device.startsWith('river')
    ? ['water_level', 8, 0.02]
    : ['pm25', 35, 0.7]
  let state = 7 + device.length + device.charCodeAt(device.length - 1)
  const chance = () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return state / 2_147_483_648
  }
  let value = base as number
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: 40 }, (_, n) => {
      if (chance() > 0.2) value += (chance() - 0.5) * (step as number)
      const late = chance() < 0.02 ? -90_000 : 0
      const ts = firstAt + (i * 40 + n) * 1_000 + late
      const odd = chance()
      if (odd < 0.01) return { ts, values: { [code as string]: null } }
      if (odd < 0.02) return { ts, values: { [code as string]: 1e6 } }
      if (odd < 0.03) return { ts, values: { mood: 1 } }
      const shown = odd < 0.035 ? value + (base as number) * 20 : value
      return {
        ts,
        values: { [code as string]: Number(shown.toFixed(2)), temperature: 12 + (n % 9) / 10 },
      }
    }),
  )
}

export async function allReadings(
  reader: ReadingsReader,
): Promise<{ readings: Reading[]; progress: unknown }> {
  const readings: Reading[] = []
  const series = [...(await reader.series())].sort((a, b) =>
    `${a.device} ${a.property}` < `${b.device} ${b.property}` ? -1 : 1,
  )
  for await (const page of reader.range({ series, from: 0, to: 1e14 })) readings.push(...page)
  const progress = await reader.progress()
  await reader.close()
  return { readings, progress }
}

/** What two stores do not have in common: of tens of thousands of readings a runner shows no difference. */
export function differences(
  one: Awaited<ReturnType<typeof allReadings>>,
  other: Awaited<ReturnType<typeof allReadings>>,
): string[] {
  const rows = ({ readings, progress }: typeof one) =>
    [progress, ...readings].map((row) => JSON.stringify(row))
  const [left, right] = [rows(one), rows(other)]
  const [inLeft, inRight] = [new Set(left), new Set(right)]
  return [
    ...left.filter((row) => !inRight.has(row)).map((row) => `- ${row}`),
    ...right.filter((row) => !inLeft.has(row)).map((row) => `+ ${row}`),
    ...(left.length === right.length ? [] : [`${left.length} and ${right.length} rows`]),
  ].slice(0, 20)
}

export const storeIn = (dataDir: string) =>
  allReadings(openReadingsReader({ path: join(dataDir, 'readings.db') }))
