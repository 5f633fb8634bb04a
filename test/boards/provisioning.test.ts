/** Provisioning as Grafana reads it: data source, folder of boards, alarms about ourselves. */

import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { boardFileNames, readBoard } from './board-json.ts'

const folder = new URL('../../grafana/provisioning/', import.meta.url)

function textOf(path: string): string {
  return readFileSync(new URL(path, folder), 'utf8')
}

/** What Grafana does to these files before it parses values: `$$` is a literal `$`, `$NAME` is of the environment. */
function expanded(text: string, environment: Record<string, string>): string {
  return text.replace(/\$\$|\$__file\{[^}]*\}|\$(\w+)/g, (whole, name?: string) => {
    if (whole === '$$') return '$'
    return name === undefined ? whole : (environment[name] ?? '')
  })
}

describe('data source', () => {
  const text = textOf('datasources/influxdb.yaml')
  const { datasources, prune } = parse(expanded(text, { INFLUX_URL: 'http://influxdb:8086' }))

  test('is the one that every board asks, for InfluxQL on all versions', () => {
    expect(prune).toBe(true)
    expect(datasources).toHaveLength(1)
    expect(datasources[0]).toMatchObject({
      uid: 'bellwether',
      type: 'influxdb',
      access: 'proxy',
      url: 'http://influxdb:8086',
      user: 'grafana',
      editable: false,
      jsonData: { dbName: 'bellwether', httpMode: 'POST' },
    })
    // "version" would make it Flux or SQL; "database" is no longer read.
    expect(datasources[0].jsonData).not.toHaveProperty('version')
    expect(datasources[0]).not.toHaveProperty('database')
  })

  test('reads its password from a secret file, quoted because of the braces', () => {
    expect(text).toContain('password: "$__file{/run/secrets/grafana_influx_password}"')
  })

  test('agrees with the names in the compose file', () => {
    const compose = parse(
      readFileSync(new URL('../../docker-compose.yml', import.meta.url), 'utf8'),
      { merge: true },
    )
    const { environment, secrets, volumes } = compose.services.grafana
    expect(environment.INFLUX_URL).toMatch(/^http:/)
    expect(environment.GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH).toBe(
      '/etc/grafana/boards/city.json',
    )
    expect(secrets).toContain('grafana_influx_password')
    expect(volumes).toContain('./grafana/provisioning:/etc/grafana/provisioning:ro')
    expect(volumes).toContain('./grafana/boards:/etc/grafana/boards:ro')
  })
})

test('boards come from one folder, cannot be changed in the browser, and no two share a title', () => {
  const { providers } = parse(textOf('dashboards/bellwether.yaml'))
  expect(providers).toHaveLength(1)
  expect(providers[0]).toMatchObject({
    folderUid: 'bellwether',
    type: 'file',
    allowUiUpdates: false,
    disableDeletion: true,
    options: { path: '/etc/grafana/boards', foldersFromFilesStructure: false },
  })
  const boards = boardFileNames.map(readBoard)
  expect(new Set(boards.map(({ uid }) => uid)).size).toBe(boards.length)
  expect(new Set(boards.map(({ title }) => title)).size).toBe(boards.length)
})

test('alarms about ourselves keep their "$timeFilter" and each ends in its condition', () => {
  const text = textOf('alerting/bellwether.yaml')
  expect(text.replaceAll('$$', '')).not.toContain('$')
  const { groups } = parse(expanded(text, {}))
  for (const { uid, condition, data } of groups[0].rules) {
    expect(uid).toMatch(/^bw-/)
    const names = data.map(({ refId }: { refId: string }) => refId)
    expect(names.at(-1)).toBe(condition)
    for (const { datasourceUid, model } of data) {
      if (datasourceUid === 'bellwether') expect(model.query).toContain('WHERE $timeFilter')
      else expect(names).toContain(model.expression)
    }
  }
})

test('Grafana finds every folder that it looks for', () => {
  for (const name of ['datasources', 'dashboards', 'alerting', 'plugins']) {
    expect(existsSync(new URL(name, folder))).toBe(true)
  }
})
