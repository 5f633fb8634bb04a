/**
 * A stop ends with code 0 in time, whatever hangs: a database, a receiver, readers, a name server, a start.
 *
 * A supervisor waits 15 s (docker-compose.yml, the unit of docs/operate.md); the server takes 10 s at most.
 */

import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { commandLine } from './command-line.ts'
import { registerTown, serveTown, townEnv } from './served-town.ts'
import { startLimitMs } from './time-limits.ts'

const supervisorWaitsMs = 15_000

let dir: string
let silent: Server
let sockets: Socket[]
let silentUrl: string

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'bellwether-stop-'))
  sockets = []
  // Takes every connection and every byte, and never says a word.
  silent = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => socket.destroy())
    socket.resume()
  })
  silent.listen(0, '127.0.0.1')
  await once(silent, 'listening')
  silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`
})
afterEach(() => {
  for (const socket of sockets) socket.destroy()
  silent.close()
  rmSync(dir, { recursive: true, force: true })
})

const { start } = commandLine(() => join(dir, 'data'))

/** Asks the process to stop; how it ended. One that does not end in time is killed, and has no code then. */
async function stopped(child: ChildProcess): Promise<{ code: number | null }> {
  const kill = setTimeout(() => child.kill('SIGKILL'), supervisorWaitsMs)
  child.kill('SIGTERM')
  const [code] = (await once(child, 'exit')) as [number | null]
  clearTimeout(kill)
  return { code }
}

test('while InfluxDB, a receiver and readers of streams hang', {
  timeout: startLimitMs,
}, async () => {
  await registerTown(join(dir, 'data'))
  const town = await serveTown(start, {
    BELLWETHER_READINGS: 'influx',
    BELLWETHER_INFLUX_URL: silentUrl,
    BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1',
  })
  const post = (path: string, body: object) => town.api('POST', path, body)
  await post('/webhooks', { id: 'duty', url: `${silentUrl}/hook` })
  await post('/rules', { id: 'smoke', property: 'pm25', levels: { yellow: 60 } })
  await town.publish('air-1', [{ pm25: 93 }, { pm25: 94 }])
  for (let i = 0; i < 40; i++) void town.api('GET', '/events').catch(() => undefined)
  const range = '/readings?device=air-1&property=pm25'
  for (let i = 0; i < 5; i++) void town.api('GET', range).catch(() => undefined)
  while ((await town.metric('bellwether_api_streams')) < 40) {
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  expect(sockets.length).toBeGreaterThan(0)
  expect(await stopped(town.child)).toEqual({ code: 0 })
})

test('while a name server does not answer', { timeout: startLimitMs }, async (context) => {
  const resolver = join(dir, 'resolv.conf')
  writeFileSync(resolver, 'nameserver 127.0.0.53\nsearch a.example b.example\n')
  const inside = (command: string, ...args: string[]) => [
    '--mount',
    'sh',
    '-c',
    `mount --bind "$0" /etc/resolv.conf && exec ${command}`,
    resolver,
    ...args,
  ]
  const may = spawnSync('unshare', inside('true')).status === 0
  if (!may) context.skip('needs the right to mount a file over /etc/resolv.conf (unshare --mount)')
  // A name server that takes questions and keeps them.
  const hole = spawn(process.execPath, ['-e', silentNameServer], { stdio: 'pipe' })
  const [word] = (await once(hole.stdout, 'data')) as [Buffer]
  if (!word.toString().startsWith('listening')) {
    context.skip('needs the right to listen on port 53 of 127.0.0.53')
  }
  try {
    const cli = [process.execPath, '--import', 'tsx', 'cli/bellwether.ts', 'serve']
    const child = spawn('unshare', inside('"$@"', ...cli), {
      cwd: new URL('../..', import.meta.url).pathname,
      env: {
        ...townEnv,
        PATH: process.env.PATH ?? '',
        BELLWETHER_DATA_DIR: join(dir, 'data'),
        BELLWETHER_READINGS: 'influx',
        BELLWETHER_INFLUX_URL: 'http://influx.example:8086',
        BELLWETHER_LOG_LEVEL: 'silent',
      },
    })
    await once(child.stdout, 'data')
    expect(await stopped(child)).toEqual({ code: 0 })
  } finally {
    hole.kill('SIGKILL')
  }
})

const silentNameServer = `
  const socket = require('node:dgram').createSocket('udp4')
  socket.on('error', (error) => { console.log(error.code); process.exit() })
  socket.bind(53, '127.0.0.53', () => console.log('listening'))
`

test('in the middle of its start', { timeout: startLimitMs }, async () => {
  const child = start(['serve'], townEnv)
  child.stdout.resume()
  child.stderr.resume()
  // It has begun when the folder is there, and is not up before it says so.
  while (spawnSync('test', ['-d', join(dir, 'data')]).status !== 0) {
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
  expect(await stopped(child)).toEqual({ code: 0 })
})

test('of simulators that wait for a server', { timeout: startLimitMs }, async () => {
  const child = start(
    ['simulate', `--api=${silentUrl}`, '--mqtt=mqtt://127.0.0.1:9', `--state=${join(dir, 's')}`],
    { BELLWETHER_ADMIN_TOKEN: townEnv.BELLWETHER_ADMIN_TOKEN },
  )
  await once(child.stdout, 'data')
  expect(await stopped(child)).toEqual({ code: 0 })
})
