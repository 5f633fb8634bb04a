import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect as tlsConnect } from 'node:tls'
import mqtt from 'mqtt'
import { generate as selfsigned } from 'selfsigned'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { hashSecret } from '../../runtime/secret.ts'
import {
  pause,
  startTestBroker,
  type TestBroker,
  telemetryTopic,
  until,
} from './broker-under-test.ts'
import { connectFrame, publishFrame, RawClient } from './raw-client.ts'

describe('by token', () => {
  let t: TestBroker
  beforeEach(async () => {
    t = await startTestBroker({ env: { BELLWETHER_ADMIN_TOKEN: 'configured-admin-token' } })
    await t.device('d1')
    await t.device('d2')
    await t.device('off', { enabled: false })
    await t.device('bare', { token: false })
    await t.apiToken('boss', 'admin')
    await t.apiToken('reader', 'viewer')
  })
  afterEach(() => t.stop())

  const cases: [string, { username?: string; password?: string }, number][] = [
    ['device id and its token', { username: 'd1', password: 'token-d1' }, 0],
    ['token alone', { username: 'token-d1' }, 0],
    ['token alone with an empty password', { username: 'token-d1', password: '' }, 0],
    ['token alone with a password that means nothing', { username: 'token-d2', password: 'x' }, 0],
    [
      'token with the id of another device as password',
      { username: 'token-d2', password: 'd1' },
      0,
    ],
    ['disabled device by token with a password', { username: 'token-off', password: 'x' }, 5],
    ['admin API token as user name', { username: 'api-token-boss' }, 0],
    ['admin API token as password', { username: 'anything', password: 'api-token-boss' }, 0],
    ['the configured admin token', { username: 'configured-admin-token' }, 0],
    ['wrong token', { username: 'd1', password: 'wrong' }, 4],
    ['token of another device', { username: 'd1', password: 'token-d2' }, 4],
    ['unknown device', { username: 'nobody', password: 'token-d1' }, 4],
    ['device id without password', { username: 'd1' }, 4],
    ['unknown token alone', { username: 'no-such-token' }, 4],
    ['nothing at all', {}, 4],
    ['empty user name', { username: '', password: 'token-d1' }, 4],
    ['a device that has no token', { username: 'bare', password: '' }, 4],
    ['a hash instead of the token', { username: 'd1', password: hashSecret('token-d1') }, 4],
    ['name of a property every object has', { username: '__proto__', password: 'x' }, 4],
    ['disabled device', { username: 'off', password: 'token-off' }, 5],
    ['disabled device by token alone', { username: 'token-off' }, 5],
    ['API token of a lesser role', { username: 'api-token-reader' }, 5],
  ]

  test.each(cases)('%s', async (_name, credentials, code) => {
    const client = await t.raw()
    expect(await client.connect(credentials)).toBe(code)
    if (code !== 0) await client.untilClosed()
    const reason = code === 4 ? 'badCredentials' : 'notAuthorized'
    const refused = await t.metric('bellwether_mqtt_sign_ins_refused_total', reason)
    expect(refused).toBe(code === 0 ? 0 : 1)
  })

  test('no secret reaches the log', async () => {
    for (const [, credentials] of cases) {
      const client = await t.raw()
      await client.connect(credentials)
    }
    const log = JSON.stringify(t.log)
    for (const secret of ['token-d1', 'token-d2', 'api-token', 'configured-admin', 'wrong']) {
      expect(log).not.toContain(secret)
    }
  })

  test('a device that was registered a moment ago signs in at once', async () => {
    await t.device('fresh')
    expect(await (await t.raw()).connect({ username: 'fresh', password: 'token-fresh' })).toBe(0)
  })

  test('the old token stops working the moment there is a new one', async () => {
    await t.registry.setDeviceToken('d1', hashSecret('new-token'))
    expect(await (await t.raw()).connect({ username: 'd1', password: 'token-d1' })).toBe(4)
    expect(await (await t.raw()).connect({ username: 'd1', password: 'new-token' })).toBe(0)
  })
})

