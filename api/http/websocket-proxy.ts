/**
 * MQTT over WebSocket on the HTTP port: an upgrade of `/mqtt` is handed on byte for byte to the broker's own
 * listener on this machine, with the address it came from. Everything else that asks for an upgrade (some HTTP
 * clients offer HTTP/2 on every first request) is answered as if it had not.
 */

import type { IncomingMessage, Server } from 'node:http'
import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Ports } from '../../domain/ports.ts'
import type { ApiParts } from '../parts.ts'
import { pathOf, problemOf } from './problem-details.ts'
import { Fault } from '../../domain/errors.ts'

export interface WebsocketProxy {
  /** Ends all connections at once. */
  close(): void
}

interface ProxyParts {
  server: Server
  edge: ApiParts['edge']
  ports: Pick<Ports, 'log' | 'meter'>
  connectionsMax: number
}

const keyHeader = 'x-bellwether-key'

export function installWebsocketProxy(parts: ProxyParts): WebsocketProxy {
  const { server, edge, ports, connectionsMax } = parts
  /** The outer ends; each inner end follows its outer one. */
  const open = new Set<Duplex>()
  const told = ports.meter.gauge(
    'bellwether_api_mqtt_connections',
    'MQTT over WebSocket connections that are handed on to the broker.',
  )

  function keep(socket: Duplex): void {
    open.add(socket)
    told(open.size)
    socket.once('close', () => {
      open.delete(socket)
      told(open.size)
    })
  }

  server.on('upgrade', (request, socket: Socket, head: Buffer) => {
    socket.on('error', () => socket.destroy())
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      replay(server, request, socket, head)
      return
    }
    if (pathOf(request.url ?? '') !== '/mqtt') {
      refuse(
        socket,
        new Fault('not_found', 'There is no WebSocket at this path; MQTT is at /mqtt.'),
      )
      return
    }
    if (open.size >= connectionsMax) {
      refuse(socket, new Fault('unavailable', 'There are too many connections.'))
      return
    }
    keep(socket)
    handOn().catch((error: unknown) => {
      ports.log.warn({ error }, 'A WebSocket connection could not be handed on to the broker.')
      refuse(socket, new Fault('unavailable', 'The broker does not answer.'))
    })

    async function handOn(): Promise<void> {
      const target = await edge()
      if (target === null || socket.destroyed) {
        refuse(socket, new Fault('unavailable', 'The broker does not run.'))
        return
      }
      const inner = await connected(target.port)
      // Node reads header bytes as Latin-1, so this gives them back as they came.
      inner.write(handshake(request, target.key), 'latin1')
      if (head.length > 0) inner.write(head)
      join(socket, inner)
    }
  })

  return {
    close() {
      for (const socket of open) socket.destroy()
    },
  }
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('connect', () => {
      socket.off('error', reject)
      resolve(socket)
    })
  })
}

/**
 * Each end follows the other; `pipe` waits when the other side does not read. Node has taken its own timeout
 * off an upgraded socket: how long one may be silent is for the broker to say.
 */
function join(outer: Socket, inner: Socket): void {
  outer.setNoDelay(true)
  inner.on('error', () => outer.destroy())
  outer.once('close', () => inner.destroy())
  inner.once('close', () => outer.destroy())
  outer.pipe(inner)
  inner.pipe(outer)
}

/** The request as it came, without what only we may say, and with it. */
function handshake(request: IncomingMessage, key: string): string {
  const lines = [`${request.method} ${request.url} HTTP/1.1`]
  for (const [name, value] of headersOf(request)) {
    if (!/^(x-bellwether-|x-forwarded-|x-real-ip$|forwarded$)/i.test(name)) {
      lines.push(`${name}: ${value}`)
    }
  }
  lines.push(`${keyHeader}: ${key}`, `x-forwarded-for: ${request.socket.remoteAddress ?? ''}`)
  return `${lines.join('\r\n')}\r\n\r\n`
}

function* headersOf({ rawHeaders }: IncomingMessage): Generator<[string, string]> {
  for (let i = 0; i + 1 < rawHeaders.length; i += 2)
    yield [rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']
}

/**
 * Gives the request back to the server as an ordinary one. Node hands every request with an Upgrade header to
 * the upgrade listener as soon as there is one, and leaves it no way to say no (RFC 9110 §7.8 lets a server
 * ignore the header).
 */
function replay(server: Server, request: IncomingMessage, socket: Socket, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`]
  for (const [name, value] of headersOf(request)) {
    if (!/^(upgrade|connection|http2-settings)$/i.test(name)) lines.push(`${name}: ${value}`)
  }
  socket.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]))
  server.emit('connection', socket)
}

function refuse(socket: Socket, fault: Fault): void {
  const problem = problemOf(fault)
  const body = JSON.stringify(problem)
  socket.end(
    `HTTP/1.1 ${problem.status} ${problem.title}\r\n` +
      'content-type: application/problem+json; charset=utf-8\r\n' +
      `content-length: ${Buffer.byteLength(body)}\r\n` +
      (problem.status === 503 ? 'retry-after: 5\r\n' : '') +
      `connection: close\r\n\r\n${body}`,
  )
}
