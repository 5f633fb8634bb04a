/**
 * A load generator in a process of its own: N connections, each with a window of W unacknowledged QoS 1
 * messages. Raw sockets and frames made once, so that it takes little of the processor it shares with what
 * it measures. Checks that acknowledgements come in order. Prints one JSON line when it starts to measure, and
 * one with the result.
 *
 *   node --import tsx test/bench/mqtt-load.ts --port 1883 --connections 200 --window 5 --seconds 4
 *
 * `--unique` gives each message a time stamp of its own (slower). `--clean` sends four readings and no filling up
 * to 120 bytes, so that ingest has nothing to refuse. `--rate` paces: messages per second in all.
 */

import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'

const { values } = parseArgs({
  options: {
    host: { type: 'string', default: '127.0.0.1' },
    port: { type: 'string', default: '1883' },
    connections: { type: 'string', default: '200' },
    window: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '4' },
    warmup: { type: 'string', default: '1' },
    rate: { type: 'string', default: '0' },
    topic: { type: 'string', default: 'v1/devices/me/telemetry' },
    user: { type: 'string', default: 'd-' },
    password: { type: 'string', default: 'bench-token-' },
    offset: { type: 'string', default: '0' },
    unique: { type: 'boolean', default: false },
    clean: { type: 'boolean', default: false },
  },
})

const connections = Number(values.connections)
const window = Number(values.window)
const rate = Number(values.rate)
const offset = Number(values.offset)
const payloadBytes = 120
const connectsAtATime = 64
const tsDigits = 13

function text(value: string): Buffer {
  const bytes = Buffer.from(value)
  return Buffer.concat([Buffer.of(bytes.length >> 8, bytes.length & 0xff), bytes])
}

function frame(first: number, body: Buffer): Buffer {
  const { length } = body
  const header = length < 128 ? [first, length] : [first, (length & 0x7f) | 0x80, length >> 7]
  return Buffer.concat([Buffer.from(header), body])
}

function connectFrame(i: number): Buffer {
  const head = Buffer.concat([text('MQTT'), Buffer.of(4, 0xc2, 0, 60), text(`load-${i}`)])
  return frame(
    0x10,
    Buffer.concat([head, text(`${values.user}${i}`), text(`${values.password}${i}`)]),
  )
}

const head = '{"ts":'
const reading = `${head}${Date.now()},"values":{"pm25":35.2,"pm10":61,"temperature":18.4,"humidity":55`
const payload = `${reading},"x":"`.padEnd(payloadBytes - 3, 'x')
const body = Buffer.from(values.clean ? `${reading}}}` : `${payload.slice(0, payloadBytes - 3)}"}}`)
const one = (id: number) =>
  frame(0x32, Buffer.concat([text(values.topic), Buffer.of(id >> 8, id & 0xff), body]))
const frameBytes = one(1).length
/** Ids 1…W twice, so that any run of up to W frames is one slice. */
const ring = Buffer.concat(Array.from({ length: 2 * window }, (_, i) => one((i % window) + 1)))
const tsAt = frameBytes - body.length + head.length
/** Times of each device rise by a millisecond a message, so that even millions stay in the server's window. */
const firstTs = Date.now() - 3_600_000

let acks = 0
let measuring = false
const latenciesMs: number[] = []

class Publisher {
  readonly socket: Socket
  #next = 0
  #expected = 0
  #rest = 0
  #markId = -1
  #markAt = 0
  #nextTs = firstTs
  inflight = 0

