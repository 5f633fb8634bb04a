/**
 * What the compose files start, without an engine: docker-compose reads the files, and each command line runs as a
 * plain process with the environment of its service against local programs. Host names become the loopback interface,
 * mounted folders temporary ones; nothing else is changed.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { readCompose, root, type Service } from '../deploy/compose-file.ts'
import { freePort } from '../fault/processes.ts'
import { eventually } from '../flow/city-server.ts'
import { startInfluxd1 } from './influx/influxd.ts'
import { findServer2 } from './influx/server2.ts'
import { findServer } from './server.ts'

const compose = findServer('docker-compose')
const influxd = findServer('influxd')
const two = findServer2()

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'bw-containers-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** The compose files and secrets as an operator has them after `make-secrets.sh`. */
function installation(): string {
  const folder = temporary()
  cpSync(join(root, 'docker-compose.yml'), join(folder, 'docker-compose.yml'))
  cpSync(join(root, 'deploy'), join(folder, 'deploy'), { recursive: true })
  execFileSync('sh', [join(folder, 'deploy/make-secrets.sh')])
  return folder
}

describe.skipIf(compose.by === 'none')('docker-compose', () => {
  test.each([
    ['the server', []],
    ['the simulated city', ['--profile', 'demo']],
    ['InfluxDB 3', ['-f', 'docker-compose.yml', '-f', 'deploy/influxdb3.yml']],
  ])('understands the files for %s', (_, options) => {
    const path = compose.by === 'program' ? compose.path : ''
    const run = () =>
      execFileSync(path, [...options, 'config', '-q'], { cwd: installation(), stdio: 'pipe' })
    expect(run).not.toThrow()
  })
})

/** Seconds: programs start slowly on a busy machine. */
const patience = 60

describe.skipIf(influxd.by === 'none')('the services as plain processes', () => {
  test('Bellwether writes to InfluxDB as its own user, and Grafana may read and not write', async () => {
    const secrets = join(installation(), 'deploy/secrets')
    const secret = (name: string) => readFileSync(join(secrets, name), 'utf8')
    const database = await startInfluxd1(influxd.by === 'program' ? influxd.path : '', {
      mustSignIn: true,
    })
    onTestFinished(() => database.stop())
    await makeUsers(database.url, secret)

    const server = await serveCity(secrets, database.url)
    const grafana = basic('grafana', secret('grafana_influx_password'))
    await holdsReadings(database.url, grafana)
    const write = await fetch(`${database.url}/write?db=bellwether`, {
      method: 'POST',
      headers: grafana,
      body: 'air pm25=1',
    })
    expect(write.status).toBe(403)

    await ends(server)
  }, 240_000)

  test.runIf(two !== undefined)(
    `Bellwether writes to ${two?.name} as a v1 login of its bucket`,
    async () => {
      const secrets = join(installation(), 'deploy/secrets')
      const password = readFileSync(join(secrets, 'influx_password'), 'utf8')
      const database = await two?.start()
      if (database === undefined) return
      onTestFinished(() => database.server.stop())
      await database.makeBucket('bellwether')
      await database.addLogin({ username: 'bellwether', password }, 'bellwether')
      const { url, headers } = database.server
      const server = await serveCity(secrets, url)
      await holdsReadings(url, headers)
      await ends(server)
    },
    240_000,
  )
})

/** The server and the simulated city of the compose file, until readings come. */
async function serveCity(secrets: string, influx: string): Promise<ChildProcess> {
  const { bellwether, city } = readCompose('docker-compose.yml').services
  const ports = { mqtt: await freePort(), http: await freePort() }
  const place = { secrets, influx, ports, folder: temporary() }
  const server = run(bellwether, ['serve'], place)
  const http = `http://127.0.0.1:${ports.http}`
  await eventually(async () => ((await answers(`${http}/readyz`)) ? true : undefined), patience)
  run(city, city?.command ?? [], place)
  const admin = readFileSync(join(secrets, 'admin_token'), 'utf8')
  await eventually(async () => {
    const answer = await fetch(`${http}/api/v1/latest?limit=1`, {
      headers: { authorization: `Bearer ${admin}` },
    })
    const { items } = (await answer.json()) as { items: unknown[] }
    return items.length > 0 ? true : undefined
  }, patience)
  return server
}

async function holdsReadings(influx: string, headers: Record<string, string>): Promise<void> {
  const q = 'SELECT count("pm25") FROM "air"'
  await eventually(async () => {
    const path = `/query?db=bellwether&q=${encodeURIComponent(q)}`
    const answer = await fetch(influx + path, { headers })
    return (await answer.text()).includes('"air"') ? true : undefined
  }, patience)
}

async function ends(server: ChildProcess): Promise<void> {
  server.kill('SIGTERM')
  const [code] = await once(server, 'exit')
  expect(code).toBe(0)
}

/** What `deploy/influxdb-users.sh` does in InfluxDB 2, in the words of 1.x. */
async function makeUsers(url: string, secret: (name: string) => string): Promise<void> {
  const admin = secret('influx_admin_password')
  const statements = [
    `CREATE USER admin WITH PASSWORD '${admin}' WITH ALL PRIVILEGES`,
    'CREATE DATABASE bellwether',
    `CREATE USER bellwether WITH PASSWORD '${secret('influx_password')}'`,
    'GRANT ALL ON bellwether TO bellwether',
    `CREATE USER grafana WITH PASSWORD '${secret('grafana_influx_password')}'`,
    'GRANT READ ON bellwether TO grafana',
  ]
  for (const [i, q] of statements.entries()) {
    const answer = await fetch(`${url}/query?q=${encodeURIComponent(q)}`, {
      method: 'POST',
      headers: i === 0 ? {} : basic('admin', admin),
    })
    expect(await answer.text()).not.toContain('error')
  }
}

function basic(user: string, password: string): Record<string, string> {
  const text = Buffer.from(`${user}:${password}`).toString('base64')
  return { authorization: `Basic ${text}` }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(url)).ok
  } catch {
    return false // Not up yet.
  }
}

interface Where {
  secrets: string
  influx: string
  ports: { mqtt: number; http: number }
  folder: string
}

/** The command of a service with its environment, as this machine has it. */
function run(service: Service | undefined, command: readonly string[], at: Where): ChildProcess {
  const here = (text: string) =>
    text
      .replace(/^\$\{[^:]+:-(.*)\}$/, '$1')
      .replace('/run/secrets', at.secrets)
      .replace('http://influxdb:8086', at.influx)
      .replace('http://bellwether:8080', `http://127.0.0.1:${at.ports.http}`)
      .replace('mqtt://bellwether:1883', `mqtt://127.0.0.1:${at.ports.mqtt}`)
      .replace('/tmp/simulator', join(at.folder, 'simulator'))
  const own = Object.entries(service?.environment ?? {}).map(([key, value]) => [key, here(value)])
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', 'cli/bellwether.ts', ...command.map(here)],
    {
      cwd: root,
      stdio: 'ignore',
      env: {
        PATH: process.env.PATH,
        // What the image sets.
        BELLWETHER_DATA_DIR: join(at.folder, 'data'),
        BELLWETHER_MQTT_PORT: String(at.ports.mqtt),
        BELLWETHER_HTTP_PORT: String(at.ports.http),
        BELLWETHER_THREADS: 'false',
        ...Object.fromEntries(own),
      },
    },
  )
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  return child
}
