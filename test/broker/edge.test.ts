import { connect } from 'node:net'
import mqtt from 'mqtt'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createWebSocketStream, WebSocket } from 'ws'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { connectFrame, generate, publishFrame, RawClient } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker({ env: { BELLWETHER_MQTT_SIGN_IN_FAILURES_MAX: '2' } })
  await t.device('d1')
})
afterEach(() => t.stop())

const url = (path: string) => `ws://127.0.0.1:${t.broker.edge.port}${path}`
const headers = (address = '192.0.2.1') => ({
  'x-bellwether-key': t.broker.edge.key,
  'x-forwarded-for': address,
})

function open(address?: string): Promise<{ client: RawClient; ws: WebSocket }> {
  return new Promise((resolve, reject) => {
    const ws = new WebSocket(url('/mqtt'), 'mqtt', { headers: headers(address) })
    ws.once('error', reject)
    ws.once('open', () => {
      const stream = createWebSocketStream(ws)
      ws.once('close', () => stream.destroy())
      resolve({ client: new RawClient(stream), ws })
    })
  })
}

describe('MQTT over WebSocket', () => {
  test('publishes durably through MQTT.js', async () => {
    const client = await mqtt.connectAsync(url('/mqtt'), {
      username: 'd1',
      password: 'token-d1',
      reconnectPeriod: 0,
      wsOptions: { headers: headers() },
    })
    await client.publishAsync(telemetryTopic, '{"pm25":1}', { qos: 1 })
    await client.publishAsync(telemetryTopic, '{"pm25":2}', { qos: 2 })
    await client.endAsync()
    expect(await t.uplinks('telemetry')).toHaveLength(2)
  })

  test('packets may be cut and joined in WebSocket messages as anybody likes', async () => {
    const { client, ws } = await open()
    const bytes = Buffer.concat([
      connectFrame({ username: 'd1', password: 'token-d1' }),
      publishFrame(telemetryTopic, '{}', { messageId: 1 }),
      publishFrame(telemetryTopic, '{}', { messageId: 2 }),
    ])
    for (let at = 0; at < bytes.length; at += 7) ws.send(bytes.subarray(at, at + 7))
    await until(() => client.acknowledged.length === 2, 'both acknowledgements')
  })

  test('a text message ends the connection', async () => {
    const { client, ws } = await open()
    ws.send('hello')
    await client.untilClosed()
  })

  test('a packet that is too large ends the connection', async () => {
    const { client } = await open()
    await client.connect({ username: 'd1', password: 'token-d1' })
    client.send(publishFrame(telemetryTopic, 'x'.repeat(400_000)))
    await client.untilClosed()
    expect(await t.uplinks('telemetry')).toEqual([])
  })

  test('the address that the API names is the one that is slowed', async () => {
    for (let i = 0; i < 3; i++) {
      const { client } = await open('198.51.100.7')
      client.send(connectFrame({ username: 'd1', password: 'wrong' }))
      if (i < 2) expect(await client.connack()).toBe(4)
    }
    const other = await open('198.51.100.8')
    expect(await other.client.connect({ username: 'd1', password: 'wrong' })).toBe(4)
    const session = await open('203.0.113.9')
    await session.client.connect({ username: 'd1', password: 'token-d1' })
    await until(async () => (await t.uplinks('session-open')).length === 1, 'the event')
    const [event] = await t.uplinks('session-open')
    expect(JSON.parse(Buffer.from(event!.payload).toString()).address).toBe('203.0.113.9')
  })

  test.each([
    ['without the key', '/mqtt', () => ({})],
    ['with a wrong key', '/mqtt', () => ({ 'x-bellwether-key': 'x'.repeat(43) })],
    ['on another path', '/other', () => headers()],
  ])('%s it is not found', async (_name, path, withHeaders) => {
    const ws = new WebSocket(url(path), 'mqtt', { headers: withHeaders() })
    const status = await new Promise((resolve) => {
      ws.once('unexpected-response', (_request, response) => resolve(response.statusCode))
      ws.once('error', () => {})
    })
    expect(status).toBe(404)
  })

  test('a connection that breaks during the upgrade harms nobody', async () => {
    for (let i = 0; i < 20; i++) {
      const socket = connect(t.broker.edge.port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(
        `GET /mqtt HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\nx-bellwether-key: ${t.broker.edge.key}\r\n\r\n`,
      )
      socket.resetAndDestroy()
    }
    const { client } = await open()
    expect(await client.connect({ username: 'd1', password: 'token-d1' })).toBe(0)
    client.send(generate({ cmd: 'disconnect' }))
    await client.untilClosed()
  })
})

describe('health', () => {
  const get = (path: string, withHeaders: Record<string, string>, method = 'GET') =>
    fetch(`http://127.0.0.1:${t.broker.edge.port}${path}`, { headers: withHeaders, method })

  test('tells what can be accepted', async () => {
    await t.rawDevice('d1')
    await until(async () => (await t.uplinks()).length === 2, 'the events')
    const answer = await get('/health', headers())
    expect(answer.status).toBe(200)
    const health = { writable: true, reason: null, head: 2, connections: 1 }
    expect(await answer.json()).toMatchObject(health)
  })

  test('tells how long acknowledgements took lately', async () => {
    const device = await t.rawDevice('d1')
    device.send(publishFrame(telemetryTopic, '{}', { messageId: 1 }))
    await until(() => device.acknowledged.length === 1, 'the acknowledgement')
    const health: unknown = await (await get('/health', headers())).json()
    const ms = { p50: expect.any(Number), p99: expect.any(Number) }
    expect(health).toMatchObject({ ackMs: ms })
  })

  test('is for nobody without the key', async () => {
    expect((await get('/health', {})).status).toBe(404)
    expect((await get('/health', { 'x-bellwether-key': 'wrong' })).status).toBe(404)
    expect((await get('/', headers())).status).toBe(404)
    expect((await get('/health', headers(), 'POST')).status).toBe(404)
  })
})
