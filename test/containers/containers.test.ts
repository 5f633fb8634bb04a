/**
 * The Dockerfile and the compose file in a real container engine, as an operator runs them. Grafana is left out: its
 * image cannot be made from packages. The tests build on each other: one installation is brought up, used, stopped,
 * lost and restored.
 */

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import mqtt from 'mqtt'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { readCompose, root } from '../deploy/compose-file.ts'
import { provideBaseImages } from './base-images.ts'
import { type Engine, findEngine, isLeftOut } from './engine.ts'
import { type Installation, install } from './installation.ts'

const compose = readCompose('docker-compose.yml')

const volume = 'bellwether-data-new'
const onNewVolume = ['-f', 'docker-compose.yml', '-f', 'volume.yml']

/** Seconds; containers start slowly on a busy machine. */
const patience = 240

describe.skipIf(isLeftOut())('in containers', () => {
  let engine: Engine
  let city: Installation

  beforeAll(async () => {
    engine = await findEngine()
    const node = /^FROM (\S+)$/m.exec(readFileSync(join(root, 'Dockerfile'), 'utf8'))?.[1] ?? ''
    provideBaseImages(engine, node, compose.services.influxdb?.image ?? '')
    city = await install(engine)
    city.compose('build', 'bellwether')
  })

  afterAll(async () => {
    city?.remove()
    if (engine?.isOwn === false) engine.docker('volume', 'rm', '--force', volume)
    await engine?.stop()
  })

  afterEach(({ task }) => {
    if (task.result?.state !== 'fail') return
    console.log(city.compose('logs', '--no-color', '--tail', '30'))
  })

  test('the server and its database become healthy, and the simulated city is seen', async () => {
    city.compose('--profile', 'demo', 'up', '-d', 'influxdb', 'bellwether', 'city')
    await until(() => city.inspect('bellwether').State.Health?.Status === 'healthy')
    expect(city.inspect('influxdb').State.Health?.Status).toBe('healthy')
    await until(async () => (await ask<Items>('/api/v1/latest?limit=1')).items.length > 0)
    city.compose('--profile', 'demo', 'stop', 'city')
  })

  test.each(['bellwether', 'influxdb'])(
    '%s has the limits of the file and a root that cannot be written',
    (name) => {
      const { HostConfig } = city.inspect(name)
      const service = compose.services[name]
      expect(HostConfig.ReadonlyRootfs).toBe(true)
      expect(HostConfig.NanoCpus).toBe(Number(service?.cpus) * 1e9)
      expect(HostConfig.Memory).toBe(Number.parseInt(service?.mem_limit ?? '', 10) * 2 ** 30)
      expect(HostConfig.PidsLimit).toBe(service?.pids_limit)
      expect(() => city.compose('exec', '-T', name, 'touch', '/usr/made')).toThrow(/Read-only/)
    },
  )

  test('a reading that was acknowledged is in the database', async () => {
    await register('probe')
    await publish('probe', { temperature: 21.5 })
    await until(async () => (await readings('probe')).length === 1)
  })

  test('it stops in time with the database gone, and has kept what it acknowledged', async () => {
    city.compose('stop', 'influxdb')
    await publish('probe', { temperature: 22.5 })
    // After these seconds the engine would kill it, with exit code 137.
    city.compose('stop', '-t', '10', 'bellwether')
    expect(city.inspect('bellwether').State).toMatchObject({ Status: 'exited', ExitCode: 0 })
    city.compose('start', 'influxdb', 'bellwether')
    await until(async () => (await readings('probe')).length === 2)
  })

  test('a backup is restored on a new volume', async () => {
    const backup = join(city.folder, 'backup')
    const bellwether = ['exec', '-T', 'bellwether', 'node', 'dist/cli/bellwether.js']
    city.compose(...bellwether, 'backup', '/data/backups/day')
    engine.docker('cp', '-a', `${city.container('bellwether')}:/data/backups/day`, backup)
    city.compose('stop', 'bellwether')

    // The steps of docs/operate.md.
    const image = compose.services.bellwether?.image?.replace(/\$\{.*:-(.*)\}/, '$1') ?? ''
    const onVolume = ['run', '--rm', '-v', `${volume}:/data`]
    engine.docker('volume', 'create', volume)
    engine.docker(...onVolume, '-u', '0', '--entrypoint', 'chown', image, '1000:1000', '/data')
    execFileSync('chown', ['-R', '1000', backup])
    engine.docker(...onVolume, '-v', `${backup}:/backup:ro`, image, 'restore', '/backup')
    writeFileSync(
      join(city.folder, 'volume.yml'),
      `volumes:\n  bellwether-data: { external: true, name: ${volume} }\n`,
    )
    city.compose(...onNewVolume, 'up', '-d', 'bellwether')
    await until(async () => (await readings('probe')).length === 2)
    await publish('probe', { temperature: 23.5 })
    await until(async () => (await readings('probe')).length === 3)
  })

  test('MQTT over TLS works as docs/operate.md writes it', async () => {
    const guide = section(readFileSync(join(root, 'docs/operate.md'), 'utf8'), '### TLS')
    const [make = '', install = ''] = fenced(guide, 'sh')
    const certificates = make.slice(0, make.indexOf('BELLWETHER_MQTTS_PORT'))
    execFileSync('bash', ['-euc', certificates + install], { cwd: city.folder, stdio: 'pipe' })
    const [override = ''] = fenced(guide, 'yaml')
    const ports = `127.0.0.1:${city.ports.mqtts}:8883`
    writeFileSync(join(city.folder, 'tls.yml'), override.replace('8883:8883', ports))
    city.compose(...onNewVolume, '-f', 'tls.yml', 'up', '-d', 'bellwether')
    await until(() => city.inspect('bellwether').State.Health?.Status === 'healthy')
    const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${city.ports.mqtts}`, {
      ca: readFileSync(join(city.folder, 'ca.crt')),
      ...{ clientId: 'probe', username: token, reconnectPeriod: 0 },
    })
    await client.publishAsync('v1/devices/me/telemetry', '{"temperature": 24.5}', { qos: 1 })
    await client.endAsync()
    await until(async () => (await readings('probe')).length === 4)
  })

  let token = ''

  async function register(id: string): Promise<void> {
    await ask('/api/v1/sites', { id: `${id}-site`, kind: 'other', name: { en: id, zh: id } })
    await ask('/api/v1/devices', { id, site: `${id}-site` })
    token = (await ask<{ token: string }>(`/api/v1/devices/${id}/token`, {})).token
  }

  async function publish(id: string, values: Record<string, number>): Promise<void> {
    const url = `mqtt://127.0.0.1:${city.ports.mqtt}`
    const client = await mqtt.connectAsync(url, {
      ...{ clientId: id, username: token, reconnectPeriod: 0 },
    })
    await client.publishAsync('v1/devices/me/telemetry', JSON.stringify(values), { qos: 1 })
    await client.endAsync()
  }

  async function readings(device: string): Promise<unknown[]> {
    return (await ask<Items>(`/api/v1/readings?device=${device}`)).items
  }

  async function ask<T>(path: string, body?: unknown): Promise<T> {
    const answer = await fetch(city.http + path, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${city.secret('admin_token')}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${text}`)
    return JSON.parse(text) as T
  }
})

interface Items {
  items: unknown[]
}

/** A section of a page, up to the next heading of its rank. */
function section(page: string, heading: string): string {
  const [, rest = ''] = page.split(`\n${heading}`)
  return rest.slice(0, rest.search(/\n##+ /))
}

function fenced(text: string, language: string): string[] {
  const blocks = text.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))
  return [...blocks].map(([, block = '']) => block)
}

/** Asks again until it holds; a service that is starting may refuse meanwhile. */
async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  let error: unknown
  for (let waited = 0; waited < patience; waited += 1) {
    try {
      if (await holds()) return
    } catch (thrown) {
      error = thrown
    }
    await sleep(1_000)
  }
  throw new Error(`It did not come to hold within ${patience} s.`, { cause: error })
}
