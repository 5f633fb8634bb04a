/** What devices of the field do at the edge, seen from the API: no clock, the wrong topics, one queue in one go. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import mqtt, { type IConnackPacket } from 'mqtt'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { adminToken, type CityServer, eventually, startCity } from './city-server.ts'

interface Page<T> {
  items: T[]
}
interface ReadingView {
  value: number
  observedAt: string
  receivedAt: string
}

const telemetry = 'v1/devices/me/telemetry'
const dir = () => mkdtempSync(join(tmpdir(), 'bellwether-edge-'))
let data = ''
let city: CityServer
beforeEach(async () => {
  data = dir()
  city = await startCity({ dir: data })
})
afterEach(async () => {
  await city.stop()
  rmSync(data, { recursive: true, force: true })
})

type Client = Awaited<ReturnType<CityServer['device']>>

/** All in one go, as a client does with its queue after an outage. */
const burst = (client: Client, topic: string, payloads: readonly unknown[]) =>
  Promise.all(
    payloads.map((payload, i) =>
      client.publishAsync(topic, JSON.stringify(payload), { qos: i % 4 === 3 ? 2 : 1 }),
    ),
  )

async function readings(device: string, property: string, count: number): Promise<ReadingView[]> {
  return eventually(async () => {
    const { body } = await city.api<Page<ReadingView>>(
      'GET',
      `/readings?device=${device}&property=${property}&limit=1000`,
    )
    return body.items.length >= count ? body.items : undefined
  })
}

async function balance(): Promise<Record<string, number>> {
  const text = await (await fetch(`${city.server.httpUrl}/metrics`)).text()
  return Object.fromEntries(
    [...text.matchAll(/^bellwether_readings_(\w+) (\d+)$/gm)].map((m) => [m[1], Number(m[2])]),
  )
}

const rising = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i)

test('messages without a time are all stored, in their order, also over a restart', async () => {
  const client = await city.device('clockless')
  await burst(
    client,
    telemetry,
    rising(1, 130).map((humidity) => ({ humidity: humidity / 2 })),
  )
  await client.publishAsync(
    telemetry,
    JSON.stringify([{ humidity: 70 }, { humidity: 71 }, { values: { humidity: 72 } }]),
    { qos: 1 },
  )
  const { body } = await city.api<{ token: string }>('POST', '/devices/clockless/token')
  await city.stop()
  city = await startCity({ dir: data })
  const again = await city.connect(body.token)
  await burst(
    again,
    telemetry,
    rising(146, 20).map((humidity) => ({ humidity: humidity / 2 })),
  )

  const stored = await readings('clockless', 'humidity', 153)
  expect(stored.map(({ value }) => value * 2).sort((a, b) => a - b)).toEqual([
    ...rising(1, 130),
    140,
    142,
    144,
    ...rising(146, 20),
  ])
  const inTime = [...stored].sort((a, b) => Date.parse(a.observedAt) - Date.parse(b.observedAt))
  expect(new Set(stored.map(({ observedAt }) => observedAt)).size).toBe(153)
  // MQTT.js sends QoS 1 and 2 in the order of its calls.
  expect(inTime.map(({ value }) => value * 2)).toEqual([
    ...rising(1, 130),
    140,
    142,
    144,
    ...rising(146, 20),
  ])
  expect(await balance()).toMatchObject({ duplicate_total: 0, stored_total: 153 })
})

test('a child of a gateway has moments of its own, shared with what it sends by itself', async () => {
  const gateway = await city.device('gw')
  await city.api('POST', '/devices', { id: 'child', gateway: 'gw' })
  const { body } = await city.api<{ token: string }>('POST', '/devices/child/token')
  const child = await city.connect(body.token)
  await Promise.all([
    burst(
      gateway,
      'v1/gateway/telemetry',
      rising(0, 60).map((n) => ({ child: { battery: n } })),
    ),
    burst(
      gateway,
      'v1/gateway/attributes',
      rising(60, 10).map((n) => ({ child: { battery: n } })),
    ),
    burst(
      child,
      telemetry,
      rising(70, 20).map((n) => [{ battery: n }]),
    ),
    burst(
      child,
      'v1/devices/me/attributes',
      rising(90, 10).map((n) => ({ battery: n })),
    ),
  ])
  const stored = await readings('child', 'battery', 100)
  expect(stored.map(({ value }) => value).sort((a, b) => a - b)).toEqual(rising(0, 100))
  expect(await balance()).toMatchObject({ duplicate_total: 0 })
})

test('only a time that was sent twice makes a duplicate', async () => {
  const client = await city.device('twice')
  const ts = Date.now() - 60_000
  await burst(client, telemetry, [
    { ts, noise: 41 },
    { ts, noise: 42 },
    { noise: 43 },
    { noise: 43 },
  ])
  expect((await readings('twice', 'noise', 3)).length).toBe(3)
  await eventually(async () => ((await balance()).in_flight === 0 ? true : undefined))
  expect(await balance()).toMatchObject({ received_total: 4, stored_total: 3, duplicate_total: 1 })
})

