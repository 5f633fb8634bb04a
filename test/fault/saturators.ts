/**
 * Devices that publish as fast as they are acknowledged. Raw sockets, so that the server and not the generator is at
 * its limit. Each message carries a number of its own; PUBACKs come in order, so one count per device says which were
 * promised. Nothing is sent again.
 */

import { connect, type Socket } from 'node:net'

const topic = 'v1/devices/me/telemetry'
export const property = 'meter_volume'

export interface Saturator {
  readonly device: string
  /** Whether its messages carry a time. */
  readonly timed: boolean
  /** Numbers that were promised: ranges from … below to, one for each connection that it had. */
  readonly promised: readonly { from: number; below: number }[]
  /** Connects and publishes; resolves when it is signed in. */
  start(): Promise<void>
  /** Sends no more and resolves when all is acknowledged, or the connection has gone. */
  finish(): Promise<void>
}

export interface SaturatorOptions {
  device: string
  token: string
  port: number
  window: number
  timed: boolean
  /** Times of messages go on from here, a millisecond each. */
  firstMs: number
}

export function createSaturator(options: SaturatorOptions): Saturator {
  const { device, timed, window } = options
  const promised: { from: number; below: number }[] = []
  let next = 0
  let run: Run | null = null

  function messages(count: number): Buffer {
    const frames: Buffer[] = []
    for (let i = 0; i < count; i++) {
      const n = next++
      const values = `{"${property}":${n}}`
      const payload = timed ? `{"ts":${options.firstMs + n},"values":${values}}` : values
      frames.push(publishFrame(payload, (n % 65_535) + 1))
    }
    return Buffer.concat(frames)
  }

  return {
    device,
    timed,
    promised,
    async start() {
      const range = { from: next, below: next }
      promised.push(range)
      const socket = await signIn(options)
      run = new Run(socket, (acks, stopping) => {
        range.below += acks
        if (!stopping) socket.write(messages(acks))
      })
      socket.write(messages(window))
    },
    async finish() {
      await run?.finish(window)
    },
  }
}

/** One connection after its sign-in. */
class Run {
  readonly #socket: Socket
  #rest = 0
  #stopping = false
  #open: number | null = null
  #gone: Promise<void>

  constructor(socket: Socket, onAcks: (acks: number, stopping: boolean) => void) {
    this.#socket = socket
    this.#gone = new Promise((resolve) => socket.once('close', () => resolve()))
    socket.on('data', (chunk) => {
      const bytes = this.#rest + chunk.length
      this.#rest = bytes & 3
      const acks = bytes >> 2
      if (this.#open !== null) this.#open -= acks
      onAcks(acks, this.#stopping)
      if (this.#open === 0) socket.end()
    })
  }

  /** As many as the window are under way: each acknowledgement was answered by one message. */
  async finish(window: number): Promise<void> {
    this.#stopping = true
    this.#open = window
    if (this.#socket.destroyed) return
    await this.#gone
  }
}

function signIn({ device, token, port }: SaturatorOptions): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true })
    socket.once('error', reject)
    socket.once('data', (answer) => {
      socket.off('error', reject)
      socket.on('error', () => {}) // The server is killed; `close` follows.
      if (answer[3] === 0 && answer.length === 4) resolve(socket)
      else reject(new Error(`sign-in answered with ${answer.toString('hex')}`))
    })
    const head = Buffer.concat([text('MQTT'), Buffer.of(4, 0xc2, 0, 60)])
    socket.write(frame(0x10, Buffer.concat([head, text(device), text(device), text(token)])))
  })
}

function publishFrame(payload: string, id: number): Buffer {
  return frame(
    0x32,
    Buffer.concat([text(topic), Buffer.of(id >> 8, id & 0xff), Buffer.from(payload)]),
  )
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function frame(first: number, body: Buffer): Buffer {
  const { length } = body
  const header = length < 128 ? [first, length] : [first, (length & 0x7f) | 0x80, length >> 7]
  return Buffer.concat([Buffer.from(header), body])
}
