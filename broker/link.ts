/**
 * The link between one connection and its Aedes client: packets go in decoded, Aedes answers on the socket.
 *
 * It takes three things out of the client that cost much memory or would read the socket behind the guard's
 * back: its parser, its `readable` listener, its end-of-stream listeners. For that it relies on private
 * fields of Aedes 1.2.0, which are checked on every client and, by `checkAedes`, once at the start.
 */

import { EventEmitter } from 'node:events'
import { Duplex } from 'node:stream'
import type { Aedes, Client } from 'aedes'
import type { Packet } from 'mqtt-packet'

type Enqueue = (this: unknown, packet: Packet) => void

/** What we use of an Aedes client beyond its published types. */
interface Inside {
  _parser: unknown
  _parsingBatch: number
  _nextBatch: (error?: Error | null) => void
  _paused?: boolean
  _eos: () => void
}

export class AedesChanged extends Error {}

export interface Link {
  readonly client: Client
  /** Hands a packet to Aedes. */
  dispatch(packet: Packet): void
  /** Packets that Aedes has not finished with. */
  readonly outstanding: number
}

/** Stands in for the parser of mqtt-packet: what Aedes does with it after a client is made, and no more. */
class Entry {
  readonly client: Client & Inside
  _queue: Packet[] | null = []
  readonly #enqueue: Enqueue

  constructor(client: Client & Inside, enqueue: Enqueue) {
    this.client = client
    this.#enqueue = enqueue
  }

  dispatch(packet: Packet): void {
    this.#enqueue.call(this, packet)
  }

  emit(_event: 'error', error: Error): void {
    this.client.emit('error', error)
  }

  removeAllListeners(): void {}
}

/** `onDone` is called whenever Aedes has finished with a packet; with an error when it will not have it. */
export function linkAedes(aedes: Aedes, conn: Duplex, onDone: (error: Error | null) => void): Link {
  const client = aedes.handle(conn)
  requireInside(client)
  const entry = new Entry(client, enqueueOf(client._parser))
  // Node lets the stream flow again after this; our `data` listener is still there, so nothing is lost.
  conn.removeAllListeners('readable')
  client._eos()
  client._eos = nothing
  client._parser = entry
  client._parsingBatch = 0
  client._nextBatch = (error) => {
    // Aedes calls this also when it resumes after sign-in, when nothing was counted.
    if (!client._paused) client._parsingBatch = Math.max(0, client._parsingBatch - 1)
    onDone(error ?? null)
  }
  return {
    client,
    dispatch: (packet) => entry.dispatch(packet),
    get outstanding() {
      return client._parsingBatch
    },
  }
}

function nothing(): void {}

function requireInside(client: Client): asserts client is Client & Inside {
  const inside = client as Client & Partial<Inside>
  if (typeof inside._nextBatch !== 'function') throw changed('_nextBatch')
  if (typeof inside._eos !== 'function') throw changed('_eos')
  if (typeof inside._parsingBatch !== 'number') throw changed('_parsingBatch')
  if (!(inside._parser instanceof EventEmitter)) throw changed('_parser')
}

function enqueueOf(parser: unknown): Enqueue {
  const listeners = parser instanceof EventEmitter ? parser.listeners('packet') : []
  const [only] = listeners
  if (listeners.length !== 1 || only === undefined) throw changed("_parser 'packet' listener")
  return function enqueue(packet) {
    Reflect.apply(only, this, [packet])
  }
}

function changed(what: string): AedesChanged {
  return new AedesChanged(
    `Aedes has changed inside: ${what} is not as in 1.2.0. Install exactly aedes 1.2.0, or adapt broker/link.ts.`,
  )
}

/** Fails loudly at the start when the installed Aedes is not the one this file was written for. */
export function checkAedes(aedes: Aedes): void {
  const conn = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  try {
    linkAedes(aedes, conn, nothing).client.close()
  } finally {
    conn.destroy()
  }
}