test('a message that is refused and tried again has the moment at which it came', async () => {
  const client = await city.device('mended')
  await burst(
    client,
    telemetry,
    rising(5, 6).map((hoehe) => ({ hoehe })),
  )
  const { items } = await eventually(async () => {
    const { body } = await city.api<Page<{ id: string; receivedAt: string }>>(
      'GET',
      '/quarantine?device=mended',
    )
    return body.items.length === 6 ? body : undefined
  })
  const profile = { keys: { hoehe: { property: 'water_level' } } }
  expect((await city.api('PATCH', '/devices/mended', { profile })).status).toBe(200)
  for (const { id } of items) await city.api('POST', `/quarantine/${id}/retry`)
  const stored = await readings('mended', 'water_level', 6)
  expect(new Set(stored.map(({ observedAt }) => observedAt))).toEqual(
    new Set(items.map(({ receivedAt }) => receivedAt)),
  )
})

test('a publish to another topic is told on the record of the device and in quarantine', async () => {
  const client = await city.device('chatty')
  await Promise.all([
    client.publishAsync(telemetry, '{"humidity":31}', { qos: 1 }),
    client.publishAsync('v1/devices/me/rpc/response/17', '{"ok":true}', { qos: 1 }),
    client.publishAsync(telemetry, '{"humidity":32}', { qos: 1 }),
  ])
  expect(await readings('chatty', 'humidity', 2)).toHaveLength(2)
  const { items } = await eventually(async () => {
    const { body } = await city.api<Page<{ code: string; reason: string; payload: string }>>(
      'GET',
      '/quarantine?device=chatty',
    )
    return body.items.length === 1 ? body : undefined
  })
  expect(items[0]).toMatchObject({ code: 'not_allowed' })
  expect(items[0]?.reason).toMatch(/rpc\/response\/17.*v1\/devices\/me\/telemetry/)
  expect(items[0]?.payload).toContain('{\\"ok\\":true}')
  const { body } = await city.api<{ attributes: Record<string, string> }>('GET', '/devices/chatty')
  expect(body.attributes).toMatchObject({ notAllowedTopic: 'v1/devices/me/rpc/response/17' })
  expect(client.connected).toBe(true)
  const { received_total, stored_total, quarantined_total } = await balance()
  expect([received_total, stored_total, quarantined_total]).toEqual([3, 2, 1])
})

test('what is acknowledged and not readable yet is told: in /readyz and with the answers', async () => {
  const { body } = await city
    .api<{ token: string }>('POST', '/devices', { id: 'early' })
    .then(() => city.api<{ token: string }>('POST', '/devices/early/token'))
  await city.stop()
  city = await startCity({ dir: data, env: { BELLWETHER_ROLES: 'broker,api' } })
  const ask = async (path: string) => {
    const answer = await fetch(city.server.httpUrl + path, {
      headers: { authorization: `Bearer ${adminToken}` },
    })
    const lag = answer.headers.get('x-bellwether-lag')
    return { lag, body: (await answer.json()) as { lag: number; items: unknown[] } }
  }
  const client = await city.connect(body.token)
  await burst(
    client,
    telemetry,
    rising(0, 23).map((noise) => ({ noise })),
  )
  // The start of the broker and the sign-in are in the journal too.
  const unread = 25
  await eventually(async () => ((await ask('/readyz')).body.lag === unread ? true : undefined))
  for (const path of ['/readings?device=early', '/latest?device=early', '/alerts']) {
    const { lag, body: page } = await ask(`/api/v1${path}`)
    expect([path, Number(lag), page.items]).toEqual([path, unread, []])
  }
  expect((await ask('/api/v1/sites')).lag).toBeNull()
  await city.stop()

  city = await startCity({ dir: data })
  expect(await readings('early', 'noise', 23)).toHaveLength(23)
  await eventually(async () => ((await ask('/readyz')).body.lag === 0 ? true : undefined))
  await eventually(async () => ((await ask('/api/v1/alerts')).lag === null ? true : undefined))
  expect((await ask('/api/v1/readings?device=early')).lag).toBeNull()
})

test('downlinks that wait are gone after a restart, and the device is told to subscribe again', async () => {
  const filter = 'v1/devices/me/rpc/request/+'
  const connect = async (username: string, clientId: string, clean = false) => {
    const client = mqtt.connect(city.server.mqttUrl ?? '', {
      ...{ username, clientId, clean, reconnectPeriod: 0 },
    })
    const heard: string[] = []
    client.on('message', (topic) => heard.push(topic))
    const { sessionPresent } = await new Promise<IConnackPacket>((resolve) =>
      client.once('connect', resolve),
    )
    return { client, heard, sessionPresent }
  }
  const downlink = async (id: number) => {
    const { client } = await connect(adminToken, 'desk', true)
    await client.publishAsync(`devices/away/v1/devices/me/rpc/request/${id}`, 'x', { qos: 1 })
    await client.endAsync()
  }
  await (await city.device('away')).endAsync()
  const { body } = await city.api<{ token: string }>('POST', '/devices/away/token')
  const first = await connect(body.token, 'kept')
  await first.client.subscribeAsync(filter, { qos: 1 })
  await first.client.endAsync()
  await downlink(11)
  const second = await connect(body.token, 'kept')
  expect(second.sessionPresent).toBe(true)
  await eventually(() => (second.heard.length > 0 ? true : undefined))
  await second.client.endAsync()

  await downlink(12)
  await city.stop()
  city = await startCity({ dir: data })
  const third = await connect(body.token, 'kept')
  expect(third.sessionPresent).toBe(false)
  await third.client.subscribeAsync(filter, { qos: 1 })
  await downlink(13)
  await eventually(() => (third.heard.length > 0 ? true : undefined))
  await third.client.endAsync()
  expect([second.heard, third.heard]).toEqual([
    ['v1/devices/me/rpc/request/11'],
    ['v1/devices/me/rpc/request/13'],
  ])
})
