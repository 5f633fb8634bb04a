import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createBindings } from '../../broker/binding.ts'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { connectFrame, publishFrame } from './raw-client.ts'

describe('client ids', () => {
  let t: TestBroker
  beforeEach(async () => {
    t = await startTestBroker()
    await t.device('d1')
    await t.device('d2')
    await t.apiToken('boss', 'admin')
  })
  afterEach(() => t.stop())

  test('the same identity takes over: the old connection is closed', async () => {
    const old = await t.rawDevice('d1', { clientId: 'x' })
    const fresh = await t.rawDevice('d1', { clientId: 'x' })
    await old.untilClosed()
    fresh.send(publishFrame(telemetryTopic, '{}'))
    await fresh.nextOf('puback')
  })

  test('also when it signs in by another form', async () => {
    const old = await t.rawDevice('d1', { clientId: 'x' })
    const fresh = await t.raw()
    expect(await fresh.connect({ username: 'token-d1', clientId: 'x' })).toBe(0)
    await old.untilClosed()
  })

  test.each([
    ['a device', { username: 'd2', password: 'token-d2' }],
    ['a service account', { username: 'api-token-boss' }],
  ])('%s with the same client id disturbs nobody', async (_who, credentials) => {
    const victim = await t.rawDevice('d1', { clientId: 'x' })
    for (let i = 0; i < 20; i++) {
      const other = await t.raw()
      expect(await other.connect({ ...credentials, clientId: 'x', clean: i % 2 === 0 })).toBe(0)
      await other.ping()
    }
    victim.send(publishFrame(telemetryTopic, '{}'))
    await victim.nextOf('puback')
    expect(victim.closed).toBe(false)
  })

  test('a wrong token cannot take over either', async () => {
    const victim = await t.rawDevice('d1', { clientId: 'x' })
    const thief = await t.raw()
    expect(await thief.connect({ username: 'd1', password: 'wrong', clientId: 'x' })).toBe(4)
    await victim.ping()
  })

  test('a fleet with one hard-coded client id: all are in, and each hears its own downlinks', async () => {
    const ids = Array.from({ length: 7 }, (_, i) => `meter-${i}`)
    for (const id of ids) await t.device(id)
    const fleet = await Promise.all(
      ids.map((id) => t.connect(id, { clientId: 'esp8266', clean: false })),
    )
    const heard: string[] = []
    for (const [i, device] of fleet.entries()) {
      device.on('message', (_topic, payload) => heard.push(`${ids[i]} ${payload}`))
      await device.subscribeAsync('v1/devices/me/attributes', { qos: 1 })
    }
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    for (const id of ids) {
      await boss.publishAsync(`devices/${id}/v1/devices/me/attributes`, id, { qos: 1 })
    }
    await until(() => heard.length === ids.length, 'the downlinks')
    expect(heard.sort()).toEqual(ids.map((id) => `${id} ${id}`))
  })

  test('a kept session is of its identity alone', async () => {
    const first = await t.connect('d1', { clientId: 'x', clean: false })
    await first.subscribeAsync('v1/devices/me/attributes', { qos: 1 })
    await first.endAsync()
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    await boss.publishAsync('devices/d1/v1/devices/me/attributes', 'for d1', { qos: 1 })
    const other = await t.rawDevice('d2', { clientId: 'x', clean: false })
    await other.ping()
    expect(other.packets.map(({ cmd }) => cmd)).toEqual(['connack', 'pingresp'])
    const back = await t.rawDevice('d1', { clientId: 'x', clean: false })
    expect(String((await back.nextOf('publish')).payload)).toBe('for d1')
  })

  test('50 takeovers at once leave one connection', async () => {
    const clients = await Promise.all(Array.from({ length: 50 }, () => t.raw()))
    for (const client of clients) {
      client.send(connectFrame({ username: 'd1', password: 'token-d1', clientId: 'x' }))
    }
    await until(() => clients.filter((client) => !client.closed).length === 1, 'one survivor')
    const survivor = clients.find((client) => !client.closed)!
    await survivor.ping()
    survivor.send(publishFrame(telemetryTopic, '{}'))
    await until(() => survivor.acknowledged.length === 1, 'its acknowledgement')
  })
})

describe('bindings', () => {
  const device = (id: string) => ({ kind: 'device' as const, id })

  test('an identity may leave 8 sessions behind; the oldest unused one makes room', () => {
    const forgotten: string[] = []
    const bindings = createBindings((clientId) => forgotten.push(clientId))
    for (let i = 0; i < 20; i++) {
      bindings.claim(`c${i}`, device('d'), false)
      bindings.release(`c${i}`)
    }
    expect(forgotten).toEqual(Array.from({ length: 12 }, (_, i) => `c${i}`))
    expect(bindings.size).toBe(8)
  })

  test('nothing is left of clean sessions, however many', () => {
    const bindings = createBindings(() => {})
    for (let i = 0; i < 1_000; i++) {
      bindings.claim(`c${i}`, device('d'), true)
      bindings.release(`c${i}`)
    }
    expect(bindings.size).toBe(0)
  })
})