describe('the CONNECT itself', () => {
  let t: TestBroker
  beforeEach(async () => {
    t = await startTestBroker({ env: { BELLWETHER_MQTT_CONNECT_TIMEOUT_MS: '400' } })
    await t.device('d1')
  })
  afterEach(() => t.stop())

  const good = { username: 'd1', password: 'token-d1' }

  test('MQTT 3.1 is spoken too, also with a long client id', async () => {
    const client = await t.raw()
    const frame = connectFrame({ ...good, clientId: 'a-client-id-longer-than-23-characters' })
    // Name MQIsdp and level 3 in place of MQTT and 4.
    const body = Buffer.concat([Buffer.from('\0\x06MQIsdp\x03', 'latin1'), frame.subarray(9)])
    client.send(Buffer.concat([Uint8Array.of(0x10, body.length), body]))
    expect(await client.connack()).toBe(0)
  })

  test.each([
    ['MQTT', 5],
    ['MQTT', 3],
    ['MQTT', 6],
    ['MQTT', 0],
    ['MQTT', 0x84],
    ['MQIsdp', 4],
  ])('%s level %i is answered with code 1', async (name, level) => {
    const client = await t.raw()
    const body = Buffer.concat([
      Uint8Array.of(0, name.length),
      Buffer.from(name),
      Uint8Array.of(level, 2, 0, 60, 0, 0, 0, 1, 0x61),
    ])
    client.send(Buffer.concat([Uint8Array.of(0x10, body.length), body]))
    expect(await client.connack()).toBe(1)
    await client.untilClosed()
  })

  test.each(['HTTP', 'mqtt', '', 'MQTTT'])('protocol name %j is not answered', async (name) => {
    const client = await t.raw()
    const body = Buffer.concat([
      Uint8Array.of(0, name.length),
      Buffer.from(name),
      Uint8Array.of(4, 2, 0, 60, 0, 1, 0x61),
    ])
    client.send(Buffer.concat([Uint8Array.of(0x10, body.length), body]))
    await client.untilClosed()
    expect(client.bytesReceived).toBe(0)
  })

  test('an empty client id needs a clean session', async () => {
    const client = await t.raw()
    const frame = connectFrame({ ...good, clientId: '' })
    frame[9] = (frame[9] ?? 0) & ~2
    client.send(frame)
    expect(await client.connack()).toBe(2)
    expect(await (await t.raw()).connect({ ...good, clientId: '', clean: true })).toBe(0)
    expect(await (await t.raw()).connect({ ...good, clientId: '', clean: true })).toBe(0)
  })

  test('a second CONNECT ends the connection', async () => {
    const client = await t.rawDevice('d1')
    client.send(connectFrame(good))
    await client.untilClosed()
    expect(client.packets).toHaveLength(1)
  })

  test('anything before the CONNECT ends the connection, unanswered', async () => {
    const client = await t.raw()
    client.send(publishFrame(telemetryTopic, '{}'), connectFrame(good))
    await client.untilClosed()
    expect(client.bytesReceived).toBe(0)
    expect(await t.uplinks('telemetry')).toEqual([])
  })

  test('a reserved flag in CONNECT ends the connection', async () => {
    const client = await t.raw()
    const frame = connectFrame(good)
    frame[9] = (frame[9] ?? 0) | 1
    client.send(frame)
    await client.untilClosed()
    expect(client.bytesReceived).toBe(0)
  })

  test('who sends no CONNECT in time is closed, also when it trickles', async () => {
    const silent = await t.raw()
    const slow = await t.raw()
    const frame = connectFrame(good)
    for (const byte of frame.subarray(0, 8)) {
      slow.send(Uint8Array.of(byte))
      await pause(20)
    }
    await Promise.all([silent.untilClosed(), slow.untilClosed()])
    expect(await t.metric('bellwether_mqtt_connections_ended_total', 'no_connect')).toBe(2)
  })
})

