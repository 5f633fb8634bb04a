/**
 * What an operator may expect of the compose files, checked without an engine: nothing runs as root or with rights it
 * does not need, nothing has a default password, everything has limits and a check of its health.
 */

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { loadConfig } from '../../config.ts'
import { readCompose, root, type Service } from './compose-file.ts'

const compose = readCompose('docker-compose.yml')
const three = readCompose('deploy/influxdb3.yml')
const services = Object.entries(compose.services)

describe.each(services)('service %s', (name, service: Service) => {
  test('has a pinned image', () => {
    expect(service.image).toMatch(/:[^:]*\d/)
    expect(service.image).not.toMatch(/latest/)
  })

  test('runs as an ordinary user, without capabilities, on a root that cannot be written', () => {
    expect(service.user).toMatch(/^[1-9]\d*:\d+$/)
    expect(service.cap_drop).toEqual(['ALL'])
    expect(service.security_opt).toEqual(['no-new-privileges:true'])
    expect(service.read_only).toBe(true)
  })

  test('has limits, also of its logs', () => {
    expect(service.pids_limit).toBeGreaterThan(0)
    expect(Number(service.cpus)).toBeGreaterThan(0)
    expect(service.mem_limit).toMatch(/^\d+[mg]$/)
    // Compose since 2.1 calls a project invalid whose service has `pids_limit` and limits under `deploy` as well.
    expect(service.deploy).toBeUndefined()
    expect(service.logging?.options).toHaveProperty('max-size')
  })

  test('tells whether it is well, or is only a client', () => {
    const fromImage = name === 'bellwether' && /^HEALTHCHECK/m.test(dockerfile())
    const own = service.healthcheck?.test !== undefined
    expect(own || fromImage || name === 'city').toBe(true)
  })

  test('waits for what it needs to be well', () => {
    for (const { condition } of Object.values(service.depends_on ?? {})) {
      expect(condition).toBe('service_healthy')
    }
  })

  test('is given its secrets as files that are declared', () => {
    for (const secret of service.secrets ?? []) expect(compose.secrets).toHaveProperty(secret)
    for (const [key, value] of Object.entries(service.environment ?? {})) {
      if (/PASSWORD|TOKEN|SECRET/.test(key)) expect(value).toMatch(/^\/run\/secrets\//)
    }
  })

  test('listens beyond this machine only for MQTT', () => {
    for (const port of service.ports ?? []) {
      expect(port.startsWith('127.0.0.1:') || port.endsWith(':1883')).toBe(true)
    }
  })
})

function dockerfile(): string {
  return readFileSync(join(root, 'Dockerfile'), 'utf8')
}

describe('the compose files', () => {
  test('keep the database off every network that leads outside', () => {
    expect(compose.services.influxdb?.networks).toEqual(['back'])
    expect(compose.networks?.back?.internal).toBe(true)
    expect(compose.services.influxdb?.ports).toBeUndefined()
  })

  test('mount only what is there or is made by the script of the secrets', () => {
    const mounted = services.flatMap(([, service]) => service.volumes ?? [])
    for (const volume of mounted) {
      const [source = ''] = volume.split(':')
      if (source.startsWith('./')) expect(existsSync(join(root, source)), source).toBe(true)
      else expect(compose.volumes).toHaveProperty(source)
    }
  })

  test('set only settings that Bellwether knows', () => {
    for (const [name, service] of services) {
      const known = Object.entries(service.environment ?? {})
        .filter(([key]) => key.startsWith('BELLWETHER_'))
        .map(([key, value]) =>
          key.endsWith('_FILE')
            ? [key.slice(0, -'_FILE'.length), 'a secret of a file']
            : [key, value.replace(/^\$\{[^:]+:-(.*)\}$/, '$1')],
        )
      expect(() => loadConfig({ environment: Object.fromEntries(known) }), name).not.toThrow()
    }
  })

  test('with InfluxDB 3 change the database and nothing else', () => {
    expect(Object.keys(three.services).sort()).toEqual(['bellwether', 'grafana', 'influxdb'])
    for (const name of Object.keys(three.services)) expect(compose.services).toHaveProperty(name)
    expect(three.services.influxdb?.image).toMatch(/^influxdb:3[\d.]+-core$/)
  })
})

test('the script makes every secret once, unlike each other, in a folder of its owner', () => {
  const folder = mkdtempSync(join(tmpdir(), 'secrets-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  execFileSync('cp', [join(root, 'deploy/make-secrets.sh'), folder])
  const make = () => execFileSync('sh', [join(folder, 'make-secrets.sh')], { encoding: 'utf8' })
  make()
  const files = Object.values({ ...compose.secrets, ...three.secrets }).map(({ file }) =>
    join(folder, file.replace('./deploy/', '')),
  )
  const contents = files.map((file) => readFileSync(file, 'utf8'))
  expect(new Set(contents).size).toBe(new Set(files).size)
  for (const text of contents) expect(text.length).toBeGreaterThanOrEqual(64)
  expect(statSync(join(folder, 'secrets')).mode & 0o077).toBe(0)
  expect(make()).toBe('')
  expect(files.map((file) => readFileSync(file, 'utf8'))).toEqual(contents)
})
