/**
 * The API role: starts the HTTP application and hands MQTT over WebSocket on to the broker.
 * It holds no truth: everything it answers comes from the stores.
 */

import type { AddressInfo } from 'node:net'
import { listenFault } from '../domain/listen-fault.ts'
import { createApp } from './app.ts'
import type { ApiParts } from './parts.ts'
import { HttpConnections } from './http/http-connections.ts'
import { installWebsocketProxy } from './http/websocket-proxy.ts'

export interface Api {
  /** The port that is listened on, also when the settings asked for any. */
  port: number
  /** Takes no new requests, ends event streams at once, waits a little for the requests under way. */
  stop(): Promise<void>
}

/** A download that takes longer is broken off, which its reader notices. */
const graceMs = 2_000

export async function startApi(parts: ApiParts): Promise<Api> {
  const { config, ports, edge } = parts
  await parts.registry.settleAudit()
  const app = await createApp(parts)
  const proxy = installWebsocketProxy({
    server: app.server,
    edge,
    ports,
    connectionsMax: config.mqttWebsocketsMax,
  })
  const connections = new HttpConnections({
    server: app.server,
    ports,
    connectionsMax: config.httpConnectionsMax,
    perAddressMax: config.httpConnectionsPerAddressMax,
  })
  app.addHook('preClose', async () => {
    connections.stop()
    proxy.close()
  })
  const { httpHost: host, httpPort } = config
  try {
    await app.listen({ host, port: httpPort })
  } catch (error) {
    await app.close()
    const settings = { hostSetting: 'BELLWETHER_HTTP_HOST', portSetting: 'BELLWETHER_HTTP_PORT' }
    throw listenFault(error, { ...settings, host, port: httpPort })
  }
  const { port } = app.server.address() as AddressInfo
  return {
    port,
    async stop() {
      const cancel = ports.timers.after(graceMs, () => app.server.closeAllConnections())
      await app.close()
      cancel()
    },
  }
}
