/** An API over real stores in an empty folder, with a token of each role, for the tests of this folder. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { InjectOptions } from 'fastify'
import { Registry as Metrics } from 'prom-client'
import { createApp } from '../../api/app.ts'
import type { App } from '../../api/context.ts'
import type { ApiParts } from '../../api/parts.ts'
import { createSiteIndex } from '../../indices/site-series.ts'
import type { Figures } from '../../domain/platform-figures.ts'
import { type Config, loadConfig } from '../../config.ts'
import type { Bell, Bus, Log, Ports } from '../../domain/ports.ts'
import type { Reading } from '../../domain/reading.ts'
import { hashSecret } from '../../runtime/secret.ts'
import type { ReadingsWriter } from '../../stores/readings/readings.ts'
import { createLatestTable } from '../../stores/readings/latest-table.ts'
import type { BoardSink } from '../../stores/readings/board-points.ts'
import { startBoardFeed } from '../../grafana/feed/feed.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { openLedger } from '../../stores/records/sqlite-ledger.ts'
import { openRegistry, openRegistryView } from '../../stores/records/sqlite-registry.ts'
import { systemClock, systemMeter, systemRandom, systemTimers } from '../../runtime/system.ts'

export const tokens = {
  admin: 'bwt_admin-token-of-the-tests',
  operator: 'bwt_operator-token-of-the-tests',
  viewer: 'bwt_viewer-token-of-the-tests',
  settings: 'settings-token-of-the-tests',
}
export type TokenName = keyof typeof tokens

export interface CityApi {
  app: App
  parts: ApiParts
  writer: ReadingsWriter
  metrics: Metrics
  /** Everything that was logged. */
  logged: { level: string; fields: unknown; sentence: string }[]
  rung: Bell[]
  /** Stores the readings as ingest would, and rings. */
  store(readings: readonly Partial<Reading>[]): Promise<void>
  call(
    method: string,
    url: string,
    options?: { as?: TokenName | null; body?: unknown; headers?: Record<string, string> },
  ): Promise<Answer>
  close(): Promise<void>
}

export interface Answer {
  status: number
  // biome-ignore lint/suspicious/noExplicitAny: tests look into answers of every shape.
  body: any
  text: string
  headers: Record<string, string | string[] | number | undefined>
}

export const noon = Date.parse('2026-11-21T12:00:00Z')

export function reading(fields: Partial<Reading>): Reading {
  const observedAt = fields.observedAt ?? noon
  return {
    device: 'd-1',
    property: 'pm25',
    observedAt,
    receivedAt: observedAt + 40,
    value: 35,
    quality: 1,
    ...fields,
  }
}

const figures: Figures = {
  ...{ received: 10, stored: 7, duplicate: 1, quarantined: 1, inFlight: 1 },
  ...{ journalLagUplinks: 1, ingestLagMs: 1_500, alertsLagMs: 20 },
  ...{ outboxPending: 2, outboxOldestMs: 3_000, connections: 4 },
  ...{ ackMs: { p50: 1.5, p99: 9 }, memoryBytes: 128_000_000 },
}

