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
  /** Queues it; when the queue is full the oldest that waits is given up and counted. */
  say(piece: Piece): void
  /** Cuts the connection or lets it come back. */
  setDown(down: boolean): void
  /** Breaks the connection once; it comes back by itself. */
  drop(): void
  readonly connected: boolean
  readonly waiting: number
  readonly inFlight: number
  /** Says goodbye; what is still unacknowledged is given up. */
  close(): Promise<void>
}

const inFlightMax = 16
const piecesMax = 5_000
const backoffMs = { first: 500, most: 30_000 } as const
const connectTimeoutMs = 10_000
/** A server that refuses its own new tokens is not asked for ever more of them. */
const renewalsMax = 3

export function openLink(options: LinkOptions): Link {
  const { ports, tally } = options
  const gateway = options.behind !== null
  const queue: Piece[] = []
  const again: Message[] = []
  const inFlight = new Set<Message>()
  let token = options.token
  let client: MqttClient | null = null
  let retry: Cancel | null = null
  let attempts = 0
  let renewing = false
  let renewals = 0
  let down = false
  let closed = false

  function wanted(): boolean {
    if (down || closed) return false
    return !options.sleepy || queue.length + again.length + inFlight.size > 0
  }

  function open(): void {
    if (client !== null || retry !== null || renewing || !wanted()) return
    const opened = connect(options.mqttUrl, {
      protocolVersion: 4,
      clientId: options.id,
      username: options.id,
      password: token,
      clean: true,
      keepalive: 60,
      reconnectPeriod: 0,
      connectTimeout: connectTimeoutMs,
      queueQoSZero: false,
    })
    client = opened
    opened.on('connect', () => {
      attempts = 0
      tally.connects++
      announce()
      pump()
    })
    opened.on('error', (error) => {
      tally.lastError = error.message
      if ('code' in error && (error.code === 4 || error.code === 5)) void refused()
    })
    opened.on('close', () => broken(opened))
  }

  /** A gateway says who is behind it each time it comes, as gateways set up for ThingsBoard do. */
  function announce(): void {
    const topic = topicOf('gateway-connect')
    const hellos = (options.behind ?? []).map((device) => {
      return { topic, payload: JSON.stringify({ device }), readings: 0, pieces: 0 }
    })
    again.unshift(...hellos)
  }

  async function refused(): Promise<void> {
    tally.refused++
    if (options.renew === null || renewing || renewals >= renewalsMax) return
    renewing = true
    renewals++
    try {
      token = await options.renew(options.id)
    } catch (error) {
      // The next attempt is refused again and asks again, with growing pauses.
      tally.lastError = error instanceof Error ? error.message : String(error)
    }
    renewing = false
    open()
  }

  function broken(which: MqttClient): void {
    if (client !== which) return
    client = null
    which.end(true)
    // Announcements are made again on the next connection; everything else must not be lost.
    const kept = [...inFlight, ...again].filter((message) => message.pieces > 0)
    again.splice(0, again.length, ...kept)
    inFlight.clear()
    if (!wanted()) return
    const longest = Math.min(backoffMs.most, backoffMs.first * 2 ** attempts)
    attempts++
    retry = ports.timers.after(longest * (0.5 + ports.random.fraction() / 2), () => {
      retry = null
      open()
    })
  }

  function pump(): void {
    while (client?.connected === true && inFlight.size < inFlightMax) {
      const message = again.shift() ?? nextMessage()
      if (message === null) break
      publish(client, message)
    }
    if (options.sleepy && client?.connected === true && !wanted()) hangUp()
  }

  function nextMessage(): Message | null {
    const message = compose(queue, gateway)
    if (message !== null) queue.splice(0, message.pieces)
    return message
  }

  function publish(on: MqttClient, message: Message): void {
    inFlight.add(message)
    tally.sent++
    on.publish(message.topic, message.payload, { qos: 1 }, (error) => {
      // A broken connection answers with an error; the message was already taken back for the next one.
      if (error || client !== on || !inFlight.delete(message)) return
      tally.acked++
      tally.readings += message.readings
      pump()
    })
  }

  function hangUp(): void {
    const leaving = client
    client = null
    leaving?.end()
  }

  return {
    say(piece) {
      if (queue.length >= piecesMax) {
        queue.shift()
        tally.givenUp++
      }
      queue.push(piece)
      open()
      pump()
    },
    setDown(value) {
      if (down === value) return
      down = value
      if (down) this.drop()
      else open()
    },
    drop() {
      client?.stream.destroy()
    },
    get connected() {
      return client?.connected === true
    },
    get waiting() {
      return queue.length + again.length
    },
    get inFlight() {
      return inFlight.size
    },
    async close() {
      closed = true
      retry?.()
      const leaving = client
      client = null
      tally.givenUp += inFlight.size
      if (leaving !== null) await leaving.endAsync(!leaving.connected)
    },
  }
}
