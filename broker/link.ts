/**
 * The link between one connection and its Aedes client: packets go in decoded, Aedes answers on the socket.
 *
 * It takes out of the client what costs much memory or would read the socket behind the guard's back: its
 * parser and its listeners on the socket. For that it relies on private fields of Aedes 1.2.0, which are
 * checked on every client and, by `checkAedes`, once at the start.
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
  /** QoS 2 packet ids between PUBLISH and PUBREL. */
  _inboundInflight: Pick<Set<number>, 'has' | 'add' | 'delete' | 'size'>
}

export class AedesChanged extends Error {}

export interface LinkOwner {
  /** Aedes has finished with a packet; with an error when it will not have it. */
  onAedesDone(error: Error | null): void
}

/** Stands in for the parser of mqtt-packet: what Aedes does with it after a client is made, and no more. */
export class Link<Owner extends LinkOwner> {
  readonly client: Client & Inside
  readonly owner: Owner
  readonly #enqueue: Enqueue
  _queue: Packet[] | null = noPackets

  constructor(client: Client & Inside, owner: Owner, enqueue: Enqueue) {
    this.client = client
    this.owner = owner
    this.#enqueue = enqueue
  }

  /** Hands a packet to Aedes. */
  dispatch(packet: Packet): void {
    this.#enqueue.call(this, packet)
  }

  /** Packets that Aedes has not finished with. */
  get outstanding(): number {
    return this.client._parsingBatch
  }

  /** Of the parser: Aedes tells it of an error. */
  emit(_event: 'error', error: Error): void {
    this.client.emit('error', error)
  }

  /** Of the parser: Aedes closes the client. */
  removeAllListeners(): void {}
}

/** Aedes would queue what comes before its CONNACK; nothing does, because the guard waits for it. */
const noPackets: Packet[] = []

/** What Aedes and Node's `finished` listen to on a socket. Whoever links must see to its `close`. */
const watched = ['readable', 'error', 'end', 'finish', 'close'] as const

/** Makes an Aedes client for the connection. The caller closes it (`client.close()`) when `conn` has closed. */
export function linkAedes<Owner extends LinkOwner>(
  aedes: Aedes,
  conn: Duplex,
  owner: Owner,
): Link<Owner> {
  const before = watched.map((event) => conn.listeners(event))
  const client = aedes.handle(conn)
  requireInside(client)
  const link = new Link(client, owner, enqueueOf(client._parser))
  client._eos()
  client._eos = nothing
  for (const [i, event] of watched.entries()) {
    for (const listener of conn.listeners(event)) {
      // Node lets the stream flow again after this; our `data` listener is still there: nothing is lost.
      if (!before[i]?.includes(listener))
        Reflect.apply(conn.removeListener, conn, [event, listener])
    }
  }
  client._parser = link
  // The stored session keeps the same ids, and in less memory.
  client._inboundInflight = noIds
  client._parsingBatch = 0
  client._nextBatch = (error) => {
    // Aedes calls this also when it resumes after sign-in, when nothing was counted.
    if (!client._paused) client._parsingBatch = Math.max(0, client._parsingBatch - 1)
    link.owner.onAedesDone(error ?? null)
  }
  return link
}

/** Whose client this is; undefined for one that was not linked. */
export function linkOf(client: object): Link<LinkOwner> | undefined {
  const parser: unknown = Reflect.get(client, '_parser')
  return parser instanceof Link ? parser : undefined
}

function nothing(): void {}

const noIds = { size: 0, has: () => false, add: () => new Set<number>(), delete: () => true }

function requireInside(client: Client): asserts client is Client & Inside {
  const inside: Client & Partial<Inside> = client
  if (typeof inside._nextBatch !== 'function') throw changed('_nextBatch')
  if (!(inside._inboundInflight instanceof Set)) throw changed('_inboundInflight')
  if (typeof inside._eos !== 'function') throw changed('_eos')
  if (typeof inside._parsingBatch !== 'number') throw changed('_parsingBatch')
  if (!(inside._parser instanceof EventEmitter)) throw changed('_parser')
}

function enqueueOf(parser: unknown): Enqueue {
  const listeners = parser instanceof EventEmitter ? parser.listeners('packet') : []
  const [only] = listeners
  if (listeners.length !== 1 || !isEnqueue(only)) throw changed("_parser 'packet' listener")
  return only
}

/** Listeners are functions; what they take is not known to the compiler. */
function isEnqueue(listener: unknown): listener is Enqueue {
  return typeof listener === 'function'
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
    linkAedes(aedes, conn, { onAedesDone: nothing }).client.close()
  } finally {
    conn.destroy()
  }
}