describe('by client certificate', () => {
  let dir: string
  let t: TestBroker
  const pems: Record<string, { private: string; cert: string }> = {}

  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), 'bellwether-tls-'))
    const make = (commonName: string, ca?: { key: string; cert: string }, isAuthority = false) =>
      selfsigned([{ name: 'commonName', value: commonName }], {
        keySize: 2048,
        algorithm: 'sha256',
        ...(ca === undefined ? {} : { ca }),
        ...(isAuthority
          ? { extensions: [{ name: 'basicConstraints', cA: true, critical: true }] }
          : {}),
      } as Parameters<typeof selfsigned>[1])
    const ca = await make('test authority', undefined, true)
    const foreign = await make('foreign authority', undefined, true)
    pems.ca = ca
    pems.server = await make('localhost', { key: ca.private, cert: ca.cert })
    for (const id of ['d1', 'off', 'stranger', 'boss']) {
      pems[id] = await make(id, { key: ca.private, cert: ca.cert })
    }
    pems.forged = await make('d1', { key: foreign.private, cert: foreign.cert })
    pems.selfMade = await make('d1')
    writeFileSync(join(dir, 'cert.pem'), pems.server.cert)
    writeFileSync(join(dir, 'key.pem'), pems.server.private)
    writeFileSync(join(dir, 'ca.pem'), ca.cert)
    t = await startTestBroker({
      env: {
        BELLWETHER_MQTTS_PORT: '0',
        BELLWETHER_TLS_CERT: join(dir, 'cert.pem'),
        BELLWETHER_TLS_KEY: join(dir, 'key.pem'),
        BELLWETHER_TLS_CA: join(dir, 'ca.pem'),
        BELLWETHER_MQTT_CONNECT_TIMEOUT_MS: '1000',
      },
    })
    await t.device('d1')
    await t.device('off', { enabled: false })
    await t.apiToken('boss', 'admin')
  })
  afterAll(async () => {
    await t.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  function open(
    who: string | null,
    version?: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
  ): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const pem = who === null ? undefined : pems[who]
      const socket = tlsConnect(
        {
          port: t.broker.mqttsPort ?? 0,
          host: '127.0.0.1',
          rejectUnauthorized: false,
          ...(pem === undefined ? {} : { cert: pem.cert, key: pem.private }),
          ...(version === undefined ? {} : { minVersion: version, maxVersion: version }),
        },
        () => resolve(new RawClient(socket)),
      )
      socket.once('error', reject)
    })
  }

  test.each([
    ['its common name is the device id', 'd1', {}, 0],
    ['a disabled device', 'off', {}, 5],
    ['an unknown device', 'stranger', {}, 4],
    ['an API token is no device', 'boss', {}, 4],
    ['signed by another authority', 'forged', {}, 4],
    ['signed by itself', 'selfMade', {}, 4],
    ['no certificate', null, {}, 4],
    ['no certificate, but a token', null, { username: 'd1', password: 'token-d1' }, 0],
    ['a good certificate with any user name', 'd1', { username: 'modem-7' }, 0],
    [
      'a good certificate with any user name and password',
      'd1',
      { username: 'd1', password: 'x' },
      0,
    ],
  ])('%s', async (_name, who, credentials, code) => {
    const client = await open(who)
    expect(await client.connect({ clientId: `tls-${who}-${code}`, ...credentials })).toBe(code)
    client.destroy()
  })

  test('publishes over TLS as the device of the certificate', async () => {
    const client = await mqtt.connectAsync(`mqtts://127.0.0.1:${t.broker.mqttsPort}`, {
      cert: pems.d1!.cert,
      key: pems.d1!.private,
      rejectUnauthorized: false,
      reconnectPeriod: 0,
    })
    await client.publishAsync(telemetryTopic, '{"pm25":1}', { qos: 1 })
    await client.endAsync()
    expect((await t.uplinks('telemetry')).map((uplink) => uplink.device)).toEqual(['d1'])
  })

  test('TLS 1.1 is refused, 1.2 and 1.3 are spoken', async () => {
    await expect(open('d1', 'TLSv1.1')).rejects.toThrow()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const client = await open('d1', version)
      expect(await client.connect({ clientId: version })).toBe(0)
      client.destroy()
    }
  })

  test('who does not finish the handshake is closed in time', async () => {
    const client = await RawClient.open(t.broker.mqttsPort ?? 0)
    await until(() => client.closed, 'the end of the handshake')
  })
})
