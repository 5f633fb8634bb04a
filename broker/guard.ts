/**
 * The guard in front of Aedes. It owns every connection from its first byte to its last: measures frames,
 * demands a CONNECT in time, signs in, and only then makes an Aedes client for it. Aedes never sees a
 * connection that has not signed in, a packet that is too large, or an uplink of the fast path.
 */

import type { Duplex } from 'node:stream'
import type { Aedes, Client } from 'aedes'
import type { IConnectPacket } from 'mqtt-packet'
import type { Config } from '../config.ts'
import type { Ports } from '../domain/ports.ts'
import { innerId } from './access.ts'
import type { Admission } from './admission.ts'
import type { Bindings } from './binding.ts'
import { Connection } from './connection.ts'
import { Crowd } from './crowd.ts'
import {
  block,
  type ConnectionHost,
  type EndReason,
  type Origin,
  outstandingMax,
} from './connection-host.ts'
import { createDecoder } from './decoder.ts'
import type { Denials } from './denials.ts'
import { connackRefusal, isForClientsOnly, packetType, protocolOf } from './frame.ts'
import { toInner } from './inner-packet.ts'
import { addressKey } from '../domain/address-key.ts'
import { type FailureLog, Pause, type RateLimit, type TokenBucket } from './limits.ts'
import { type Link, linkAedes, linkOf } from './link.ts'
import type { BrokerMeters } from './meters.ts'
import { oversizeDraft } from './oversize.ts'
import type { Patience } from './patience.ts'
import type { Presences } from './presence.ts'
import type { Receipts } from './receipts.ts'
import { connack, type RefusalReason, type SignIn } from './sign-in.ts'

export interface GuardOptions {
  config: Config
  ports: Ports
  aedes: Aedes
  admission: Admission
  signIn: SignIn
  bindings: Bindings
  presences: Presences
  patience: Patience
  receipts: Receipts
  denials: Denials
  failures: FailureLog
  connects: RateLimit
  meters: BrokerMeters
}

export interface Guard {
  /** False when this address has had its share of connections, or there are too many in all. */
  admits(address: string): boolean
  /** `conn` must not have been read. Who reads it by other means than `data` events hands over what it reads. */
  accept(conn: Duplex, origin: Origin): Pick<Connection, 'receive'>
  connectionOf(client: object): Connection | undefined
  /** Aedes has sent the CONNACK: the connection may go on. */
  onWelcome(client: Client): void
  /** Ends connections whose credentials are no longer good. */
  recheck(): void
  /** Reads nothing more from anybody. */
  quiesce(): void
  readonly connections: ReadonlySet<Connection>
  /** Devices and service accounts that are signed in. */
  readonly identities: number
}

