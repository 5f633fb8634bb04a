/**
 * An InfluxDB for tests: Debian's 1.x from the PATH, 2.x and 3.x from BELLWETHER_TEST_INFLUXD2 and
 * BELLWETHER_TEST_INFLUXD3 (paths of the programs) or, where a container engine answers, from a container. Each on free
 * ports of the loopback interface with its data in a temporary folder.
 */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import { freePort } from '../../fault/processes.ts'
import { eventually } from '../../flow/city-server.ts'

export interface Influxd {
  url: string
  token?: string
  org?: string
  /** A way to sign in as the server's administrator, as headers. */
  headers: Record<string, string>
  stop(): Promise<void>
  /** As if the machine lost power, and started again on the same data. Only of programs. */
  killAndRestart?(): Promise<void>
}

export async function startInfluxd1(
  program: string,
  { mustSignIn = false, within = tmpdir() } = {},
): Promise<Influxd> {
  const dir = mkdtempSync(join(within, 'bw-influxd-'))
  const [port, rpc] = [await freePort(), await freePort()]
  const config = join(dir, 'influxdb.conf')
  writeFileSync(
    config,
    `reporting-disabled = true
bind-address = "127.0.0.1:${rpc}"
[meta]
  dir = "${dir}/meta"
[data]
  dir = "${dir}/data"
  wal-dir = "${dir}/wal"
  query-log-enabled = false
[http]
  bind-address = "127.0.0.1:${port}"
  auth-enabled = ${mustSignIn}
  log-enabled = false
[monitor]
  store-enabled = false
[logging]
  level = "error"
`,
  )
  const url = `http://127.0.0.1:${port}`
  return startProgram({ program, args: ['-config', config], dir, url, headers: {} })
}

const token = 'bellwether-test-token-0123456789'

export async function startInfluxd2(program: string): Promise<Influxd> {
  const dir = mkdtempSync(join(tmpdir(), 'bw-influxd2-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const args = [
    ...['--bolt-path', `${dir}/influxd.bolt`, '--engine-path', `${dir}/engine`],
    ...['--sqlite-path', `${dir}/influxd.sqlite`, '--http-bind-address', `127.0.0.1:${port}`],
    ...['--reporting-disabled', '--log-level', 'error'],
  ]
  const headers = { authorization: `Token ${token}` }
  const server = await startProgram({ program, args, dir, url, headers })
  await setUp2(url)
  return { ...server, token, org: 'bellwether' }
}

export async function startInfluxd3(program: string): Promise<Influxd> {
  const dir = mkdtempSync(join(tmpdir(), 'bw-influxd3-'))
  const port = await freePort()
  const args = ['serve', '--node-id', 'test', '--object-store', 'file', '--data-dir', dir]
  const open = ['--http-bind', `127.0.0.1:${port}`, '--without-auth']
  const url = `http://127.0.0.1:${port}`
  return startProgram({ program, args: [...args, ...open], dir, url, headers: {} })
}

export async function startContainer2(): Promise<Influxd> {
  const container = await new GenericContainer('influxdb:2.9.1')
    .withExposedPorts(8086)
    .withWaitStrategy(Wait.forHttp('/health', 8086))
    .start()
  const url = urlOf(container, 8086)
  await setUp2(url)
  const headers = { authorization: `Token ${token}` }
  return { url, token, org: 'bellwether', headers, stop: () => end(container) }
}

export async function startContainer3(): Promise<Influxd> {
  const container = await new GenericContainer('influxdb:3-core')
    .withCommand([
      'influxdb3',
      'serve',
      '--node-id=test',
      '--object-store=memory',
      '--without-auth',
    ])
    .withExposedPorts(8181)
    .withWaitStrategy(Wait.forHttp('/health', 8181))
    .start()
  return { url: urlOf(container, 8181), headers: {}, stop: () => end(container) }
}

function urlOf(container: StartedTestContainer, port: number): string {
  return `http://${container.getHost()}:${container.getMappedPort(port)}`
}

async function end(container: StartedTestContainer): Promise<void> {
  await container.stop()
}

async function setUp2(url: string): Promise<void> {
  const made = await fetch(`${url}/api/v2/setup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      username: 'admin',
      password: 'a-test-password',
      org: 'bellwether',
      bucket: 'first',
      token,
    }),
  })
  if (made.status !== 201) throw new Error(`InfluxDB 2 was not set up: ${await made.text()}`)
}

interface Program {
  program: string
  args: readonly string[]
  dir: string
  url: string
  headers: Record<string, string>
}

async function startProgram({ program, args, dir, url, headers }: Program): Promise<Influxd> {
  let child: ChildProcess
  async function start(): Promise<void> {
    child = spawn(program, args, { stdio: 'ignore' })
    await eventually(async () => {
      if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`)
      return (await answers(url)) ? true : undefined
    })
  }
  async function kill(signal: NodeJS.Signals): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill(signal)
    await once(child, 'exit')
  }
  await start()
  return {
    url,
    headers,
    async stop() {
      await kill('SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    },
    async killAndRestart() {
      await kill('SIGKILL')
      await start()
    },
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    return (await fetch(`${url}/ping`)).ok
  } catch {
    return false // Not up yet.
  }
}
