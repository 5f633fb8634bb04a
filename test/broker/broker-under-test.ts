/**
 * A broker on free ports with a real journal and a real registry in a temporary folder, for tests. Its
 * journal can be held back or made to fail: a thin layer over the real writer, nothing is faked behind it.
 */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type IClientOptions, type MqttClient } from 'mqtt'
import { Registry as MetricRegistry } from 'prom-client'
import { type Broker, startBroker } from '../../broker/broker.ts'
import { loadConfig } from '../../config.ts'
import { deviceSchema } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import type { Bell, Bus, Log, Ports } from '../../domain/ports.ts'
import type { Role } from '../../domain/token.ts'
import type { Uplink, UplinkDraft } from '../../domain/uplink.ts'
import { hashSecret } from '../../runtime/secret.ts'
import type { JournalWriter } from '../../stores/journal/journal.ts'
import { openMoments } from '../../stores/journal/moments.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import type { Registry } from '../../stores/records/registry.ts'
import { openRegistry, openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemClock, systemPorts } from '../../runtime/system.ts'
import { RawClient } from './raw-client.ts'

export { pause, until } from './waiting.ts'

/** The real writer behind a gate: commits can be held, and can fail as a broken disk makes them fail. */
export interface GatedJournal extends JournalWriter {
  hold(): void
  /** Lets the commits that wait through, and all later ones. */
  release(): void
  /** While set, commits and probes fail with it. */
  fault: Fault | null
  /** While set, appends are refused as by a journal that has reached its limit. */
  full: boolean
  readonly waiting: number
}

export function gate(real: JournalWriter): GatedJournal {
  let group: UplinkDraft[] = []
  let held = false
  let waiting: (() => void)[] = []
  const gated: GatedJournal = {
    fault: null,
    full: false,
    hold: () => {
      held = true
    },
    release() {
      held = false
      const ready = waiting
      waiting = []
      for (const commit of ready) commit()
    },
    get waiting() {
      return waiting.length
    },
    append(draft) {
      if (gated.full) throw new Fault('journal_full', 'The test says that the journal is full.')
      group.push({ ...draft, payload: Uint8Array.from(draft.payload) })
    },
    get pending() {
      return group.length
    },
    commit(done) {
      const mine = group
      group = []
      const commit = () => {
        if (gated.fault !== null) return done(gated.fault)
        for (const draft of mine) real.append(draft)
        real.commit(done)
      }
      if (held) waiting.push(commit)
      else commit()
    },
    get head() {
      return real.head
    },
    probe: () => gated.fault === null && real.probe(),
    trim: (seq) => real.trim(seq),
    get bytes() {
      return gated.full ? Number.MAX_SAFE_INTEGER : real.bytes
    },
    close: () => real.close(),
  }
  return gated
}

/** Doorbells within one test. */
export function quietBus(): Bus & { rings: Bell[] } {
  const listeners = new Map<Bell, Set<() => void>>()
  const rings: Bell[] = []
  return {
    rings,
    ring(bell) {
      rings.push(bell)
      for (const run of listeners.get(bell) ?? []) run()
    },
    onRing(bell, run) {
      const set = listeners.get(bell) ?? new Set()
      listeners.set(bell, set.add(run))
      return () => void set.delete(run)
    },
  }
}

export interface LogLine {
  level: string
  sentence: string
  fields: Readonly<Record<string, unknown>>
}

function recordingLog(lines: LogLine[]): Log {
  const write = (level: string) => (fields: Readonly<Record<string, unknown>>, sentence: string) =>
    void lines.push({ level, sentence, fields })
  return { debug: write('debug'), info: write('info'), warn: write('warn'), error: write('error') }
}

export interface TestBroker {
  broker: Broker
  port: number
  registry: Registry
  journal: GatedJournal
  bus: ReturnType<typeof quietBus>
  log: LogLine[]
  /** Registers a device; its token is `token-<id>`, or none. */
  device(id: string, options?: { enabled?: boolean; token?: boolean }): Promise<string>
  apiToken(id: string, role: Role): Promise<string>
  /** MQTT.js, with user name = id and password = token unless told otherwise. */
  connect(id: string, options?: IClientOptions): Promise<MqttClient>
  raw(): Promise<RawClient>
  /** Raw, and signed in with the device's token. */
  rawDevice(id: string, options?: Parameters<RawClient['connect']>[0]): Promise<RawClient>
  /** Everything in the journal, in order. */
  uplinks(kind?: Uplink['kind']): Promise<readonly Uplink[]>
  /** The value of a metric, summed over its labels that contain `label`. */
  metric(name: string, label?: string): Promise<number>
  stop(): Promise<void>
}

