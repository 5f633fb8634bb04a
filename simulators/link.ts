/**
 * One MQTT connection, of a device or of a gateway, as a careful device would run it: QoS 1, a bounded number
 * unacknowledged, a bounded queue, and after a break the unacknowledged messages again before anything new.
 *
 * Each attempt to connect is a fresh MQTT.js client: its own reconnecting has no back-off and its store would
 * hide from us what is still unacknowledged.
 */

import { connect, type MqttClient } from 'mqtt'
import type { Cancel, Ports } from '../domain/ports.ts'
import { topicOf } from '../domain/topic.ts'
import { compose, type Message } from './compose.ts'
import type { Tally } from './tally.ts'
import type { Piece } from './reports.ts'

export interface LinkOptions {
  /** Identity that signs in: user name and client id. */
  id: string
  token: string
  mqttUrl: string
  /** Devices it speaks for, or null when it is no gateway. */
  behind: readonly string[] | null
  /** Connects only while it has something to say, as a sleeping modem does. */
  sleepy: boolean
  ports: Pick<Ports, 'clock' | 'timers' | 'random'>
  tally: Tally
  /** Called when the server refuses the sign-in; a new token ends the refusal. Null: keep trying with the old one. */
  renew: ((id: string) => Promise<string>) | null
}

export interface Link {
  /** Queues it until `flush`; when the queue is full the oldest that waits is given up and counted. */
  say(piece: Piece): void
  /** Sends what waits, as few messages as it fits in. */
  flush(): void
  /** Cuts the connection or lets it come back. */
  setDown(down: boolean): void
  /** Breaks the connection once; it comes back by itself. */
  drop(): void
  readonly connected: boolean
  /** Not connected because it has nothing to say. */
  readonly asleep: boolean
  readonly waiting: number
  readonly inFlight: number
  /** Says goodbye; what is still unacknowledged is given up. */
  close(): Promise<void>
}

const inFlightMax = 16
const piecesMax = 5_000
const backoffMs = { first: 500, most: 30_000 } as const
const connectTimeoutMs = 10_000
/** A server that does not take a goodbye is left without. */
const goodbyeMs = 1_000
/** A server that refuses its own new tokens is not asked forever more of them. */
const renewalsMax = 3

export function openLink(options: LinkOptions): Link {
  return new MqttLink(options)
}

class MqttLink implements Link {
  readonly #options: LinkOptions
  readonly #queue: Piece[] = []
  /** To be sent before anything of the queue: unacknowledged when the connection broke. */
  readonly #again: Message[] = []
  readonly #inFlight = new Set<Message>()
  #token: string
  #client: MqttClient | null = null
  #retry: Cancel | null = null
  #attempts = 0
  #renewing = false
  #renewals = 0
  #down = false
  #closed = false

  constructor(options: LinkOptions) {
    this.#options = options
    this.#token = options.token
  }

  get connected(): boolean {
    return this.#client?.connected === true
  }

  get asleep(): boolean {
    return this.#client === null && !this.#closed && !this.#down && !this.#wanted()
  }

  get waiting(): number {
    return this.#queue.length + this.#again.length
  }

  get inFlight(): number {
    return this.#inFlight.size
  }

  say(piece: Piece): void {
    if (this.#queue.length >= piecesMax) {
      this.#queue.shift()
      this.#options.tally.givenUp++
    }
    this.#queue.push(piece)
  }

  flush(): void {
    this.#open()
    this.#pump()
  }

  setDown(down: boolean): void {
    if (this.#down === down) return
    this.#down = down
    if (down) this.drop()
    else this.#open()
  }

  drop(): void {
    this.#client?.stream.destroy()
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#retry?.()
    const leaving = this.#client
    this.#client = null
    this.#options.tally.givenUp += this.#inFlight.size + this.#again.length + this.#queue.length
    if (leaving === null) return
    const gone = new Promise<void>((resolve) => {
      const cancel = this.#options.ports.timers.after(goodbyeMs, resolve)
      leaving.once('close', cancel)
    })
    await Promise.race([leaving.endAsync(!leaving.connected), gone])
    leaving.stream.destroy()
  }

  #wanted(): boolean {
    if (this.#down || this.#closed) return false
    return !this.#options.sleepy || this.waiting + this.inFlight > 0
  }

  #open(): void {
    if (this.#client !== null || this.#retry !== null) return
    if (this.#renewing || !this.#wanted()) return
    const { id, mqttUrl, tally } = this.#options
    const client = connect(mqttUrl, {
      protocolVersion: 4,
      clientId: id,
      username: id,
      password: this.#token,
      clean: true,
      keepalive: 60,
      reconnectPeriod: 0,
      connectTimeout: connectTimeoutMs,
      queueQoSZero: false,
    })
    this.#client = client
    client.on('connect', () => {
      this.#attempts = 0
      tally.connects++
      this.#announce()
      this.#pump()
    })
    client.on('error', (error) => {
      tally.lastError = error.message
      if ('code' in error && (error.code === 4 || error.code === 5)) void this.#refused()
    })
    client.on('close', () => this.#broken(client))
  }

  /** A gateway says who is behind it each time it comes, as gateways set up for ThingsBoard do. */
  #announce(): void {
    const topic = topicOf('gateway-connect')
    const hellos = (this.#options.behind ?? []).map((device) => {
      return { topic, payload: JSON.stringify({ device }), readings: 0, pieces: 0 }
    })
    this.#again.unshift(...hellos)
  }

  async #refused(): Promise<void> {
    const { tally, renew, id } = this.#options
    tally.refused++
    if (renew === null || this.#renewing || this.#renewals >= renewalsMax) return
    this.#renewing = true
    this.#renewals++
    try {
      this.#token = await renew(id)
    } catch (error) {
      // The next attempt is refused again and asks again, with growing pauses.
      tally.lastError = error instanceof Error ? error.message : String(error)
    }
    this.#renewing = false
    this.#open()
  }

  #broken(which: MqttClient): void {
    if (this.#client !== which) return
    this.#client = null
    which.end(true)
    // Announcements are made again on the next connection; everything else must not be lost.
    const kept = [...this.#inFlight, ...this.#again].filter((message) => message.pieces > 0)
    this.#again.splice(0, this.#again.length, ...kept)
    this.#inFlight.clear()
    const { timers, random } = this.#options.ports
    const longestMs = Math.min(backoffMs.most, backoffMs.first * 2 ** this.#attempts)
    this.#attempts++
    this.#retry = timers.after(longestMs * (0.5 + random.fraction() / 2), () => {
      this.#retry = null
      this.#open()
    })
  }

  #pump(): void {
    let client = this.#client
    while (client?.connected === true && this.#inFlight.size < inFlightMax) {
      const message = this.#again.shift() ?? this.#nextMessage()
      if (message === null) break
      this.#publish(client, message)
      client = this.#client
    }
    if (this.#options.sleepy && client?.connected === true && !this.#wanted()) {
      this.#client = null
      client.end()
    }
  }

  #nextMessage(): Message | null {
    const message = compose(this.#queue, this.#options.behind !== null)
    if (message !== null) this.#queue.splice(0, message.pieces)
    return message
  }

  #publish(client: MqttClient, message: Message): void {
    const { tally } = this.#options
    this.#inFlight.add(message)
    tally.sent++
    client.publish(message.topic, message.payload, { qos: 1 }, (error) => {
      // A broken connection answers with an error; the message was already taken back for the next one.
      if (error || this.#client !== client || !this.#inFlight.delete(message)) return
      tally.acked++
      tally.readings += message.readings
      this.#pump()
    })
  }
}
