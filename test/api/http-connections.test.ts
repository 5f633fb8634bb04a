/** HTTP connections are bounded: those that are of no use make room, and nobody keeps a descriptor for nothing. */

import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { HttpConnections } from '../../api/http/http-connections.ts'
import type { Timers } from '../../domain/ports.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { eventually } from '../flow/city-server.ts'

let server: Server
const sockets: Socket[] = []
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.closeAllConnections()
  server.close()
})

/** Time is the test's own: it passes when the test says so, and then the guard looks. */
async function start(limits: { connectionsMax?: number; perAddressMax?: number } = {}) {
  let now = 0
  let look = () => {}
  const ended: string[] = []
  const timers: Timers = {
    ...systemTimers,
    every: (_ms, run) => {
      look = run
      return () => {}
    },
  }
  server = createServer((request, response) => {
    if (request.url === '/endless') {
      const chunk = Buffer.alloc(65_536)
      const more = () => {
        while (!response.destroyed && response.write(chunk)) {}
      }
      response.on('drain', more)
      more()
    } else if (request.url === '/slow') request.resume()
    else response.end('ok')
  })
  const guard = new HttpConnections({
    server,
    ports: {
      clock: { now: systemClock.now, monotonic: () => now },
      timers,
      meter: {
        counter: () => (_by, labels) => void ended.push(labels?.reason ?? ''),
        gauge: () => () => {},
        histogram: () => () => {},
      },
    },
    connectionsMax: limits.connectionsMax ?? 100,
    perAddressMax: limits.perAddressMax ?? 100,
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const open = async (text = '') => {
    const socket = connect(port, '127.0.0.1')
    sockets.push(socket)
    socket.on('error', () => {})
    await once(socket, 'connect')
    if (text !== '') socket.write(text)
    return socket
  }
  const pass = (seconds: number) => {
    for (let i = 0; i < seconds; i += 5) {
      now += 5_000
      look()
    }
  }
  /** The body of the answer, or nothing when the connection is turned away. */
  const ask = async () => {
    const socket = await open('GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n')
    let text = ''
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    await once(socket, 'close')
    return text.includes('200 OK') ? 'ok' : ''
  }
  return { guard, open, pass, ask, ended }
}

test.each([{ connectionsMax: 9 }, { perAddressMax: 9 }])(
  'idle and dripping sockets make room, the oldest first (%o)',
  async (limits) => {
    const { guard, open, ask, ended } = await start(limits)
    const idle: Socket[] = []
    for (let i = 0; i < 9; i++) idle.push(await open(i % 2 === 0 ? '' : 'GET / HT'))
    await eventually(() => (guard.size === 9 ? true : undefined))
    expect(await ask()).toBe('ok')
    await eventually(() => (idle[0]?.destroyed ? true : undefined))
    expect(ended).toEqual(['crowded'])
    expect(guard.size).toBeLessThanOrEqual(9)
    for (let i = 0; i < 40; i++) await open()
    expect(await ask()).toBe('ok')
    expect(guard.size).toBeLessThanOrEqual(9)
  },
)

test('a request whose body does not come, and an answer that is not read, make room after a while', async () => {
  const { guard, open, pass, ask } = await start({ connectionsMax: 4 })
  const head = 'host: x\r\n'
  for (let i = 0; i < 2; i++) {
    await open(`POST /slow HTTP/1.1\r\n${head}content-length: 100\r\n\r\nabc`)
    const reader = await open(`GET /endless HTTP/1.1\r\n${head}\r\n`)
    reader.pause()
  }
  await eventually(() => (guard.size === 4 ? true : undefined))
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(await ask()).toBe('')
  pass(10)
  for (let i = 0; i < 4; i++) expect(await ask()).toBe('ok')
})

test('a reader that takes nothing is cut off within a minute, one that reads is not', async () => {
  const { guard, open, pass, ended } = await start()
  const stuck = await open('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
  stuck.pause()
  const reading = await open('GET /endless HTTP/1.1\r\nhost: x\r\n\r\n')
  let taken = 0
  reading.on('data', (chunk: Buffer) => {
    taken += chunk.length
  })
  await eventually(() => (taken > 10_000_000 ? true : undefined))
  for (let i = 0; i < 14; i++) {
    const before = taken
    await eventually(() => (taken > before + 1_000_000 ? true : undefined))
    pass(5)
  }
  expect(ended).toEqual(['slow_reader'])
  expect(guard.size).toBe(1)
  expect(reading.destroyed).toBe(false)
})
