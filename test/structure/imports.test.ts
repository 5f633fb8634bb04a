/** The house rules on who may import whom, as a test: a rule that is not checked is a wish. */

import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Import, importsOf, sourceFiles } from './sources.ts'

const files = sourceFiles()
const imports = files.flatMap((file) => importsOf(file))

/** Room of a file of ours; a file beside package.json is a room of its own. */
function roomOf(path: string): string {
  return path.split('/')[0] ?? ''
}

function target(edge: Import): string {
  return normalize(join(dirname(edge.from), edge.to))
}

const ours = imports.filter((edge) => edge.to.startsWith('.'))
const packages = imports.filter((edge) => !edge.to.startsWith('.'))

/**
 * Rooms from the top of the house to its ground → what their files may import; `type:` in front allows types only.
 * Every entry points down this list, so a file never knows who uses it.
 */
const allowed: Record<string, readonly string[]> = {
  cli: ['cli', 'server', 'operations', 'simulators', 'stores', 'runtime', 'config.ts', 'domain'],
  server: ['server', 'main.ts', 'operations', 'stores', 'runtime', 'config.ts', 'domain'],
  'main.ts': [
    ...['broker', 'ingest', 'alerts', 'api', 'payload', 'quality', 'stores', 'runtime'],
    ...['indices', 'grafana', 'config.ts', 'domain'],
  ],
  operations: [
    ...['operations', 'ingest', 'payload', 'quality', 'stores', 'runtime', 'config.ts', 'domain'],
    'settings.ts',
  ],
  broker: ['broker', 'payload', 'type:stores', 'runtime', 'type:config.ts', 'domain'],
  ingest: ['ingest', 'payload', 'quality', 'type:stores', 'runtime', 'type:config.ts', 'domain'],
  alerts: ['alerts', 'payload', 'quality', 'type:stores', 'runtime', 'type:config.ts', 'domain'],
  api: ['api', 'indices', 'type:stores', 'runtime', 'type:config.ts', 'domain'],
  payload: ['payload', 'type:stores', 'domain'],
  quality: ['quality', 'type:stores', 'domain'],
  grafana: ['grafana', 'indices', 'type:stores', 'runtime', 'type:config.ts', 'domain'],
  indices: ['indices', 'type:stores', 'runtime', 'domain'],
  stores: ['stores', 'runtime', 'type:config.ts', 'domain'],
  runtime: ['runtime', 'config.ts', 'domain'],
  simulators: ['simulators', 'domain'],
  'config.ts': ['settings.ts', 'domain'],
  'settings.ts': ['domain'],
  domain: ['domain'],
}

test('the list of rooms has no arrow up', () => {
  const floors = Object.keys(allowed)
  const rising = Object.entries(allowed).flatMap(([from, targets]) =>
    targets
      .map((to) => to.replace('type:', ''))
      .filter((to) => floors.indexOf(to) < floors.indexOf(from))
      .map((to) => `${from} → ${to}`),
  )
  expect(rising).toEqual([])
})

function mayImport(edge: Import): boolean {
  const to = roomOf(target(edge))
  const rules = allowed[roomOf(edge.from)] ?? []
  return rules.includes(to) || (edge.typeOnly && rules.includes(`type:${to}`))
}

describe('import direction', () => {
  test('each folder imports only what the design lets it', () => {
    const broken = ours.filter((edge) => !mayImport(edge)).map((e) => `${e.from} → ${target(e)}`)
    expect(broken).toEqual([])
  })

  test('no circle of files, not even of types', () => {
    expect(circles()).toEqual([])
  })

  test('a backend of readings knows no other backend', () => {
    const backendOf = (path: string) => /^stores\/readings\/(sqlite|influx)\//.exec(path)?.[1]
    const broken = ours.filter((edge) => {
      const [from, to] = [backendOf(edge.from), backendOf(target(edge))]
      return from !== undefined && to !== undefined && from !== to
    })
    expect(broken.map((edge) => `${edge.from} → ${target(edge)}`)).toEqual([])
  })
})

/** Files that need each other, directly or by way of others (Tarjan's strongly connected components). */
function circles(): string[][] {
  const next = new Map<string, Import[]>()
  for (const edge of ours) next.set(edge.from, [...(next.get(edge.from) ?? []), edge])
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const path: string[] = []
  const found: string[][] = []
  function visit(file: string): number {
    const own = index.size
    index.set(file, own)
    low.set(file, own)
    path.push(file)
    for (const edge of next.get(file) ?? []) {
      const to = target(edge)
      if (!index.has(to)) low.set(file, Math.min(low.get(file) ?? 0, visit(to)))
      else if (path.includes(to)) low.set(file, Math.min(low.get(file) ?? 0, index.get(to) ?? 0))
    }
    const reached = low.get(file) ?? 0
    if (reached === own) {
      const circle = path.splice(path.indexOf(file))
      if (circle.length > 1) found.push(circle.sort())
    }
    return reached
  }
  for (const file of files) if (!index.has(file)) visit(file)
  return found
}

/** Package → the only places that may load it. */
const keepers: Record<string, (from: string) => boolean> = {
  'better-sqlite3': (from) => from === 'stores/sqlite.ts',
  kysely: (from) => from.startsWith('stores/records/'),
  aedes: (from) => from.startsWith('broker/'),
  'mqtt-packet': (from) => from.startsWith('broker/'),
  ws: (from) => from.startsWith('broker/'),
  fastify: (from) => from.startsWith('api/'),
  'fastify-type-provider-zod': (from) => from.startsWith('api/'),
  'csv-parse': (from) => from.startsWith('api/'),
  undici: (from) => from.startsWith('alerts/'),
  mqtt: (from) => from.startsWith('simulators/'),
  pino: (from) => from === 'runtime/system.ts',
  'prom-client': (from) => /^(runtime|server|operations)\//.test(from),
  yaml: (from) => from === 'config.ts',
  '@influxdata/influxdb-client': (from) => from.startsWith('stores/readings/influx/'),
  '@grafana/grafana-foundation-sdk': (from) => from.startsWith('grafana/'),
  '@photostructure/tz-lookup': (from) => from === 'domain/calendar.ts',
}

describe('packages', () => {
  test('each is loaded only where the design puts it', () => {
    const broken = packages.filter((edge) => keepers[edge.to]?.(edge.from) === false)
    expect(broken.map((edge) => `${edge.from} → ${edge.to}`)).toEqual([])
  })

  test('domain loads nothing but zod and the map of time zones', () => {
    const pure = new Set(['zod', '@photostructure/tz-lookup'])
    const broken = packages.filter((edge) => roomOf(edge.from) === 'domain' && !pure.has(edge.to))
    expect(broken.map((edge) => `${edge.from} → ${edge.to}`)).toEqual([])
  })
})

/** Files that nothing imports because they are where a process or thread begins. */
const entries = new Set([
  'cli/bellwether.ts',
  'server/role-thread.ts',
  'main.ts',
  'grafana/write.ts',
])

test('no file is left that nothing uses', () => {
  const used = new Set(ours.map(target))
  expect(files.filter((file) => !used.has(file) && !entries.has(file))).toEqual([])
})