export async function startTestBroker(
  options: { env?: Record<string, string>; ports?: Partial<Ports> } = {},
): Promise<TestBroker> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-broker-'))
  const config = loadConfig({
    environment: {
      BELLWETHER_DATA_DIR: dir,
      BELLWETHER_MQTT_PORT: '0',
      ...options.env,
    },
  })
  const meters = new MetricRegistry()
  const log: LogLine[] = []
  const ports = {
    ...systemPorts('silent', 'test', meters),
    log: recordingLog(log),
    ...options.ports,
  }
  const path = join(dir, 'registry.db')
  const registry = openRegistry({ path, clock: systemClock })
  const view = await openRegistryView({ path })
  const real = openJournalWriter({
    dir: join(dir, 'journal'),
    segmentBytesMax: 4_194_304,
    bytesMax: 1_073_741_824,
    log: ports.log,
  })
  const journal = gate(real)
  const bus = quietBus()
  const consumed = async () => 0
  const moments = openMoments({ dir: join(dir, 'journal'), now: ports.clock.now() })
  const parts = { config, ports, bus, journal, consumed, moments }
  const broker = await startBroker({ ...parts, registry: view })
  const clients: MqttClient[] = []
  const raws: RawClient[] = []
  let stopped: Promise<void> | null = null

  const self: TestBroker = {
    broker,
    port: broker.mqttPort,
    registry,
    journal,
    bus,
    log,
    async device(id, { enabled = true, token = true } = {}) {
      await registry.insert('device', deviceSchema.parse({ id, enabled }))
      if (token) await registry.setDeviceToken(id, hashSecret(`token-${id}`))
      return `token-${id}`
    },
    async apiToken(id, role) {
      const token = `api-token-${id}`
      await registry.insert('token', { id, role, description: '', hash: hashSecret(token) })
      return token
    },
    async connect(id, more = {}) {
      const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${broker.mqttPort}`, {
        username: id,
        password: `token-${id}`,
        clientId: `client-${id}`,
        reconnectPeriod: 0,
        ...more,
      })
      client.on('error', () => {})
      clients.push(client)
      return client
    },
    async raw() {
      const client = await RawClient.open(broker.mqttPort)
      raws.push(client)
      return client
    },
    async rawDevice(id, more = {}) {
      const client = await self.raw()
      const code = await client.connect({
        username: id,
        password: `token-${id}`,
        clientId: `client-${id}`,
        ...more,
      })
      if (code !== 0) throw new Error(`sign-in refused with ${code}`)
      return client
    },
    async uplinks(kind) {
      const reader = openJournalReader({
        dir: join(dir, 'journal'),
        onDamage: (damage) => {
          throw new Error(damage.reason)
        },
      })
      const found: Uplink[] = []
      for (;;) {
        const page = await reader.read(found.at(-1)?.seq ?? 0, 10_000)
        if (page.length === 0) break
        found.push(...page)
      }
      reader.close()
      return kind === undefined ? found : found.filter((uplink) => uplink.kind === kind)
    },
    async metric(name, label = '') {
      const found = (await meters.getMetricsAsJSON()).find((metric) => metric.name === name)
      return (found?.values ?? [])
        .filter(({ labels }) => JSON.stringify(labels).includes(label))
        .reduce((sum, { value }) => sum + value, 0)
    },
    stop() {
      stopped ??= end()
      return stopped
    },
  }

  async function end(): Promise<void> {
    for (const client of clients) client.end(true)
    for (const client of raws) client.destroy()
    journal.fault = null
    journal.full = false
    journal.release()
    await broker.stop()
    journal.close()
    await view.close()
    await registry.close()
    rmSync(dir, { recursive: true, force: true })
  }
  return self
}

export const telemetryTopic = 'v1/devices/me/telemetry'
