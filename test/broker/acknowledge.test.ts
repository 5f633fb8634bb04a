import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import {
  pause,
  startTestBroker,
  type TestBroker,
  telemetryTopic,
  until,
} from './broker-under-test.ts'
import { connectFrame, generate, publishFrame } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker()
  await t.device('d1')
  await t.device('d2')
})
afterEach(() => t.stop())

const payloads = async () =>
  (await t.uplinks('telemetry')).map((uplink) => Buffer.from(uplink.payload).toString())

describe('an acknowledgement follows the commit', () => {
  test('no PUBACK before the journal has it, on the fast path', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    client.send(publishFrame(telemetryTopic, '{"pm25":1}', { messageId: 7 }))
    await until(() => t.journal.waiting === 1, 'the commit')
    await client.ping()
    expect(client.acknowledged).toEqual([])
    expect(await payloads()).toEqual([])
    t.journal.release()
    expect((await client.nextOf('puback')).messageId).toBe(7)
    expect(await payloads()).toEqual(['{"pm25":1}'])
  })

  test('no PUBACK before the journal has it, through Aedes (a retained publish)', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    client.send(publishFrame(telemetryTopic, '{"pm25":2}', { messageId: 8, retain: true }))
    await until(() => t.journal.waiting === 1, 'the commit')
    await client.ping()
    expect(client.acknowledged).toEqual([])
    t.journal.release()
    expect((await client.nextOf('puback')).messageId).toBe(8)
    expect(await payloads()).toEqual(['{"pm25":2}'])
  })

  test('no PUBREC before the journal has it, and the handshake ends with PUBCOMP', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    client.send(publishFrame(telemetryTopic, '{"pm25":3}', { messageId: 9, qos: 2 }))
    await until(() => t.journal.waiting === 1, 'the commit')
    await client.ping()
    expect(client.packets.some((packet) => packet.cmd === 'pubrec')).toBe(false)
    t.journal.release()
    expect((await client.nextOf('pubrec')).messageId).toBe(9)
    client.send(generate({ cmd: 'pubrel', messageId: 9 }))
    expect((await client.nextOf('pubcomp')).messageId).toBe(9)
    expect(await payloads()).toEqual(['{"pm25":3}'])
  })

  test('QoS 0 is journaled and not answered', async () => {
    const client = await t.rawDevice('d1')
    client.send(publishFrame(telemetryTopic, '{"pm25":4}', { qos: 0 }))
    await client.ping()
    await until(async () => (await payloads()).length === 1, 'the uplink')
    expect(client.packets.map((packet) => packet.cmd)).toEqual(['connack', 'pingresp'])
  })

  test('the journal keeps who, when, what and how many readings', async () => {
    const before = Date.now()
    const client = await t.rawDevice('d1')
    client.send(
      publishFrame(telemetryTopic, '[{"ts":1,"values":{"a":1,"b":2}},{"values":{"a":3}}]'),
    )
    await client.nextOf('puback')
    const [uplink] = await t.uplinks('telemetry')
    expect(uplink).toMatchObject({ device: 'd1', kind: 'telemetry', readings: 3 })
    expect(uplink!.receivedAt).toBeGreaterThanOrEqual(before)
    expect(uplink!.receivedAt).toBeLessThanOrEqual(Date.now())
  })

  test.each([
    ['v1/devices/me/telemetry', 'telemetry'],
    ['v1/devices/me/attributes', 'attributes'],
    ['v1/gateway/telemetry', 'gateway-telemetry'],
    ['v1/gateway/attributes', 'gateway-attributes'],
    ['v1/gateway/connect', 'gateway-connect'],
    ['v1/gateway/disconnect', 'gateway-disconnect'],
  ] as const)('%s is journaled as %s on both paths', async (topic, kind) => {
    const client = await t.rawDevice('d1')
    client.send(
      publishFrame(topic, '{"device":"x"}', { messageId: 1 }),
      publishFrame(topic, '{"device":"x"}', { messageId: 2, qos: 2 }),
    )
    await until(async () => (await t.uplinks(kind)).length === 2, 'both uplinks')
  })

  test('every durable commit rings the doorbell of the journal', async () => {
    const client = await t.rawDevice('d1')
    const before = t.bus.rings.length
    client.send(publishFrame(telemetryTopic, '{}'))
    await client.nextOf('puback')
    expect(t.bus.rings.slice(before)).toContain('journal')
  })
})

