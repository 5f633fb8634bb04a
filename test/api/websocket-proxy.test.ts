/** MQTT over WebSocket through the HTTP port, to a stand-in for the broker's listener that speaks real WebSocket. */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Api, startApi } from '../../api/api.ts'
import { type CityApi, openCityApi, tokens } from './city-api.ts'

let city: CityApi
let api: Api
let edge: { port: number; key: string } | null
let broker: { server: Server; requests: IncomingMessage[]; sockets: WebSocketServer }

beforeEach(async () => {
  broker = await startBroker()
  edge = { port: (broker.server.address() as AddressInfo).port, key: 'the-key' }
  city = await openCityApi({ parts: { edge: async () => edge } })
  const { Registry } = await import('prom-client')
  const { systemMeter } = await import('../../runtime/system.ts')
  const ports = { ...city.parts.ports, meter: systemMeter(new Registry()) }
  api = await startApi({ ...city.parts, ports })
})
afterEach(async () => {
  await api.stop()
  await city.close()
  broker.sockets.close()
  broker.server.closeAllConnections()
  broker.server.close()
})

async function startBroker(): Promise<typeof broker> {
  const server = createServer((_request, response) => response.writeHead(404).end())
  const sockets = new WebSocketServer({ noServer: true })
  const requests: IncomingMessage[] = []
  server.on('upgrade', (request, socket, head) => {
    requests.push(request)
    if (request.headers['x-bellwether-key'] !== 'the-key') {
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
      return
    }
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on('message', (data, binary) => ws.send(data, { binary }))
      ws.on('error', () => undefined)
    })
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  return { server, sockets, requests }
}

function open(path = '/mqtt', headers: Record<string, string> = {}): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${api.port}${path}`, 'mqtt', { headers })
}
const opened = (ws: WebSocket) =>
  new Promise<void>((resolve, reject) => {
    ws.once('open', resolve)
    ws.once('error', reject)
  })
const closed = (ws: WebSocket) =>
  new Promise<void>((resolve) => {
    ws.on('error', () => undefined)
    ws.once('close', () => resolve())
  })

/** Sends bytes and gives back everything that comes until the other side closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(api.port, '127.0.0.1', () => socket.write(text))
    socket.on('data', (data) => {
      answer += data.toString('latin1')
    })
    socket.once('error', reject)
    socket.once('close', () => resolve(answer))
  })
}

test('bytes go through both ways, large and small, with the sub-protocol', async () => {
  const ws = open()
  await opened(ws)
  expect(ws.protocol).toBe('mqtt')
  for (const size of [0, 1, 100_000, 3_000_000]) {
    const sent = Buffer.alloc(size, 7)
    const echo = new Promise<Buffer>((resolve) => {
      ws.once('message', (data) => resolve(data as Buffer))
    })
    ws.send(sent)
    expect((await echo).equals(sent)).toBe(true)
  }
  ws.close()
})

test('the broker learns the real address, and what a client makes up is left out', async () => {
  const ws = open('/mqtt?x=1', {
    'x-bellwether-key': 'guess',
    'X-Forwarded-For': '10.1.1.1',
    'x-forwarded-proto': 'https',
    forwarded: 'for=10.1.1.1',
    'x-real-ip': '10.1.1.1',
    'x-other': 'kept',
  })
  await opened(ws)
  const [request] = broker.requests
  expect(request?.headers['x-bellwether-key']).toBe('the-key')
  expect(request?.headers['x-forwarded-for']).toBe('127.0.0.1')
  expect(request?.headers['x-forwarded-proto']).toBeUndefined()
  expect(request?.headers.forwarded).toBeUndefined()
  expect(request?.headers['x-real-ip']).toBeUndefined()
  expect(request?.headers['x-other']).toBe('kept')
  expect(request?.url).toBe('/mqtt?x=1')
  ws.terminate()
})

test('when one side goes, the other is let go', async () => {
  const ws = open()
  await opened(ws)
  const [inner] = broker.sockets.clients
  const gone = new Promise<void>((resolve) => {
    inner?.once('close', () => resolve())
  })
  ws.terminate()
  await gone
  const again = open()
  await opened(again)
  const ended = closed(again)
  for (const socket of broker.sockets.clients) socket.terminate()
  await ended
})

test('without a broker, or with one that is gone, the answer is 503', async () => {
  edge = null
  const request =
    'GET /mqtt HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n'
  expect(await raw(request)).toMatch(
    /^HTTP\/1.1 503 [\s\S]*retry-after: 5[\s\S]*"code":"unavailable"/,
  )
  edge = { port: 1, key: 'x' }
  expect(await raw(request)).toMatch(/^HTTP\/1.1 503 /)
  const elsewhere = request.replace('/mqtt', '/mqtt/other')
  expect(await raw(elsewhere)).toMatch(/^HTTP\/1.1 404 [\s\S]*application\/problem\+json/)
})

test('all connections end at once when the server stops', async () => {
  const all = [open(), open(), open()]
  await Promise.all(all.map(opened))
  const ends = all.map(closed)
  await api.stop()
  await Promise.all(ends)
})

describe('a request that offers another protocol', () => {
  const offer =
    'connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__\r\n'

  test('is answered as if it had not', async () => {
    const response = await raw(
      `GET /healthz HTTP/1.1\r\nhost: x\r\n${offer}\r\nGET /nothing HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    )
    expect(response).toMatch(/^HTTP\/1.1 200 OK[\s\S]*\{"status":"ok"\}HTTP\/1.1 404/)
  })

  test('also with a body', async () => {
    const body = '{"id":"from-java"}'
    const response = await raw(
      `POST /api/v1/sites HTTP/1.1\r\nhost: x\r\n${offer}authorization: Bearer ${tokens.admin}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n`,
    )
    expect(response).toMatch(/^HTTP\/1.1 201 Created/)
    expect(city.parts.view.site('from-java')).toBeDefined()
  })
})
