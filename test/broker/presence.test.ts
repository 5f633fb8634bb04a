import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { hashSecret } from '../../runtime/secret.ts'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { publishFrame } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker()
  await t.device('d1')
  await t.device('d2')
})
afterEach(() => t.stop())

const events = async () =>
  (await t.uplinks())
    .filter(({ kind }) => kind !== 'telemetry')
    .map(({ kind, device }) => `${kind} ${device}`)

describe('session events', () => {
  test('a start, a connect and a disconnect are journaled, with client and address', async () => {
    const client = await t.rawDevice('d1', { clientId: 'mine' })
    client.destroy()
    await until(async () => (await events()).length === 3, 'the events')
    expect(await events()).toEqual(['broker-start ', 'session-open d1', 'session-close d1'])
    const [open] = await t.uplinks('session-open')
    expect(open?.readings).toBe(0)
    expect(JSON.parse(Buffer.from(open!.payload).toString())).toEqual({
      client: 'mine',
      address: '127.0.0.1',
    })
  })

  test('a device with several connections comes once and leaves once', async () => {
    const clients = await Promise.all(
      ['a', 'b', 'c'].map((clientId) => t.rawDevice('d1', { clientId })),
    )
    for (const client of clients) client.destroy()
    await until(async () => (await events()).length === 3, 'the events')
    expect(await events()).toEqual(['broker-start ', 'session-open d1', 'session-close d1'])
  })

  test('service accounts and refused sign-ins leave no event', async () => {
    await t.apiToken('boss', 'admin')
    await (await t.raw()).connect({ username: 'api-token-boss' })
    await (await t.raw()).connect({ username: 'd1', password: 'wrong' })
    const client = await t.rawDevice('d2')
    client.send(publishFrame(telemetryTopic, '{}'))
    await client.nextOf('puback')
    expect(await events()).toEqual(['broker-start ', 'session-open d2'])
  })
})

describe('what the registry says counts while connected', () => {
  test.each([
    ['is disabled', async () => t.registry.replace('device', { ...bare, enabled: false })],
    ['is removed', async () => t.registry.remove('device', 'd1')],
    ['gets a new token', async () => t.registry.setDeviceToken('d1', hashSecret('new'))],
    ['loses its token', async () => t.registry.setDeviceToken('d1', null)],
  ])('a device that %s is disconnected, and no other', async (_what, change) => {
    const client = await t.rawDevice('d1')
    const other = await t.rawDevice('d2')
    await change()
    t.bus.ring('registry')
    await client.untilClosed()
    await other.ping()
    expect(await t.metric('bellwether_mqtt_connections_ended_total', 'revoked')).toBe(1)
  })

  test('also when the doorbell is lost', async () => {
    const client = await t.rawDevice('d1')
    await t.registry.setDeviceToken('d1', null)
    await client.untilClosed()
  })

  test('a service account whose token is removed is disconnected', async () => {
    await t.apiToken('boss', 'admin')
    const boss = await t.raw()
    expect(await boss.connect({ username: 'api-token-boss' })).toBe(0)
    await t.registry.remove('token', 'boss')
    t.bus.ring('registry')
    await boss.untilClosed()
  })

  test('a change that does not concern the connection leaves it alone', async () => {
    const client = await t.rawDevice('d1')
    await t.device('d3')
    await t.registry.replace('device', { ...bare, expectedInterval: '5m' })
    t.bus.ring('registry')
    await (await t.raw()).connect({ username: 'd3', password: 'token-d3' })
    await client.ping()
  })
})

const bare = {
  id: 'd1',
  site: null,
  profile: null,
  gateway: null,
  enabled: true,
  expectedInterval: null,
}