export async function openCityApi(
  options: {
    settings?: Record<string, string>
    parts?: Partial<ApiParts>
    /** Where the feed of boards writes; it runs beside the API then, as the role has it. */
    boards?: BoardSink
    clock?: Ports['clock']
  } = {},
): Promise<CityApi> {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-api-'))
  const path = (name: string) => join(dir, name)
  const config: Config = loadConfig({
    environment: {
      BELLWETHER_HTTP_PORT: '0',
      BELLWETHER_DATA_DIR: dir,
      BELLWETHER_API_REQUESTS_PER_MINUTE_MAX: '10000000',
      ...options.settings,
    },
  })
  const metrics = new Metrics()
  const logged: CityApi['logged'] = []
  const bus = localBus()
  const { clock = systemClock } = options
  const registry = openRegistry({ path: path('registry.db'), clock })
  for (const role of ['admin', 'operator', 'viewer'] as const) {
    await registry.insert('token', {
      id: `${role}-1`,
      role,
      description: '',
      hash: hashSecret(tokens[role]),
    })
  }
  const writer = openReadingsWriter({ path: path('readings.db'), keepDays: 0 })
  const ports: Ports = {
    clock,
    timers: systemTimers,
    random: systemRandom,
    log: recordingLog(logged),
    meter: systemMeter(metrics),
  }
  const view = await openRegistryView({ path: path('registry.db') })
  const readings = openReadingsReader({ path: path('readings.db') })
  const latest = createLatestTable({ ports, bus, readings, ...options.parts })
  const parts: ApiParts = {
    config,
    ports,
    bus,
    registry,
    view,
    readings,
    latest,
    sites: createSiteIndex(view),
    ledger: openLedger({ path: path('ledger.db'), messagesPerDeviceMax: 1_000 }),
    alerts: openAlertLog({ path: path('alerts.db') }),
    monitor: {
      lag: async () => ({ readings: 0, alerts: 0 }),
      metrics: () => metrics.metrics(),
      health: async () => ({ ready: true, reasons: [], lag: 0, stages: {} }),
      figures: async () => figures,
    },
    edge: async () => null,
    adminTokenHash: hashSecret(tokens.settings),
    ...options.parts,
  }
  const app = await createApp(parts)
  const { monitor } = parts
  const figuresAt = (now: number) => monitor.figures(now)
  const own = { ...parts, figures: figuresAt, timers: parts.ports.timers }
  const feed = options.boards && startBoardFeed({ ...own, sink: options.boards })
  app.addHook('preClose', async () => {
    await feed?.stop()
    latest.stop()
  })
  await app.ready()
  return {
    app,
    parts,
    writer,
    metrics,
    logged,
    rung: bus.rung,
    async store(readings) {
      const { seq } = await writer.progress()
      await writer.write(readings.map(reading), { seq: seq + 1, quarantined: 0 })
      bus.ring('readings')
    },
    call: (method, url, how = {}) => call(app, method, url, how),
    async close() {
      await app.close()
      await writer.close()
      for (const store of [parts.readings, parts.ledger, parts.alerts, parts.view, registry]) {
        await store.close()
      }
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

async function call(
  app: App,
  method: string,
  url: string,
  { as = 'admin', body, headers }: NonNullable<Parameters<CityApi['call']>[2]>,
): Promise<Answer> {
  const answer = await app.inject({
    method: method as NonNullable<InjectOptions['method']>,
    url:
      url.startsWith('/') && !/^\/(api|docs|openapi|healthz|readyz|metrics)/.test(url)
        ? `/api/v1${url}`
        : url,
    headers: {
      ...(as === null ? {} : { authorization: `Bearer ${tokens[as]}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined
      ? {}
      : {
          payload: typeof body === 'string' || Buffer.isBuffer(body) ? body : JSON.stringify(body),
        }),
  })
  const type = String(answer.headers['content-type'] ?? '')
  return {
    status: answer.statusCode,
    body:
      /json/.test(type) && !/ndjson/.test(type) && answer.body !== ''
        ? JSON.parse(answer.body)
        : undefined,
    text: answer.body,
    headers: answer.headers,
  }
}

function localBus(): Bus & { rung: Bell[] } {
  const listeners = new Map<Bell, Set<() => void>>()
  const rung: Bell[] = []
  return {
    rung,
    ring(bell) {
      rung.push(bell)
      for (const run of listeners.get(bell) ?? []) run()
    },
    onRing(bell, run) {
      const all = listeners.get(bell) ?? new Set()
      listeners.set(bell, all.add(run))
      return () => all.delete(run)
    },
  }
}

function recordingLog(logged: CityApi['logged']): Log {
  const at = (level: string) => (fields: unknown, sentence: string) => {
    logged.push({ level, fields, sentence })
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
