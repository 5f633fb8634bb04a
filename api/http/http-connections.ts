/**
 * HTTP connections, bounded in all and by address, so that sockets which ask for nothing, drip or never read
 * take no descriptor that the broker needs. When there are too many, the one that is of least use makes room:
 * one without a request under way, then one whose request or answer does not get on. Somebody new is turned away
 * only when all are of use. Upgraded connections (MQTT over WebSocket) are counted elsewhere.
 */

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { addressKey } from '../../domain/address-key.ts'
import type { Ports } from '../../domain/ports.ts'

export interface HttpConnectionsOptions {
  server: Server
  ports: Pick<Ports, 'clock' | 'timers' | 'meter'>
  connectionsMax: number
  perAddressMax: number
}

const lookEveryMs = 5_000
/** A request or an answer that has moved nothing for so long may have to make room. */
const stuckMs = 5_000
/** An answer must go out at this pace over this time, or its reader is cut off. */
const drainMs = 30_000
const drainBytesPerSecondMin = 1_024

interface Client {
  socket: Socket
  address: string
  /** Monotonic milliseconds at which it came, or its last answer ended. */
  idleSince: number
  request: IncomingMessage | null
  /** Bytes in both directions when it was last seen to get on, and when. */
  bytes: number
  movedAt: number
  /** Bytes that had gone out at the beginning of the present time of `drainMs`. */
  sent: number
  drainSince: number
}

export class HttpConnections {
  readonly #options: HttpConnectionsOptions
  readonly #clients = new Map<Socket, Client>()
  readonly #perAddress = new Map<string, Set<Client>>()
  readonly #ended: (by: number, labels: { reason: string }) => void
  readonly #cancel: () => void

  constructor(options: HttpConnectionsOptions) {
    this.#options = options
    const { server, ports } = options
    const open = ports.meter.gauge('bellwether_api_connections', 'HTTP connections that are open.')
    this.#ended = ports.meter.counter(
      'bellwether_api_connections_ended_total',
      'HTTP connections that were ended for the sake of others, or because they did not read.',
      ['reason'],
    )
    server.prependListener('connection', (socket: Socket) => this.#arrived(socket))
    server.prependListener('request', (request: IncomingMessage, response: ServerResponse) =>
      this.#asked(request, response),
    )
    server.on('upgrade', (_request, socket: Socket) => this.#gone(socket))
    this.#cancel = ports.timers.every(lookEveryMs, () => {
      this.#look()
      open(this.#clients.size)
    })
  }

  get size(): number {
    return this.#clients.size
  }

  stop(): void {
    this.#cancel()
  }

  #now(): number {
    return this.#options.ports.clock.monotonic()
  }

  #arrived(socket: Socket): void {
    if (this.#clients.has(socket)) return
    const address = addressKey(socket.remoteAddress ?? '')
    const mine = this.#perAddress.get(address) ?? new Set<Client>()
    if (!this.#hasRoom(mine)) {
      this.#refuse(socket)
      return
    }
    const now = this.#now()
    const client: Client = {
      ...{ socket, address, idleSince: now, request: null },
      ...{ bytes: 0, movedAt: now, sent: 0, drainSince: now },
    }
    this.#clients.set(socket, client)
    this.#perAddress.set(address, mine.add(client))
    socket.once('close', () => this.#gone(socket))
  }

  #hasRoom(mine: ReadonlySet<Client>): boolean {
    const { perAddressMax, connectionsMax } = this.#options
    if (mine.size >= perAddressMax && !this.#makeRoom(mine)) return false
    return this.#clients.size < connectionsMax || this.#makeRoom(this.#busiest())
  }

  #asked(request: IncomingMessage, response: ServerResponse): void {
    const client = this.#clients.get(request.socket)
    if (client === undefined) return
    const now = this.#now()
    client.request = request
    client.movedAt = now
    client.drainSince = now
    client.sent = sentBy(client.socket)
    response.once('close', () => {
      if (client.request !== request) return
      client.request = null
      client.idleSince = this.#now()
    })
  }

  #gone(socket: Socket): void {
    const client = this.#clients.get(socket)
    if (client === undefined) return
    this.#clients.delete(socket)
    const mine = this.#perAddress.get(client.address)
    mine?.delete(client)
    if (mine?.size === 0) this.#perAddress.delete(client.address)
  }

  /** Those of the address that has most: it pays for its own crowd. */
  #busiest(): ReadonlySet<Client> {
    let most: ReadonlySet<Client> = new Set()
    for (const clients of this.#perAddress.values()) if (clients.size > most.size) most = clients
    return most
  }

  #makeRoom(among: ReadonlySet<Client>): boolean {
    let least: Client | null = null
    for (const client of among) {
      if (client.request === null && (least === null || client.idleSince < least.idleSince)) {
        least = client
      }
    }
    least ??= this.#stuckAmong(among)
    if (least === null) return false
    this.#end(least, 'crowded')
    return true
  }

  /** The one whose request or answer has not got on for longest. */
  #stuckAmong(among: ReadonlySet<Client>): Client | null {
    const now = this.#now()
    let longest: Client | null = null
    for (const client of among) {
      this.#watch(client, now)
      const isStuck = now - client.movedAt >= stuckMs && isUnderWay(client)
      if (isStuck && (longest === null || client.movedAt < longest.movedAt)) longest = client
    }
    return longest
  }

  #watch(client: Client, now: number): void {
    const bytes = client.socket.bytesRead + sentBy(client.socket)
    if (bytes === client.bytes) return
    client.bytes = bytes
    client.movedAt = now
  }

  #look(): void {
    const now = this.#now()
    for (const client of this.#clients.values()) {
      this.#watch(client, now)
      if (waitingBytes(client.socket) === 0) {
        client.drainSince = now
        client.sent = sentBy(client.socket)
      } else if (now - client.drainSince >= drainMs) this.#judgeReader(client, now)
    }
  }

  #judgeReader(client: Client, now: number): void {
    const sent = sentBy(client.socket)
    const seconds = (now - client.drainSince) / 1_000
    if ((sent - client.sent) / seconds < drainBytesPerSecondMin) this.#end(client, 'slow_reader')
    client.drainSince = now
    client.sent = sent
  }

  #end(client: Client, reason: string): void {
    this.#ended(1, { reason })
    this.#gone(client.socket)
    client.socket.destroy()
  }

  #refuse(socket: Socket): void {
    this.#ended(1, { reason: 'turned_away' })
    socket.on('error', () => {})
    socket.destroy()
  }
}

/** A body that is still to come, or an answer that is not taken. A server that is thinking is not its client's fault. */
function isUnderWay({ request, socket }: Client): boolean {
  return request !== null && (!request.complete || waitingBytes(socket) > 0)
}

/** Node keeps the part that the kernel has not taken in the handle; one long write counts as a whole elsewhere. */
function waitingBytes(socket: Socket): number {
  const handle: unknown = Reflect.get(socket, '_handle')
  const queued: unknown =
    typeof handle === 'object' && handle !== null
      ? Reflect.get(handle, 'writeQueueSize')
      : undefined
  if (typeof queued !== 'number') return socket.writableLength
  return queued > 0 ? queued : socket.writableLength
}

function sentBy(socket: Socket): number {
  return socket.bytesWritten - waitingBytes(socket)
}
