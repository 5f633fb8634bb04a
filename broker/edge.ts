/**
 * The edge: a small HTTP server on the loopback for the API, which may run in another thread or process.
 * `/mqtt` is MQTT over WebSocket (the API passes upgrades on), `GET /health` tells whether anything can be
 * accepted. Every request must carry the key that was made at this start.
 */

import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { createWebSocketStream, type WebSocket, WebSocketServer } from 'ws'
import type { Log, Random } from '../domain/ports.ts'
import { equalSecret, newSecret } from '../runtime/secret.ts'
import type { Guard } from './guard.ts'

const host = '127.0.0.1'
/** Sub-protocol names: MQTT 3.1.1 §6, and what clients of 3.1 send. */
const subprotocols = ['mqtt', 'mqttv3.1']

export interface EdgeHealth {
  writable: boolean
  reason: string | null
  head: number
  connections: number
  /** How long acknowledgements took lately; null when there were none. */
  ackMs: { p50: number; p99: number } | null
}

export interface Edge {
  port: number
  key: string
  /** Takes no more requests; connections stay. */
  close(): void
}

export interface EdgeOptions {
  guard: Guard
  random: Random
  log: Log
  packetBytesMax: number
  health(): EdgeHealth
}

export async function openEdge(options: EdgeOptions): Promise<Edge> {
  const { guard, log } = options
  const key = newSecret(options.random, '')
  const sockets = new WebSocketServer({
    noServer: true,
    // One WebSocket message may hold several packets; the guard measures those.
    maxPayload: options.packetBytesMax + 1_024,
    perMessageDeflate: false,
    handleProtocols: (offered) => subprotocols.find((name) => offered.has(name)) ?? false,
  })

  function hasKey(request: IncomingMessage): boolean {
    const given = request.headers['x-bellwether-key']
    return typeof given === 'string' && equalSecret(given, key)
  }

  const server = createServer((request, response) => {
    const known = hasKey(request) && request.method === 'GET' && request.url === '/health'
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' })
    response.end(JSON.stringify(known ? options.health() : { error: 'not found' }))
  })
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => log.debug({ error: error.message }, 'A WebSocket broke.'))
    const address = addressOf(request)
    if (!hasKey(request) || pathOf(request) !== '/mqtt') return turnAway(socket, '404 Not Found')
    if (!guard.admits(address)) return turnAway(socket, '503 Service Unavailable')
    sockets.handleUpgrade(request, socket, head, (ws) => accept(ws, address))
  })

  function accept(ws: WebSocket, address: string): void {
    const stream = createWebSocketStream(ws)
    // MQTT travels in binary messages only (§6.0.0-1).
    ws.on('message', (_data, isBinary) => {
      if (!isBinary) ws.terminate()
    })
    // The stream would wait for its reader before it tells that the other side is gone.
    ws.once('close', () => stream.destroy())
    guard.accept(stream, { address })
  }

  await listen(server)
  const bound = server.address()
  if (bound === null || typeof bound === 'string') throw new Error('the edge has no TCP address')
  return {
    port: bound.port,
    key,
    close() {
      server.close()
      server.closeIdleConnections()
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? ''
}

/** The API writes the client's address in front of us; only it knows the key. */
function addressOf(request: IncomingMessage): string {
  const header = request.headers['x-forwarded-for']
  const text = Array.isArray(header) ? header.join(',') : (header ?? '')
  return text.split(',').at(-1)?.trim() || (request.socket.remoteAddress ?? '')
}

function turnAway(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}
