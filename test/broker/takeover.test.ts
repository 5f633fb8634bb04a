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
  ])('%s can not take the client id of another identity', async (_who, credentials) => {
    const victim = await t.rawDevice('d1', { clientId: 'x' })
    for (let i = 0; i < 20; i++) {
      const thief = await t.raw()
      expect(await thief.connect({ ...credentials, clientId: 'x', clean: i % 2 === 0 })).toBe(2)
    }
    victim.send(publishFrame(telemetryTopic, '{}'))
    await victim.nextOf('puback')
    expect(victim.closed).toBe(false)
  })

  test('a wrong token can not take over either', async () => {
    const victim = await t.rawDevice('d1', { clientId: 'x' })
    const thief = await t.raw()
    expect(await thief.connect({ username: 'd1', password: 'wrong', clientId: 'x' })).toBe(4)
    await victim.ping()
  })

  test('a client id that nobody uses any more is free', async () => {
    const first = await t.rawDevice('d1', { clientId: 'x' })
    first.destroy()
    await until(
      async () =>
        (await (await t.raw()).connect({ username: 'd2', password: 'token-d2', clientId: 'x' })) ===
        0,
      'the id',
    )
  })

  test('a kept session belongs to its identity after the connection has ended', async () => {
    const first = await t.rawDevice('d1', { clientId: 'x', clean: false })
    first.destroy()
    await until(() => first.closed, 'the end')
    await new Promise((resolve) => setTimeout(resolve, 50))
    const thief = await t.raw()
    expect(
      await thief.connect({ username: 'd2', password: 'token-d2', clientId: 'x', clean: false }),
    ).toBe(2)
    const owner = await t.rawDevice('d1', { clientId: 'x', clean: true })
    owner.destroy()
    await until(
      async () =>
        (await (await t.raw()).connect({ username: 'd2', password: 'token-d2', clientId: 'x' })) ===
        0,
      'the id',
    )
  })

  test('two identities that race for one client id: one of them wins, and the other is refused', async () => {
    const [a, b] = [await t.raw(), await t.raw()]
    a.send(connectFrame({ username: 'd1', password: 'token-d1', clientId: 'x' }))
    b.send(connectFrame({ username: 'd2', password: 'token-d2', clientId: 'x' }))
    expect([await a.connack(), await b.connack()].sort()).toEqual([0, 2])
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
      expect(bindings.claim(`c${i}`, device('d'), false)).toBe(true)
      bindings.release(`c${i}`)
    }
    expect(forgotten).toEqual(Array.from({ length: 12 }, (_, i) => `c${i}`))
    expect(bindings.size).toBe(8)
    expect(bindings.claim('c0', device('other'), true)).toBe(true)
    expect(bindings.claim('c19', device('other'), true)).toBe(false)
  })

  test('a device and a service account of the same name are two identities', () => {
    const bindings = createBindings(() => {})
    expect(bindings.claim('c', device('a'), true)).toBe(true)
    expect(bindings.claim('c', { kind: 'service', id: 'a' }, true)).toBe(false)
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
