/**
 * The MQTT edge, assembled: listeners → guard → sign-in → (fast path | Aedes) → admission → journal → PUBACK.
 * Nothing is acknowledged before it is durable in the journal; `docs/decisions/003-fast-path.md` says how.
 *
 * A stop takes no more connections, reads nothing more, commits what was taken and sends the
 * acknowledgements, and only then closes the connections.
 */

import { Aedes } from 'aedes'
import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import { hashSecret } from '../runtime/secret.ts'
import type { JournalWriter } from '../stores/journal/journal.ts'
import type { MomentStore } from '../stores/journal/moments.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { createAckTimes } from './ack-times.ts'
import { createAdmission } from './admission.ts'
import { createBindings } from './binding.ts'
import { Denials } from './denials.ts'
import { openEdge } from './edge.ts'
import { createGuard, type Guard } from './guard.ts'
import { installHooks } from './hooks.ts'
import { createFailureLog, createRateLimit } from './limits.ts'
import { checkAedes } from './link.ts'
import { type Listener, listenTcp, listenTls } from './listeners.ts'
import { createBrokerMeters } from './meters.ts'
import { createPatience } from './patience.ts'
import { createPresences } from './presence.ts'
import { Receipts } from './receipts.ts'
import { createSignIn } from './sign-in.ts'
import { StoredSessions } from './stored-sessions.ts'
import { createUpkeep } from './upkeep.ts'

/** How long a stop waits for clients to close after the last acknowledgements went out. */
const farewellMs = 1_000
const farewellLookMs = 20
/** A subscriber that takes nothing for so long is closed, so that it cannot hold up the others. */
const drainTimeoutMs = 5_000
const mebibyte = 1_048_576

export interface BrokerOptions {
  config: Config
  ports: Ports
  bus: Bus
  registry: RegistryView
  journal: JournalWriter
  /** The journal position that every consumer has passed. */
  consumed: () => Promise<number>
  moments: MomentStore
}

export interface Broker {
  mqttPort: number
  mqttsPort: number | undefined
  /** For the API: health, and MQTT over WebSocket. */
  edge: { port: number; key: string }
  stop(): Promise<void>
}

export async function startBroker(options: BrokerOptions): Promise<Broker> {
  const { config, ports, bus, registry, journal } = options
  const { clock, timers, log } = ports
  const meters = createBrokerMeters(ports.meter)
  meters.writable(1)
  const ackTimes = createAckTimes(clock.monotonic)

  const admission = createAdmission({
    journal,
    clock,
    timers,
    log,
    delayMs: config.journalGroupDelayMs,
    groupMessagesMax: config.journalGroupMessagesMax,
    journalBytesMax: config.journalMibMax * mebibyte,
    onCommit(messages, waitedSeconds) {
      bus.ring('journal')
      meters.commits()
      meters.uplinks(messages)
      if (waitedSeconds === null) return
      meters.ackSeconds(waitedSeconds)
      ackTimes.took(waitedSeconds)
    },
    onTrouble(trouble) {
      meters.writable(trouble === null ? 1 : 0)
      if (trouble === null) presences.tellAll()
      else upkeep.trimNow()
    },
    onRoom: () => patience.onRoom(),
  })
  const presences = createPresences({
    messagesPerSecondMax: config.mqttMessagesPerSecondMax,
    monotonic: clock.monotonic,
    now: clock.now,
    note: admission.note,
  })
  const stored = new StoredSessions({
    offlineMessagesMax: config.mqttOfflineMessagesMax,
    retainedMessagesMax: config.mqttRetainedMessagesMax,
    isGranted: (client, filter) => guard.connectionOf(client)?.subscriptions?.has(filter) ?? false,
    isConnected: (clientId) => bindings.isLive(clientId),
    onDropped: (what) => meters.dropped(1, { what }),
  })
  const bindings = createBindings((clientId) => stored.forget(clientId))
  const patience = createPatience(
    {
      clock,
      timers,
      connectTimeoutMs: config.mqttConnectTimeoutMs,
      keepaliveSecondsMax: config.mqttKeepaliveSecondsMax,
    },
    () => guard.connections,
  )
  const signIn = createSignIn({
    registry,
    adminTokenHash: config.adminToken === undefined ? null : hashSecret(config.adminToken),
    log,
  })

  const receipts = new Receipts({ clock, log, store: options.moments })
  const denials = new Denials({ clock, log, meters })

  const aedes = await Aedes.createBroker({
    persistence: stored,
    drainTimeout: drainTimeoutMs,
    // There are no more than 65,535 packet ids; what is under way is bounded by how far the guard reads ahead.
    maxInflightInbound: 0,
    // MQTT 3.1 says 23; devices of 3.1 with longer ids are common and harmless. Ours are longer still.
    maxClientsIdLength: 131_072,
  })
  for (const event of ['error', 'clientError', 'connectionError']) {
    aedes.on(event as 'clientError', (...about: unknown[]) => {
      log.debug({ event, error: about.find((item) => item instanceof Error) }, 'Aedes reports.')
    })
  }
  checkAedes(aedes)

  const guard: Guard = createGuard({
    config,
    ports,
    aedes,
    admission,
    signIn,
    bindings,
    presences,
    patience,
    receipts,
    denials,
    failures: createFailureLog(config.mqttSignInFailuresMax),
    connects: createRateLimit(config.mqttConnectsPerSecondMax),
    meters,
  })
  installHooks({
    aedes,
    admission,
    stored,
    connectionOf: guard.connectionOf,
    receipts,
    denials,
    timers,
    log,
    meters,
    subscriptionsMax: config.mqttSubscriptionsMax,
    deviceWills: config.mqttDeviceWills,
  })
  aedes.on('connackSent', (_packet, client) => guard.onWelcome(client))
  const upkeep = createUpkeep({ ...options, guard, admission, meters })
  presences.tellAll()

  const listeners: Pick<Listener, 'close'>[] = []
  async function stop(): Promise<void> {
    for (const listener of listeners) listener.close()
    guard.quiesce()
    await admission.flush()
    for (const connection of guard.connections) connection.end('stopping')
    await farewell()
    await new Promise<void>((resolve) => aedes.close(resolve))
    await admission.flush()
    upkeep.stop()
    patience.stop()
    admission.close()
  }

  /** Waits until everybody has hung up, but not forever. */
  async function farewell(): Promise<void> {
    const until = clock.monotonic() + farewellMs
    while (guard.connections.size > 0 && clock.monotonic() < until) {
      await new Promise<void>((resolve) => void timers.after(farewellLookMs, resolve))
    }
    for (const connection of guard.connections) connection.conn.destroy()
    await new Promise<void>((resolve) => timers.soon(resolve))
  }

  async function open() {
    const tcp = await listenTcp(config, guard, log)
    listeners.push(tcp)
    const tls = await listenTls(config, guard, log)
    if (tls !== null) listeners.push(tls)
    const edge = await openEdge({
      guard,
      random: ports.random,
      log,
      packetBytesMax: config.mqttPacketBytesMax,
      health: () => ({
        writable: admission.trouble === null,
        reason: admission.trouble,
        head: journal.head,
        connections: guard.connections.size,
        ackMs: ackTimes.lately(),
      }),
    })
    listeners.push(edge)
    return { mqttPort: tcp.port, mqttsPort: tls?.port, edge: { port: edge.port, key: edge.key } }
  }

  try {
    return { ...(await open()), stop }
  } catch (error) {
    await stop()
    throw error
  }
}
