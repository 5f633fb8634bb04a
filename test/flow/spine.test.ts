/** From a device's PUBLISH to a stored reading and a first alert, through the real broker, stores and API. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { backup } from '../../operations/backup.ts'
import { restore } from '../../operations/restore.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { type CityServer, eventually, startCity, startReceiver } from './city-server.ts'

interface Page<T> {
  items: T[]
  next: string | null
}
interface ReadingView {
  device: string
  site: string | null
  property: string
  value: number | null
  unit: string
  quality: number
  observedAt: string
  receivedAt: string
}

const telemetry = 'v1/devices/me/telemetry'
let city: CityServer

beforeEach(async () => {
  city = await startCity()
})
afterEach(async () => {
  await city.stop()
})

const publish = (
  client: Awaited<ReturnType<CityServer['device']>>,
  payload: unknown,
  topic = telemetry,
) =>
  client.publishAsync(topic, typeof payload === 'string' ? payload : JSON.stringify(payload), {
    qos: 1,
  })

async function readings(query: string, count: number): Promise<ReadingView[]> {
  return eventually(async () => {
    const { body } = await city.api<Page<ReadingView>>('GET', `/readings?${query}`)
    return body.items.length >= count ? body.items : undefined
  })
}

async function metrics(): Promise<Record<string, number>> {
  const text = await (await fetch(`${city.server.httpUrl}/metrics`)).text()
  return Object.fromEntries(
    [...text.matchAll(/^bellwether_readings_(\w+) (\d+)$/gm)].map((m) => [m[1], Number(m[2])]),
  )
}

describe('a reading', () => {
  test('that was acknowledged can be read, with its site, unit, quality and both times', async () => {
    await city.api('POST', '/sites', {
      id: 'park',
      kind: 'air-station',
      name: { en: 'Park', zh: '公园' },
    })
    const client = await city.device('park-1', 'park')
    const observedAt = Date.now() - 60_000
    await publish(client, { ts: observedAt, values: { pm25: 35.2, pm10: 61 } })

    const [pm10, pm25] = await readings('device=park-1', 2)
    expect(pm25).toMatchObject({
      device: 'park-1',
      site: 'park',
      property: 'pm25',
      value: 35.2,
      unit: 'ug/m3',
      quality: 1,
      observedAt: new Date(observedAt).toISOString(),
    })
    expect(pm10?.value).toBe(61)
    expect(Date.parse(pm25?.receivedAt ?? '')).toBeGreaterThan(observedAt)

    const latest = await city.api<Page<ReadingView>>('GET', '/latest?site=park&property=pm25')
    expect(latest.body.items).toMatchObject([{ device: 'park-1', property: 'pm25', value: 35.2 }])
  })

  test('sent again is stored once, and the last value wins', async () => {
    const client = await city.device('again-1')
    const ts = Date.now() - 5_000
    for (const value of [1, 1, 2]) await publish(client, { ts, values: { pm25: value } })
    await eventually(async () => ((await metrics()).duplicate_total === 2 ? true : undefined))
    expect((await readings('device=again-1', 1)).map((r) => r.value)).toEqual([2])
    expect(await metrics()).toMatchObject({ received_total: 3, stored_total: 1, in_flight: 0 })
  })

  test('that is refused is in quarantine with its reason, and its neighbours are stored', async () => {
    const client = await city.device('bad-1')
    await publish(client, { values: { pm25: 12, temperature: 900, shoe_size: 3, pm10: 'many' } })
    await publish(client, '{"pm25": 12')
    const { items } = await eventually(async () => {
      const { body } = await city.api<Page<{ code: string; reason: string; payload: string }>>(
        'GET',
        '/quarantine?device=bad-1',
      )
      return body.items.length >= 4 ? body : undefined
    })
    expect(items.map((entry) => entry.code).sort()).toEqual([
      'malformed',
      'not_a_number',
      'out_of_range',
      'unknown_property',
    ])
    expect(items.find((entry) => entry.code === 'out_of_range')?.reason).toMatch(/temperature.*900/)
    expect((await readings('device=bad-1', 1)).map((r) => r.property)).toEqual(['pm25'])
    expect(await metrics()).toMatchObject({
      received_total: 5,
      stored_total: 1,
      quarantined_total: 4,
    })
  })

  test('of a device behind a gateway is stored for that device; others are refused', async () => {
    const gateway = await city.device('gw-1')
    await city.api('POST', '/devices', { id: 'child-1', gateway: 'gw-1' })
    await city.api('POST', '/devices', { id: 'stranger' })
    await publish(
      gateway,
      {
        'child-1': [{ ts: Date.now(), values: { pm25: 5 } }],
        stranger: [{ pm25: 6 }],
        nobody: [{ pm25: 7 }],
      },
      'v1/gateway/telemetry',
    )
    expect(await readings('device=child-1', 1)).toMatchObject([{ value: 5 }])
    const { items } = await eventually(async () => {
      const { body } = await city.api<Page<{ code: string; device: string }>>('GET', '/quarantine')
      return body.items.length === 2 ? body : undefined
    })
    expect(items.map((entry) => [entry.device, entry.code]).sort()).toEqual([
      ['nobody', 'unknown_device'],
      ['stranger', 'not_allowed'],
    ])
  })

  test('can be tried again after a fix', async () => {
    const client = await city.device('fix-1')
    await publish(client, { values: { PM2_5: 12 } })
    const entry = await eventually(async () => {
      const { body } = await city.api<Page<{ id: string }>>('GET', '/quarantine?device=fix-1')
      return body.items[0]
    })
    await city.api('PATCH', '/devices/fix-1', { profile: { keys: { PM2_5: 'pm25' } } })
    expect((await city.api('POST', `/quarantine/${entry.id}/retry`)).status).toBe(204)
    expect(await readings('device=fix-1', 1)).toMatchObject([{ property: 'pm25', value: 12 }])
    expect((await city.api<Page<unknown>>('GET', '/quarantine?device=fix-1')).body.items).toEqual(
      [],
    )
  })
})

describe('an alert', () => {
  const rule = {
    id: 'river-stage',
    name: { en: 'River stage', zh: '河道水位' },
    property: 'water_level',
    where: { kind: ['river-gauge'] },
    levels: {
      blue: { attribute: 'warningLevel', plus: -0.5 },
      yellow: { attribute: 'warningLevel' },
      orange: { attribute: 'guaranteeLevel' },
    },
    clearMargin: 0.1,
  }

  async function gauge() {
    await city.api('POST', '/sites', {
      id: 'g-17',
      kind: 'river-gauge',
      name: { en: 'Old Bridge', zh: '老桥' },
      attributes: { warningLevel: 9.3, guaranteeLevel: 10.5 },
    })
    expect((await city.api('POST', '/rules', rule)).status).toBe(201)
    return city.device('g-17-1', 'g-17')
  }

  test('is raised, escalated and resolved once, and told to the webhook with a good signature', async () => {
    const receiver = await startReceiver()
    const { body: webhook } = await city.api<{ secret: string }>('POST', '/webhooks', {
      id: 'duty',
      url: receiver.url,
    })
    const client = await gauge()
    const start = Date.now() - 60_000
    const levels = [8, 9, 9.32, 9.35, 10.6, 9.25, 8]
    for (const [i, level] of levels.entries()) {
      await publish(client, { ts: start + i * 1_000, values: { water_level: level } })
    }
    await eventually(() => (receiver.received.length >= 5 ? true : undefined))
    const types = receiver.received.map(({ body }) => [body.type, body.data.alert.level])
    expect(types).toEqual([
      ['alert.raised', 'blue'],
      ['alert.escalated', 'yellow'],
      ['alert.escalated', 'orange'],
      ['alert.deescalated', 'yellow'],
      ['alert.resolved', 'yellow'],
    ])
    const checker = new Webhook(webhook.secret)
    for (const { headers, text } of receiver.received) {
      expect(() => checker.verify(text, headers as Record<string, string>)).not.toThrow()
    }
    expect(new Set(receiver.received.map(({ headers }) => headers['webhook-id'])).size).toBe(5)
    const alert = receiver.received[1]?.body.data.alert
    expect(alert).toMatchObject({
      rule: 'river-stage',
      previousLevel: 'blue',
      state: 'firing',
      site: { id: 'g-17', name: { en: 'Old Bridge', zh: '老桥' } },
      device: 'g-17-1',
      property: 'water_level',
      value: 9.32,
      unit: 'm',
      bound: 9.3,
    })
    const { body } = await city.api<{ state: string; history: unknown[] }>(
      'GET',
      `/alerts/${alert.id}`,
    )
    expect(body.state).toBe('resolved')
    expect(body.history).toHaveLength(5)
    await receiver.close()
  })

  test('can be acknowledged, which is told as well', async () => {
    const receiver = await startReceiver()
    await city.api('POST', '/webhooks', { id: 'duty', url: receiver.url })
    const client = await gauge()
    await publish(client, { values: { water_level: 9.4 } })
    const alert = await eventually(async () => {
      const { body } = await city.api<Page<{ id: string }>>('GET', '/alerts?state=firing')
      return body.items[0]
    })
    const answer = await city.api<{ state: string }>('POST', `/alerts/${alert.id}/acknowledge`, {
      note: 'on my way',
    })
    expect(answer).toMatchObject({ status: 200, body: { state: 'acknowledged' } })
    await eventually(() => (receiver.received.length >= 2 ? true : undefined))
    expect(receiver.received[1]?.body.type).toBe('alert.acknowledged')
    await receiver.close()
  })

  test('reaches an endpoint that failed at first, with the same id', async () => {
    let failures = 1
    const receiver = await startReceiver(() => (failures-- > 0 ? 500 : 204))
    await city.api('POST', '/webhooks', { id: 'duty', url: receiver.url })
    const client = await gauge()
    await publish(client, { values: { water_level: 9.4 } })
    const failed = await eventually(async () => {
      const { body } = await city.api<Page<{ id: string; attempts: { status: number }[] }>>(
        'GET',
        '/deliveries',
      )
      return body.items[0]?.attempts.length === 1 ? body.items[0] : undefined
    })
    expect(failed.attempts[0]?.status).toBe(500)
    await city.api('POST', `/deliveries/${failed.id}/retry`)
    await eventually(() => (receiver.received.length >= 2 ? true : undefined))
    const ids = receiver.received.map(({ headers }) => headers['webhook-id'])
    expect(new Set(ids).size).toBe(1)
    await receiver.close()
  })
})

describe('the server', () => {
  test('is ready, and says how far each stage is', async () => {
    const answer = await fetch(`${city.server.httpUrl}/readyz`)
    expect(answer.status).toBe(200)
    expect(await answer.text()).toContain('lagUplinks')
  })

  test('knows who is connected and when it was last heard', async () => {
    const client = await city.device('seen-1')
    await publish(client, { battery: 87, firmware: '1.2' }, 'v1/devices/me/attributes')
    interface Status {
      connected: boolean
      lastSeenAt: string | null
      attributes: Record<string, unknown>
    }
    const status = await eventually(async () => {
      const { body } = await city.api<Status>('GET', '/devices/seen-1')
      return body.attributes.firmware === '1.2' && body.connected ? body : undefined
    })
    expect(status.attributes).toMatchObject({ battery: 87 })
    expect(status.lastSeenAt).not.toBeNull()
    await client.endAsync()
    await eventually(async () => {
      const { body } = await city.api<Status>('GET', '/devices/seen-1')
      return body.connected ? undefined : true
    })
  })

  test('serves MQTT over WebSocket on the HTTP port', async () => {
    await city.api('POST', '/devices', { id: 'ws-1' })
    const { body } = await city.api<{ token: string }>('POST', '/devices/ws-1/token')
    const { connectAsync } = (await import('mqtt')).default
    const url = `${city.server.httpUrl?.replace('http', 'ws')}/mqtt`
    const client = await connectAsync(url, {
      username: 'ws-1',
      password: body.token,
      reconnectPeriod: 0,
    })
    await publish(client, { pm25: 3 })
    expect(await readings('device=ws-1', 1)).toMatchObject([{ value: 3 }])
    await client.endAsync(true)
  })
})

test('a backup of the running system, restored elsewhere, holds the same', async () => {
  const client = await city.device('keep-1')
  const start = Date.now() - 100_000
  for (let i = 0; i < 50; i++) await publish(client, { ts: start + i * 1_000, values: { pm25: i } })
  const before = await readings('device=keep-1&limit=100', 50)

  const work = mkdtempSync(join(tmpdir(), 'bellwether-backup-'))
  await backup(city.dir, join(work, 'copy'), { clock: systemClock, timers: systemTimers })
  await restore(join(work, 'copy'), join(work, 'data'))
  const elsewhere = await startCity({ dir: join(work, 'data') })
  try {
    const after = await elsewhere.api<Page<ReadingView>>('GET', '/readings?device=keep-1&limit=100')
    expect(after.body.items).toEqual(before)
    const devices = await elsewhere.api<Page<{ id: string }>>('GET', '/devices')
    expect(devices.body.items.map(({ id }) => id)).toEqual(['keep-1'])
    const copy = await elsewhere.device('new-1')
    await copy.publishAsync(telemetry, '{"pm25": 1}', { qos: 1 })
    await eventually(async () => {
      const { body } = await elsewhere.api<Page<ReadingView>>('GET', '/readings?device=new-1')
      return body.items[0]
    })
  } finally {
    await elsewhere.stop()
    rmSync(work, { recursive: true, force: true })
  }
})