describe('order', () => {
  test('PUBACKs come in the order of the PUBLISHes, fast path and Aedes mixed', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    const ids = Array.from({ length: 60 }, (_, i) => i + 1)
    for (const id of ids) {
      client.send(
        publishFrame(telemetryTopic, `{"n":${id}}`, { messageId: id, retain: id % 3 === 0 }),
      )
    }
    await client.ping()
    t.journal.release()
    await until(() => client.acknowledged.length === ids.length, 'all acknowledgements')
    expect(client.acknowledged).toEqual(ids)
    expect(await payloads()).toEqual(ids.map((id) => `{"n":${id}}`))
  })

  test('messages of several connections keep the order of each', async () => {
    const a = await t.rawDevice('d1')
    const b = await t.rawDevice('d2')
    for (let id = 1; id <= 200; id++) {
      a.send(publishFrame(telemetryTopic, `a${id}`, { messageId: id }))
      b.send(publishFrame(telemetryTopic, `b${id}`, { messageId: id }))
    }
    await until(() => a.acknowledged.length + b.acknowledged.length === 400, 'all of them')
    const ids = Array.from({ length: 200 }, (_, i) => i + 1)
    expect(a.acknowledged).toEqual(ids)
    expect(b.acknowledged).toEqual(ids)
    const all = await payloads()
    expect(all.filter((text) => text.startsWith('a'))).toEqual(ids.map((id) => `a${id}`))
    expect(all.filter((text) => text.startsWith('b'))).toEqual(ids.map((id) => `b${id}`))
  })
})

