/** A bare socket that speaks MQTT byte for byte, so that a test can send what no client library would. */

import { connect, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import mqttPacket, { type Packet } from 'mqtt-packet'

export const generate = (packet: Packet): Buffer => mqttPacket.generate(packet)

export function publishFrame(
  topic: string,
  payload: string | Buffer,
  options: { qos?: 0 | 1 | 2; messageId?: number; retain?: boolean; dup?: boolean } = {},
): Buffer {
  const { qos = 1, messageId = 1, retain = false, dup = false } = options
  return generate({ cmd: 'publish', topic, payload, qos, messageId, retain, dup })
}

export interface ConnectOptions {
  clientId?: string
  username?: string
  password?: string
  clean?: boolean
  keepalive?: number
  will?: { topic: string; payload: Buffer; qos: 0 | 1 | 2; retain: boolean }
}

export function connectFrame(options: ConnectOptions = {}): Buffer {
  const { password, will, ...rest } = options
  return generate({
    cmd: 'connect',
    protocolId: 'MQTT',
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: 'raw',
    ...rest,
    ...(password === undefined ? {} : { password: Buffer.from(password) }),
    ...(will === undefined ? {} : { will }),
  } as Packet)
}

export class RawClient {
  readonly socket: Duplex
  readonly packets: Packet[] = []
  bytesReceived = 0
  closed = false
  #taken = 0
  #wake: (() => void)[] = []

  constructor(socket: Duplex) {
    this.socket = socket
    const parser = mqttPacket.parser()
    parser.on('packet', (packet) => {
      this.packets.push(packet)
      this.#notify()
    })
    socket.on('data', (chunk: Buffer) => {
      this.bytesReceived += chunk.length
      parser.parse(chunk)
    })
    socket.on('error', () => {})
    socket.on('close', () => {
      this.closed = true
      this.#notify()
    })
  }

  static open(port: number): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true }, () =>
        resolve(new RawClient(socket)),
      )
      socket.once('error', reject)
    })
  }

  #notify(): void {
    const waiting = this.#wake
    this.#wake = []
    for (const wake of waiting) wake()
  }

  send(...frames: Uint8Array[]): void {
    this.socket.write(Buffer.concat(frames))
  }

  /** Sends CONNECT; the return code of the CONNACK, or `closed`. */
  async connect(options: ConnectOptions = {}): Promise<number | 'closed'> {
    this.send(connectFrame(options))
    return this.connack()
  }

  async connack(): Promise<number | 'closed'> {
    const packet = await this.next()
    if (packet === 'closed') return 'closed'
    if (packet.cmd !== 'connack') throw new Error(`not a connack: ${packet.cmd}`)
    return packet.returnCode ?? -1
  }

  /** The next packet that was not taken yet, or `closed`. */
  async next(): Promise<Packet | 'closed'> {
    for (;;) {
      const packet = this.packets[this.#taken]
      if (packet !== undefined) {
        this.#taken++
        return packet
      }
      if (this.closed) return 'closed'
      await new Promise<void>((resolve) => this.#wake.push(resolve))
    }
  }

  async nextOf<C extends Packet['cmd']>(cmd: C): Promise<Extract<Packet, { cmd: C }>> {
    const packet = await this.next()
    if (packet === 'closed' || packet.cmd !== cmd) {
      throw new Error(`expected ${cmd}, got ${packet === 'closed' ? packet : packet.cmd}`)
    }
    return packet as Extract<Packet, { cmd: C }>
  }

  /** Resolves when the other side has closed. */
  async untilClosed(): Promise<void> {
    while (!this.closed) await new Promise<void>((resolve) => this.#wake.push(resolve))
  }

  /** Answers a ping; everything sent before it has been read by then. */
  async ping(): Promise<void> {
    this.send(Uint8Array.of(0xc0, 0))
    for (;;) {
      const packet = await this.next()
      if (packet === 'closed') throw new Error('closed')
      if (packet.cmd === 'pingresp') return
    }
  }

  /** Packet ids of the PUBACKs so far. */
  get acknowledged(): number[] {
    return this.packets.flatMap((packet) =>
      packet.cmd === 'puback' ? [packet.messageId ?? 0] : [],
    )
  }

  destroy(): void {
    this.socket.destroy()
  }
}
