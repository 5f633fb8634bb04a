/** The house rules on who may import whom, as a test: a rule that is not checked is a wish. */

import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Import, importsOf, sourceFiles } from './sources.ts'

const files = sourceFiles()
const imports = files.flatMap((file) => importsOf(file))

/** Folder of a file of ours; files beside package.json are in `top`. */
function folderOf(path: string): string {
  return path.includes('/') ? (path.split('/')[0] ?? '') : 'top'
}

function target(edge: Import): string {
  return normalize(join(dirname(edge.from), edge.to))
}

const ours = imports.filter((edge) => edge.to.startsWith('.'))
const packages = imports.filter((edge) => !edge.to.startsWith('.'))

/** Folder → what its files may import; `type:` in front allows types only. */
const allowed: Record<string, readonly string[]> = {
  domain: ['domain'],
  stores: ['stores', 'domain'],
  broker: ['broker', 'domain', 'type:stores', 'type:config.ts', 'secret.ts'],
  ingest: ['ingest', 'domain', 'type:stores', 'type:config.ts'],
  alerts: ['alerts', 'domain', 'type:stores', 'type:config.ts'],
  api: ['api', 'domain', 'type:stores', 'type:config.ts', 'secret.ts'],
  simulators: ['simulators', 'domain'],
  server: ['server', 'domain', 'stores', 'main.ts', 'config.ts', 'system.ts', 'secret.ts'],
  cli: ['cli', 'server', 'simulators', 'domain', 'stores', 'config.ts', 'system.ts', 'secret.ts'],
  grafana: ['grafana', 'domain'],
  top: ['domain', 'settings.ts'],
}

function mayImport(edge: Import): boolean {
  if (edge.from === 'main.ts') return true
  const to = target(edge)
  return (allowed[folderOf(edge.from)] ?? []).some((rule) => {
    const typesOnly = rule.startsWith('type:')
    const place = typesOnly ? rule.slice('type:'.length) : rule
    const matches = place.endsWith('.ts') ? to === place : folderOf(to) === place
    return matches && (!typesOnly || edge.typeOnly)
  })
}

describe('import direction', () => {
  test('each folder imports only what the design lets it', () => {
    const broken = ours.filter((edge) => !mayImport(edge)).map((e) => `${e.from} → ${target(e)}`)
    expect(broken).toEqual([])
  })

  test('there are no cycles of values between files', () => {
    expect(findCycle()).toBeNull()
  })
})

function findCycle(): string | null {
  const edges = new Map<string, string[]>()
  for (const edge of ours.filter((e) => !e.typeOnly)) {
    edges.set(edge.from, [...(edges.get(edge.from) ?? []), target(edge)])
  }
  const done = new Set<string>()
  function visit(path: readonly string[]): string | null {
    const here = path.at(-1) ?? ''
    if (path.slice(0, -1).includes(here)) return path.join(' → ')
    if (done.has(here)) return null
    for (const next of edges.get(here) ?? []) {
      const cycle = visit([...path, next])
      if (cycle !== null) return cycle
    }
    done.add(here)
    return null
  }
  for (const from of edges.keys()) {
    const cycle = visit([from])
    if (cycle !== null) return cycle
  }
  return null
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
  pino: (from) => from === 'system.ts',
  'prom-client': (from) => from === 'system.ts' || from.startsWith('server/'),
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
    const broken = packages.filter((edge) => folderOf(edge.from) === 'domain' && !pure.has(edge.to))
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