export function createGuard(options: GuardOptions): Guard {
  const {
    config,
    ports,
    aedes,
    admission,
    signIn,
    bindings,
    presences,
    patience,
    meters,
    receipts,
    denials,
  } = options
  const { clock, timers, log, random } = ports
  const decoder = createDecoder()
  const crowd = new Crowd<Connection>({
    connectionsMax: config.mqttConnectionsMax,
    perAddressMax: config.mqttConnectionsPerAddressMax,
    onCrowdedOut: () => meters.ended(1, { reason: 'crowded' }),
  })
  const connections = crowd.members

  const host: ConnectionHost<Connection> = {
    get tickMs() {
      return patience.tickMs
    },
    draft: (device, kind, payload) => receipts.draft(device, kind, payload),
    inflightMax: config.mqttInflightMax,
    isCongested(connection) {
      if (admission.congested) patience.waitForRoom(connection)
      return admission.congested
    },
    take: (draft, connection, packetId) => admission.take(draft, connection, packetId),
    deny(connection, { topic, payload }, packetId) {
      const identity = connection.presence?.identity
      if (identity === undefined) return false
      const note = denials.note(identity, Buffer.from(topic).toString('utf8'), payload)
      if (packetId === null) {
        if (note !== null) admission.note(note)
        return true
      }
      if (note === null) return admission.owe(connection, packetId)
      return admission.take(note, connection, packetId)
    },
    onFrame,
    onOversize(connection, start, frameBytes) {
      meters.oversize()
      const identity = connection.presence?.identity
      if (identity?.kind !== 'device') return
      admission.note(oversizeDraft(identity.id, start, frameBytes, clock.now()))
    },
    refill(connection, messages: TokenBucket) {
      messages.refill(clock.monotonic())
      if (!messages.empty) return true
      meters.slowed()
      patience.waitForRate(connection, messages)
      return false
    },
    runsAhead(connection) {
      const waitMs = receipts.waitMs()
      if (waitMs === 0) return false
      meters.slowed()
      patience.waitForRate(connection, new Pause(clock.monotonic() + waitMs))
      return true
    },
    onEnd(connection, reason: EndReason) {
      meters.ended(1, { reason })
      patience.expectClose(connection)
    },
    onBug(error) {
      meters.errors()
      log.error(
        { error },
        'A message could not be taken because of a bug; its connection is closed.',
      )
    },
  }

  function onFrame(connection: Connection, frame: Buffer): void {
    const type = (frame[0] ?? 0) >> 4
    const { link } = connection
    // The first packet is a CONNECT (§3.1.0-1), and no other is (§3.1.0-2).
    if ((type === packetType.connect) !== (link === null) || isForClientsOnly(type)) {
      connection.end('violation')
    } else if (link === null) connect(connection, frame)
    else forward(connection, link, frame)
  }

  function forward(connection: Connection, link: Link<Connection>, frame: Buffer): void {
    // A copy: Aedes keeps payloads for longer than this call.
    const packet = decoder.decode(Buffer.from(frame))
    if (packet === undefined) {
      connection.end('malformed')
      return
    }
    const identity = connection.presence?.identity
    if (identity !== undefined) toInner(identity, packet, { denials, log })
    if (packet.cmd === 'unsubscribe') {
      for (const filter of packet.unsubscriptions) connection.subscriptions?.delete(filter)
    }
    link.dispatch(packet)
    if (link.outstanding >= outstandingMax) connection.block(block.aedes)
  }

  function connect(connection: Connection, frame: Buffer): void {
    connection.block(block.signIn)
    const protocol = protocolOf(frame, 0, frame.length)
    const packet = protocol === 'supported' ? decoder.decode(Buffer.from(frame)) : undefined
    if (protocol === 'other') refuse(connection, 'unacceptableVersion')
    else if (packet?.cmd !== 'connect') connection.end('malformed')
    else if (packet.clientId === '' && !packet.clean) refuse(connection, 'identifierRejected')
    else if (admission.trouble !== null) refuse(connection, 'serverUnavailable')
    else {
      patience.signingIn(connection)
      crowd.introduced(connection)
      judge(connection, packet).catch((error: unknown) => {
        meters.errors()
        log.error({ error }, 'A sign-in failed inside; it is refused.')
        refuse(connection, 'serverUnavailable')
      })
    }
  }

  async function judge(connection: Connection, packet: IConnectPacket): Promise<void> {
    const verdict = await signIn.judge({
      username: packet.username,
      password: packet.password?.toString(),
      certificate: connection.certificate,
    })
    if (connection.conn.destroyed || connection.closing) return
    if (typeof verdict === 'string') {
      refuseSlowly(connection, verdict)
      return
    }
    const { identity } = verdict
    const clientId = packet.clientId || `auto-${Buffer.from(random.bytes(12)).toString('hex')}`
    connection.clientId = clientId
    connection.sessionId = innerId(identity, clientId)
    bindings.claim(connection.sessionId, identity, packet.clean ?? true)
    connection.tokenHash = verdict.tokenHash
    connection.presence = presences.join(identity, connection)
    if (packet.will !== undefined && identity.kind === 'device' && !config.mqttDeviceWills) {
      meters.denied(1, { action: 'will' })
      delete packet.will
    }
    welcome(connection, { ...packet, clientId: connection.sessionId })
  }

  function welcome(connection: Connection, packet: IConnectPacket): void {
    meters.signIns()
    patience.signedIn(connection, packet.keepalive ?? 0)
    connection.frameBytesMax = config.mqttPacketBytesMax
    connection.link = linkAedes(aedes, connection.conn, connection)
    // Keep-alive is ours: Aedes would not see what takes the fast path, and a timer for each costs memory.
    connection.link.dispatch({ ...packet, keepalive: 0 })
  }

  function refuseSlowly(connection: Connection, reason: RefusalReason): void {
    const counts = reason === 'badCredentials' || reason === 'notAuthorized'
    const key = addressKey(connection.address)
    const delayMs = counts ? options.failures.failed(key, clock.monotonic()) : 0
    connection.forgetInput()
    if (delayMs === 0) refuse(connection, reason)
    else timers.after(delayMs, () => refuse(connection, reason))
  }

  function refuse(connection: Connection, reason: RefusalReason): void {
    meters.refused(1, { reason })
    log.debug({ address: connection.address, reason }, 'A sign-in is refused.')
    connection.end('refused', connackRefusal(connack[reason]))
  }

  function closed(connection: Connection): void {
    patience.forget(connection)
    crowd.leave(connection)
    if (connection.gone) return
    connection.gone = true
    const { link, presence } = connection
    if (link !== null && !link.client.closed) link.client.close()
    if (presence === null) return
    bindings.release(connection.sessionId)
    presences.leave(presence, connection)
  }

  function connectionOf(client: object): Connection | undefined {
    const owner = linkOf(client)?.owner
    return owner instanceof Connection ? owner : undefined
  }

  return {
    admits(address) {
      const isSlowEnough = options.connects.allow(addressKey(address), clock.monotonic())
      const reason = isSlowEnough ? crowd.refusal(address) : 'rate'
      if (reason !== null) meters.turnedAway(1, { reason })
      return reason === null
    },
    accept(conn, origin) {
      const connection = new Connection(conn, origin, host, config.mqttConnectBytesMax)
      crowd.join(connection)
      patience.stranger(connection)
      conn.on('error', (error) => log.debug({ error: error.message }, 'A connection broke.'))
      conn.on('close', () => closed(connection))
      conn.on('data', (chunk: Buffer) => connection.receive(chunk, chunk.length))
      return connection
    },
    connectionOf,
    onWelcome(client) {
      const connection = connectionOf(client)
      if (connection !== undefined) timers.soon(() => connection.unblock(block.signIn))
    },
    recheck() {
      for (const connection of connections) {
        const { presence, tokenHash } = connection
        if (presence === null) continue
        if (!signIn.stillGood({ identity: presence.identity, tokenHash })) connection.end('revoked')
      }
    },
    quiesce() {
      for (const connection of connections) connection.block(block.stopping)
    },
    connections,
    get identities() {
      return presences.size
    },
  }
}
