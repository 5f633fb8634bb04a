/** The whole server in this process on free ports and an empty folder, and a client for its API. */

import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type MqttClient } from 'mqtt'
import { loadConfig } from '../../config.ts'
import { type Server, serve } from '../../server/supervisor.ts'

export const adminToken = 'flow-test-admin-token'

export interface CityServer {
  dir: string
  server: Server
  api<T = unknown>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: T }>
  /** Registers the device (with its site) and connects as it. */
  device(id: string, site?: string): Promise<MqttClient>
  connect(token: string, id?: string): Promise<MqttClient>
  stop(): Promise<void>
}

export async function startCity(
  options: { dir?: string; env?: Record<string, string> } = {},
): Promise<CityServer> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'bellwether-flow-'))
  const server = await serve(
    loadConfig({
      environment: {
        BELLWETHER_DATA_DIR: dir,
        BELLWETHER_MQTT_PORT: '0',
        BELLWETHER_HTTP_PORT: '0',
        BELLWETHER_ADMIN_TOKEN: adminToken,
        BELLWETHER_WEBHOOK_ALLOW: '127.0.0.1',
        BELLWETHER_THREADS: 'false',
        BELLWETHER_LOG_LEVEL: 'error',
        ...options.env,
      },
    }),
  )
  const clients: MqttClient[] = []

  async function api<T>(method: string, path: string, body?: unknown) {
    const answer = await fetch(`${server.httpUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${adminToken}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    return { status: answer.status, body: (text === '' ? null : JSON.parse(text)) as T }
  }

  async function connect(token: string, id?: string): Promise<MqttClient> {
    const client = await mqtt.connectAsync(server.mqttUrl ?? '', {
      username: token,
      reconnectPeriod: 0,
      ...(id === undefined ? {} : { clientId: id }),
    })
    clients.push(client)
    return client
  }

  return {
    dir,
    server,
    api,
    connect,
    async device(id, site) {
      await api('POST', '/devices', { id, ...(site === undefined ? {} : { site }) })
      const { body } = await api<{ token: string }>('POST', `/devices/${id}/token`)
      return connect(body.token, id)
    },
    async stop() {
      await Promise.all(clients.map((client) => client.endAsync(true)))
      await server.stop()
      if (options.dir === undefined) rmSync(dir, { recursive: true, force: true })
    },
  }
}

export interface Received {
  headers: IncomingHttpHeaders
  text: string
  // biome-ignore lint/suspicious/noExplicitAny: tests look into whatever arrived.
  body: any
}

/** A local endpoint that keeps what it was sent. */
export async function startReceiver(status: () => number = () => 204) {
  const received: Received[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      received.push({ headers: request.headers, text, body: JSON.parse(text) })
      response.writeHead(status()).end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    received,
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** Asks again until the answer is there; for things that happen soon, in their own time. */
export async function eventually<T>(
  ask: () => Promise<T | undefined> | T | undefined,
  withinSeconds = 60,
): Promise<T> {
  for (let i = 0; i < withinSeconds * 50; i++) {
    const answer = await ask()
    if (answer !== undefined) return answer
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`it did not happen within ${withinSeconds} s`)
}