  constructor(socket: Socket) {
    this.socket = socket
    socket.on('data', (chunk) => this.#receive(chunk))
  }

  send(count: number): void {
    const start = this.#next
    this.#next = (this.#next + count) % window
    this.inflight += count
    if (this.#markId < 0) {
      this.#markId = start
      this.#markAt = performance.now()
    }
    const frames = ring.subarray(start * frameBytes, (start + count) * frameBytes)
    this.socket.write(values.unique ? this.#stamped(frames, count) : frames)
  }

  #stamped(frames: Buffer, count: number): Buffer {
    const copy = Buffer.from(frames)
    for (let i = 0; i < count; i++) {
      copy.write(String(this.#nextTs++), i * frameBytes + tsAt, tsDigits, 'latin1')
    }
    return copy
  }

  #receive(chunk: Buffer): void {
    const bytes = this.#rest + chunk.length
    const count = bytes >> 2
    if (this.#rest === 0) this.#check(chunk, count)
    this.#rest = bytes & 3
    if (count === 0) return
    const marked = (this.#markId - this.#expected + window) % window
    if (this.#markId >= 0 && marked < count) {
      if (measuring && latenciesMs.length < 2_000_000) {
        latenciesMs.push(performance.now() - this.#markAt)
      }
      this.#markId = -1
    }
    this.#expected = (this.#expected + count) % window
    this.inflight -= count
    if (measuring) acks += count
    if (rate === 0) this.send(count)
  }

  /** The first and the last of the acknowledgements must be the ones that are due. */
  #check(chunk: Buffer, count: number): void {
    if (count === 0) return
    const last = (count - 1) * 4
    const first = chunk.readUInt16BE(2) - 1
    const final = chunk.readUInt16BE(last + 2) - 1
    if (
      chunk[0] !== 0x40 ||
      chunk[last] !== 0x40 ||
      first !== this.#expected ||
      final !== (this.#expected + count - 1) % window
    ) {
      throw new Error(`acknowledgement out of order: ${chunk.toString('hex', 0, 16)}`)
    }
  }
}

function open(i: number): Promise<Publisher> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: values.host, port: Number(values.port), noDelay: true })
    socket.on('error', reject)
    socket.write(connectFrame(i))
    socket.once('data', (answer) => {
      if (answer[0] !== 0x20 || answer[3] !== 0) reject(new Error(`refused: ${answer[3]}`))
      else {
        socket.on('close', () => {
          if (!finished) throw new Error('a connection was closed')
        })
        resolve(new Publisher(socket))
      }
    })
  })
}

let finished = false
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Spreads `rate` over all connections in steps of a few milliseconds. */
function pace(publishers: readonly Publisher[]): void {
  const start = performance.now()
  let sent = 0
  let next = 0
  setInterval(() => {
    const due = Math.floor(((performance.now() - start) / 1_000) * rate)
    for (let tries = 0; sent < due && tries < publishers.length; tries++) {
      const publisher = publishers[next]
      next = (next + 1) % publishers.length
      if (publisher === undefined || publisher.inflight >= window) continue
      publisher.send(1)
      sent++
      tries = 0
    }
  }, 2).unref()
}

const publishers: Publisher[] = []
const connectStart = performance.now()
for (let i = 0; i < connections; i += connectsAtATime) {
  const batch = Array.from({ length: Math.min(connectsAtATime, connections - i) }, (_, k) =>
    open(offset + i + k),
  )
  publishers.push(...(await Promise.all(batch)))
}
const connectSeconds = (performance.now() - connectStart) / 1_000
if (rate === 0) for (const publisher of publishers) publisher.send(window)
else pace(publishers)
await sleep(Number(values.warmup) * 1_000)
console.log(JSON.stringify({ measuring: true }))
const cpuStart = process.cpuUsage()
const start = performance.now()
measuring = true
await sleep(Number(values.seconds) * 1_000)
measuring = false
const seconds = (performance.now() - start) / 1_000
const cpu = process.cpuUsage(cpuStart)
finished = true
latenciesMs.sort((a, b) => a - b)
const quantile = (q: number) =>
  Number((latenciesMs[Math.floor(q * (latenciesMs.length - 1))] ?? 0).toFixed(3))
console.log(
  JSON.stringify({
    acks,
    acksPerSecond: Math.round(acks / seconds),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    cpuShare: Number(((cpu.user + cpu.system) / 1e6 / seconds).toFixed(2)),
    connectSeconds: Number(connectSeconds.toFixed(3)),
  }),
)
process.exit(0)