describe('frames as TCP cuts them', () => {
  test('a PUBLISH cut at every byte is taken once, unchanged', async () => {
    const frame = publishFrame(telemetryTopic, '{"pm25":35.2,"pm10":61}', { messageId: 300 })
    const other = await t.rawDevice('d2')
    for (let cut = 1; cut < frame.length; cut++) {
      other.send(frame.subarray(0, cut))
      await new Promise((resolve) => setImmediate(resolve))
      other.send(frame.subarray(cut))
      expect((await other.nextOf('puback')).messageId).toBe(300)
    }
    const mine = (await t.uplinks('telemetry')).filter((uplink) => uplink.device === 'd2')
    expect(mine).toHaveLength(frame.length - 1)
    expect(new Set(mine.map((uplink) => Buffer.from(uplink.payload).toString()))).toEqual(
      new Set(['{"pm25":35.2,"pm10":61}']),
    )
  })

  test('byte by byte', async () => {
    const client = await t.rawDevice('d1')
    for (const byte of publishFrame(telemetryTopic, '{"a":1}', { messageId: 2 })) {
      client.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    expect((await client.nextOf('puback')).messageId).toBe(2)
  })

  test('10,000 messages in one write', async () => {
    const client = await t.rawDevice('d1')
    const frames = Array.from({ length: 10_000 }, (_, i) =>
      publishFrame(telemetryTopic, `{"n":${i}}`, { messageId: i + 1 }),
    )
    client.send(...frames)
    await until(() => client.acknowledged.length === 10_000, 'all acknowledgements')
    expect(client.acknowledged).toEqual(frames.map((_, i) => i + 1))
    expect(await payloads()).toEqual(frames.map((_, i) => `{"n":${i}}`))
  })

  test('a message in many pieces larger than a read', async () => {
    const client = await t.rawDevice('d1')
    const large = `{"x":"${'y'.repeat(200_000)}"}`
    client.send(
      publishFrame(telemetryTopic, large, { messageId: 5 }),
      publishFrame(telemetryTopic, '{}', { messageId: 6 }),
    )
    await until(() => client.acknowledged.length === 2, 'both')
    expect(await payloads()).toEqual([large, '{}'])
  })

  test('messages sent along with the CONNECT, before the CONNACK, are taken in order', async () => {
    const client = await t.raw()
    const frames = Array.from({ length: 100 }, (_, i) =>
      publishFrame(telemetryTopic, `{"n":${i}}`, { messageId: i + 1 }),
    )
    client.send(connectFrame({ username: 'd1', password: 'token-d1' }), ...frames)
    expect(await client.connack()).toBe(0)
    await until(() => client.acknowledged.length === 100, 'all acknowledgements')
    expect(await payloads()).toEqual(frames.map((_, i) => `{"n":${i}}`))
  })

  test('a message sent the moment the CONNACK arrives is never lost', async () => {
    for (let i = 0; i < 40; i++) {
      const client = await t.rawDevice('d1', { clientId: `c${i}` })
      client.send(publishFrame(telemetryTopic, `{"n":${i}}`, { messageId: 1 }))
      await client.nextOf('puback')
      client.destroy()
    }
    expect(await payloads()).toHaveLength(40)
  })

  test('a QoS 0 message followed by DISCONNECT and the end of the connection is kept', async () => {
    const client = await t.rawDevice('d1')
    client.send(
      publishFrame(telemetryTopic, '{"last":1}', { qos: 0 }),
      generate({ cmd: 'disconnect' }),
    )
    client.socket.end()
    await until(async () => (await payloads()).length === 1, 'the uplink')
  })
})

describe('QoS 2 is taken once', () => {
  test('a repeat before the release is answered again and not journaled again', async () => {
    const client = await t.rawDevice('d1')
    const frame = (dup: boolean) =>
      publishFrame(telemetryTopic, '{"a":1}', { qos: 2, messageId: 3, dup })
    client.send(frame(false))
    await client.nextOf('pubrec')
    client.send(frame(true), frame(true))
    await client.nextOf('pubrec')
    await client.nextOf('pubrec')
    client.send(generate({ cmd: 'pubrel', messageId: 3 }))
    await client.nextOf('pubcomp')
    expect(await payloads()).toHaveLength(1)
    client.send(frame(false))
    await client.nextOf('pubrec')
    expect(await payloads()).toHaveLength(2)
  })

  test('a repeat while the first is being written waits for the same commit', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    client.send(
      publishFrame(telemetryTopic, '{"a":1}', { qos: 2, messageId: 3 }),
      publishFrame(telemetryTopic, '{"a":1}', { qos: 2, messageId: 3, dup: true }),
    )
    await client.ping()
    expect(client.packets.some((packet) => packet.cmd === 'pubrec')).toBe(false)
    t.journal.release()
    await client.nextOf('pubrec')
    expect(await payloads()).toHaveLength(1)
  })

  test('a kept session remembers over a reconnect what was not released', async () => {
    const options = { clean: false, clientId: 'kept' }
    const first = await t.rawDevice('d1', options)
    first.send(publishFrame(telemetryTopic, '{"a":1}', { qos: 2, messageId: 3 }))
    await first.nextOf('pubrec')
    first.destroy()
    await pause(50)
    const second = await t.rawDevice('d1', options)
    second.send(publishFrame(telemetryTopic, '{"a":1}', { qos: 2, messageId: 3, dup: true }))
    await second.nextOf('pubrec')
    second.send(generate({ cmd: 'pubrel', messageId: 3 }))
    await second.nextOf('pubcomp')
    expect(await payloads()).toHaveLength(1)
  })
})

test('a device that has its window full is held back and loses nothing', async () => {
  const small = await startTestBroker({ env: { BELLWETHER_MQTT_INFLIGHT_MAX: '10' } })
  try {
    await small.device('d1')
    const client = await small.rawDevice('d1')
    small.journal.hold()
    const frames = Array.from({ length: 500 }, (_, i) =>
      publishFrame(telemetryTopic, `{"n":${i}}`, { messageId: i + 1 }),
    )
    client.send(...frames)
    await pause(50)
    expect(small.journal.pending).toBeLessThanOrEqual(10)
    small.journal.release()
    await until(() => client.acknowledged.length === 500, 'all acknowledgements')
    expect(client.acknowledged).toEqual(frames.map((_, i) => i + 1))
  } finally {
    await small.stop()
  }
})
