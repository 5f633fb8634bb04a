/**
 * The listeners for MQTT over TCP and TLS. Both ask the guard before anything costs memory or a handshake.
 */

import { readFileSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TLSSocket } from 'node:tls'
import type { Config } from '../config.ts'
import { listenFault } from '../domain/listen-fault.ts'
import type { Log } from '../domain/ports.ts'
import type { Guard } from './guard.ts'
import { createSharedReads } from './shared-reads.ts'

const backlogMax = 4_096
/** Handshakes under way; the guard does not know them yet. */
const handshakesMin = 16
const handshakeShare = 1 / 8

export interface Listener {
  port: number
  /** Accepts nobody more; connections stay. */
  close(): void
}

export async function listenTcp(config: Config, guard: Guard, log: Log): Promise<Listener> {
  const open = createSharedReads()
  const server = createServer({ noDelay: true, pauseOnConnect: true }, (accepted) => {
    const address = accepted.remoteAddress ?? ''
    if (!guard.admits(address)) accepted.destroy()
    else open(accepted, (socket) => guard.accept(socket, { address }))
  })
  return listen(server, config, 'BELLWETHER_MQTT_PORT', config.mqttPort, log)
}

/** TLS 1.2 or 1.3. A client certificate is asked for when there is an authority to judge it by. */
export async function listenTls(config: Config, guard: Guard, log: Log): Promise<Listener | null> {
  if (config.mqttsPort === undefined || !config.tlsCert || !config.tlsKey) return null
  const handshaking = createHandshakes(config.mqttConnectionsMax)
  const tls = createTlsServer(
    {
      cert: readFileSync(config.tlsCert),
      key: readFileSync(config.tlsKey),
      ...(config.tlsCa === undefined ? {} : { ca: readFileSync(config.tlsCa) }),
      requestCert: config.tlsCa !== undefined,
      // Without a certificate, or with a bad one, a device can still sign in by its token.
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: config.mqttConnectTimeoutMs,
    },
    (socket) => {
      handshaking.done(socket)
      guard.accept(socket, {
        address: socket.remoteAddress ?? '',
        certificate: commonName(socket),
      })
    },
  )
  tls.on('tlsClientError', (error, socket) => {
    log.debug({ error: error.message }, 'A TLS handshake failed.')
    // Node reports a handshake that takes too long, and leaves the rest to us.
    socket.destroy()
  })
  const server = createServer({ noDelay: true }, (socket: Socket) => {
    socket.on('error', (error) => log.debug({ error: error.message }, 'A TLS connection broke.'))
    if (!guard.admits(socket.remoteAddress ?? '')) {
      socket.destroy()
      return
    }
    handshaking.begin(socket)
    tls.emit('connection', socket)
  })
  // The guard does not know those that have not finished their handshake.
  server.maxConnections = config.mqttConnectionsMax
  return listen(server, config, 'BELLWETHER_MQTTS_PORT', config.mqttsPort, log)
}

/** Those under way, by the other end's address and port; when there are too many, the oldest makes room. */
function createHandshakes(connectionsMax: number) {
  const most = Math.max(handshakesMin, connectionsMax * handshakeShare)
  const sockets = new Map<string, Socket>()
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`
  return {
    begin(socket: Socket): void {
      const name = nameOf(socket)
      for (const [oldest, other] of sockets) {
        if (sockets.size < most) break
        sockets.delete(oldest)
        other.destroy()
      }
      sockets.set(name, socket)
      socket.once('close', () => {
        if (sockets.get(name) === socket) sockets.delete(name)
      })
    },
    done: (socket: Socket) => void sockets.delete(nameOf(socket)),
  }
}

/** Only of a certificate that our authority has signed and that is valid now. */
function commonName(socket: TLSSocket): string | undefined {
  if (!socket.authorized) return undefined
  const name: unknown = socket.getPeerCertificate().subject?.CN
  return typeof name === 'string' && name !== '' ? name : undefined
}

function listen(
  server: Server,
  config: Config,
  portSetting: string,
  port: number,
  log: Log,
): Promise<Listener> {
  const { mqttHost: host } = config
  return new Promise((resolve, reject) => {
    const refuse = (error: Error) =>
      reject(listenFault(error, { hostSetting: 'BELLWETHER_MQTT_HOST', host, portSetting, port }))
    server.once('error', refuse)
    server.listen({ host, port, backlog: backlogMax }, () => {
      server.off('error', refuse)
      server.on('error', (error) => log.error({ error }, 'An MQTT listener reports an error.'))
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error('no TCP address'))
      else resolve({ port: address.port, close: () => void server.close() })
    })
  })
}
