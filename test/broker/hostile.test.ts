import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { systemClock } from '../../runtime/system.ts'
import {
  pause,
  startTestBroker,
  type TestBroker,
  telemetryTopic,
  until,
} from './broker-under-test.ts'
import { connectFrame, generate, publishFrame, type RawClient } from './raw-client.ts'

let t: TestBroker
afterEach(() => t.stop())

async function start(env: Record<string, string> = {}): Promise<RawClient> {
  t = await startTestBroker({ env })
  await t.device('good')
  await t.device('bad')
  return t.rawDevice('good')
}

/** The others notice nothing: a message is acknowledged, and soon. */
async function stillServes(client: RawClient, messageId = 1): Promise<void> {
  const before = client.acknowledged.length
  client.send(publishFrame(telemetryTopic, '{}', { messageId }))
  await until(() => client.acknowledged.length > before, 'an acknowledgement')
}

const announce = (first: number, length: number): Buffer => {
  const bytes = [first]
  let rest = length
  do {
    bytes.push(rest >= 128 ? (rest % 128) | 128 : rest)
    rest = Math.floor(rest / 128)
  } while (rest > 0)
  return Buffer.from(bytes)
}

describe('sizes', () => {
  test('eight sockets that announce 256 MB are closed at once and cost nothing', async () => {
    const good = await start()
    const before = process.memoryUsage().rss
    const attackers = await Promise.all(Array.from({ length: 8 }, () => t.raw()))
    for (const attacker of attackers) {
      attacker.send(announce(0x10, 268_435_455), Buffer.alloc(65_536, 0x61))
    }
    await Promise.all(attackers.map((attacker) => attacker.untilClosed()))
    expect(process.memoryUsage().rss - before).toBeLessThan(32 * 1_048_576)
    expect(await t.metric('bellwether_mqtt_oversize_total')).toBe(8)
    await stillServes(good)
  })

  test('before sign-in 4 KiB are the limit, whatever the packet', async () => {
    await start()
    for (const first of [0x10, 0x30, 0x82]) {
      const client = await t.raw()
      client.send(announce(first, 4_095))
      await client.untilClosed()
      expect(client.bytesReceived).toBe(0)
    }
    const fits = await t.raw()
    expect(
      await fits.connect({ username: 'good', password: 'token-good', clientId: 'c'.repeat(4_000) }),
    ).toBe(0)
  })

  test('after sign-in the largest packet is taken and one byte more is not', async () => {
    const client = await start({ BELLWETHER_MQTT_PACKET_BYTES_MAX: '65536' })
    const overhead = publishFrame(telemetryTopic, '').length + 2
    client.send(publishFrame(telemetryTopic, 'x'.repeat(65_536 - overhead)))
    await client.nextOf('puback')
    client.send(publishFrame(telemetryTopic, 'x'.repeat(65_537 - overhead)))
    await client.untilClosed()
    expect(await t.uplinks('telemetry')).toHaveLength(1)
  })

  test('a PUBLISH that is too large leaves a note with its size and topic', async () => {
    const client = await start()
    client.send(
      announce(0x32, 1_000_000),
      publishFrame(telemetryTopic, 'x'.repeat(100)).subarray(2),
    )
    await client.untilClosed()
    await until(async () => (await t.uplinks('oversize')).length === 1, 'the note')
    const [note] = await t.uplinks('oversize')
    expect(note).toMatchObject({ device: 'good', readings: 1 })
    expect(JSON.parse(Buffer.from(note!.payload).toString())).toEqual({
      bytes: 1_000_004,
      topic: telemetryTopic,
    })
  })

  test('also when the header arrives byte by byte', async () => {
    const client = await start()
    for (const byte of [
      ...announce(0x32, 1_000_000),
      ...publishFrame(telemetryTopic, '').subarray(2),
    ]) {
      client.send(Uint8Array.of(byte))
      await new Promise((resolve) => setImmediate(resolve))
    }
    await client.untilClosed()
    await until(async () => (await t.uplinks('oversize')).length === 1, 'the note')
    const [note] = await t.uplinks('oversize')
    expect(JSON.parse(Buffer.from(note!.payload).toString()).topic).toBe(telemetryTopic)
  })

  test('a remaining length of five bytes closes the connection', async () => {
    const good = await start()
    for (const bytes of [
      [0x10, 0x80, 0x80, 0x80, 0x80, 0x01],
      [0x30, 0xff, 0xff, 0xff, 0xff, 0x7f],
    ]) {
      const client = await t.raw()
      client.send(Uint8Array.from(bytes))
      await client.untilClosed()
    }
    good.send(Uint8Array.of(0x30, 0x80, 0x80, 0x80, 0x80, 0x01))
    await good.untilClosed()
    expect(await t.metric('bellwether_mqtt_connections_ended_total', 'malformed')).toBe(3)
  })
})

describe('malformed packets', () => {
  test.each([
    ['CONNACK', [0x20, 2, 0, 0]],
    ['SUBACK', [0x90, 3, 0, 1, 0]],
    ['UNSUBACK', [0xb0, 2, 0, 1]],
    ['PINGRESP', [0xd0, 0]],
    ['type 0', [0x00, 0]],
    ['type 15', [0xf0, 0]],
    ['PINGREQ with a body', [0xc0, 1, 0]],
    ['PINGREQ with flags', [0xc1, 0]],
    ['SUBSCRIBE with wrong flags', [0x80, 6, 0, 1, 0, 1, 0x61, 0]],
    ['SUBSCRIBE without filters', [0x82, 2, 0, 1]],
    ['SUBSCRIBE of QoS 3', [0x82, 6, 0, 1, 0, 1, 0x61, 3]],
    ['PUBLISH of QoS 3', [0x36, 5, 0, 1, 0x61, 0, 1]],
    ['PUBLISH with a topic longer than itself', [0x30, 4, 0xff, 0xff, 0x61, 0x61]],
    ['PUBLISH without a body', [0x32, 0]],
    ['UNSUBSCRIBE without filters', [0xa2, 2, 0, 1]],
    ['SUBSCRIBE with packet id 0', [0x82, 6, 0, 0, 0, 1, 0x61, 0]],
    ['PUBREL with packet id 0', [0x62, 2, 0, 0]],
  ])('%s closes the connection', async (_name, bytes) => {
    await start()
    const client = await t.rawDevice('bad')
    client.send(Uint8Array.from(bytes))
    await client.untilClosed()
    expect(client.packets).toHaveLength(1)
  })

  test('packet id 0 and a repeated QoS 0 close the connection', async () => {
    const client = await start()
    const frame = publishFrame(telemetryTopic, '{}', { messageId: 1 })
    frame[frame.length - 3] = 0
    client.send(frame)
    await client.untilClosed()
    const other = await t.rawDevice('good', { clientId: 'other' })
    const repeated = publishFrame(telemetryTopic, '{}', { qos: 0 })
    repeated[0] = 0x38
    other.send(repeated)
    await other.untilClosed()
    expect(await t.uplinks('telemetry')).toEqual([])
  })

  test('PUBACK and PUBREL for unknown ids are harmless', async () => {
    const client = await start()
    client.send(
      generate({ cmd: 'puback', messageId: 99 }),
      generate({ cmd: 'pubrel', messageId: 98 }),
    )
    expect((await client.nextOf('pubcomp')).messageId).toBe(98)
    await stillServes(client)
  })

  test('10,000 random packets from signed-in devices: nobody else notices', async () => {
    const good = await start({ BELLWETHER_MQTT_CONNECTS_PER_SECOND_MAX: '100000' })
    let attacker = await t.rawDevice('bad')
    const seeds = [
      publishFrame(telemetryTopic, '{"a":1}'),
      publishFrame(telemetryTopic, '{"a":1}', { qos: 2 }),
      generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic: 'v1/gateway/rpc', qos: 1 }],
      }),
      generate({ cmd: 'unsubscribe', messageId: 1, unsubscriptions: ['v1/gateway/rpc'] }),
      connectFrame({ username: 'bad', password: 'token-bad' }),
      generate({ cmd: 'pubrel', messageId: 1 }),
      generate({ cmd: 'disconnect' }),
    ]
    const mutation = fc.record({
      seed: fc.nat(seeds.length - 1),
      edits: fc.array(fc.tuple(fc.nat(40), fc.nat(255)), { maxLength: 4 }),
      cut: fc.option(fc.nat(40), { freq: 4 }),
    })
    let n = 0
    for (const { seed, edits, cut } of fc.sample(mutation, 10_000)) {
      if (attacker.closed) attacker = await t.rawDevice('bad')
      const bytes = Buffer.from(seeds[seed]!)
      for (const [at, value] of edits) bytes[at % bytes.length] = value
      attacker.send(cut === null ? bytes : bytes.subarray(0, cut))
      if (++n % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
      if (n % 1_000 === 0) await stillServes(good, n / 1_000)
    }
    attacker.destroy()
    await stillServes(good, 100)
    expect(await t.metric('bellwether_mqtt_errors_total')).toBe(0)
  })

  test('10,000 malformed payloads are acknowledged: they are for ingest to judge', async () => {
    const client = await start()
    const frames = Array.from({ length: 10_000 }, (_, i) =>
      publishFrame(telemetryTopic, Buffer.from([0xff, i & 0xff, 0x7b]), { messageId: i + 1 }),
    )
    client.send(...frames)
    await until(() => client.acknowledged.length === 10_000, 'all acknowledgements')
  })
})

describe('floods', () => {
  test('1,000 sign-ins with wrong tokens: a publisher from the same address notices nothing', async () => {
    const good = await start()
    const answers: number[] = []
    const attack = Promise.all(
      Array.from({ length: 20 }, async () => {
        for (let i = 0; i < 50; i++) {
          const client = await t.raw()
          void client.connect({ username: 'bad', password: `guess-${i}` }).then((code) => {
            if (typeof code === 'number') answers.push(code)
          })
        }
      }),
    )
    for (let id = 1; id <= 50; id++) await stillServes(good, id)
    await attack
    await until(() => answers.length === 1_000, 'all answers')
    expect(new Set(answers)).toEqual(new Set([4]))
    const correct = await t.raw()
    expect(await correct.connect({ username: 'bad', password: 'token-bad' })).toBe(0)
  })

  test('the answer to a failed sign-in is delayed only after too many, and only for who fails', async () => {
    await start({ BELLWETHER_MQTT_SIGN_IN_FAILURES_MAX: '3' })
    for (let i = 0; i < 3; i++) {
      expect(await (await t.raw()).connect({ username: 'bad', password: 'x' })).toBe(4)
    }
    const slow = await t.raw()
    slow.send(connectFrame({ username: 'bad', password: 'x' }))
    await pause(200)
    expect(slow.packets).toEqual([])
    expect(await (await t.raw()).connect({ username: 'bad', password: 'token-bad' })).toBe(0)
    expect(await slow.connack()).toBe(4)
  })

  test('connections of one address beyond the rate are closed, and it recovers', async () => {
    const good = await start({ BELLWETHER_MQTT_CONNECTS_PER_SECOND_MAX: '20' })
    const clients = await Promise.all(Array.from({ length: 60 }, () => t.raw()))
    await until(() => clients.filter((client) => client.closed).length >= 30, 'the refusals')
    await stillServes(good)
    await pause(1_000)
    expect(await (await t.raw()).connect({ username: 'bad', password: 'token-bad' })).toBe(0)
  })

  test('connections beyond the cap are closed; one that ends makes room', async () => {
    const good = await start({ BELLWETHER_MQTT_CONNECTIONS_MAX: '3' })
    const second = await t.rawDevice('bad')
    await t.rawDevice('bad', { clientId: 'third' })
    const fourth = await t.raw()
    await fourth.untilClosed()
    expect(fourth.bytesReceived).toBe(0)
    await stillServes(good)
    second.destroy()
    await until(async () => {
      const client = await t.raw()
      return (await client.connect({ username: 'bad', password: 'token-bad', clientId: 'x' })) === 0
    }, 'room')
    expect(await t.metric('bellwether_mqtt_connections_turned_away_total', 'full')).toBeGreaterThan(
      0,
    )
  })

  test('a device above its rate is read more slowly; nothing is lost and nobody else waits', async () => {
    const good = await start({ BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '100' })
    const flood = await t.rawDevice('bad')
    const frames = Array.from({ length: 150 }, (_, i) =>
      publishFrame(telemetryTopic, `{"n":${i}}`, { messageId: i + 1 }),
    )
    flood.send(...frames)
    await pause(100)
    expect(flood.acknowledged.length).toBeLessThan(130)
    await stillServes(good)
    await until(() => flood.acknowledged.length === 150, 'the rest')
    expect(flood.acknowledged).toEqual(frames.map((_, i) => i + 1))
    expect(await t.metric('bellwether_mqtt_slowed_total')).toBeGreaterThan(0)
  })

  test('a device cannot get more by more connections', async () => {
    await start({ BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '100' })
    const clients = await Promise.all(
      Array.from({ length: 4 }, (_, i) => t.rawDevice('bad', { clientId: `c${i}` })),
    )
    for (const client of clients) {
      client.send(
        ...Array.from({ length: 100 }, (_, i) =>
          publishFrame(telemetryTopic, '{}', { messageId: i + 1 }),
        ),
      )
    }
    await pause(300)
    const sum = clients.reduce((total, client) => total + client.acknowledged.length, 0)
    expect(sum).toBeLessThan(200)
  })

  test('a client that never reads its acknowledgements is not read forever', async () => {
    const good = await start()
    const deaf = await t.rawDevice('bad')
    deaf.socket.pause()
    let sent = 0
    for (let round = 0; round < 400 && !deaf.closed; round++) {
      const pings = Buffer.alloc(2 * 100_000, Buffer.from([0xc0, 0]))
      deaf.socket.write(pings)
      sent += 100_000
      if (deaf.socket.writableLength > 1_048_576) break
      await new Promise((resolve) => setImmediate(resolve))
    }
    // The broker stopped reading, so what we send piles up here and not there.
    expect(deaf.socket.writableLength).toBeGreaterThan(0)
    expect(sent).toBeGreaterThan(0)
    await stillServes(good)
  })

  test('a stuck subscriber: others publish and downlinks go on', async () => {
    const good = await start()
    await t.apiToken('boss', 'admin')
    const stuck = await t.raw()
    expect(await stuck.connect({ username: 'api-token-boss', clientId: 'stuck' })).toBe(0)
    stuck.send(
      generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: '#', qos: 1 },
          { topic: '$SYS/#', qos: 0 },
        ],
      }),
    )
    await stuck.nextOf('suback')
    stuck.socket.pause()
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    for (let i = 0; i < 400; i++) boss.publish('large', 'x'.repeat(50_000), { qos: 0 })
    for (let id = 1; id <= 300; id++) await stillServes(good, id)
    expect(await t.uplinks('telemetry')).toHaveLength(300)
    await until(
      () => stuck.closed || t.log.some((line) => JSON.stringify(line).includes('drain')),
      'its end',
    )
    const listener = await t.connect('bad')
    const heard: string[] = []
    listener.on('message', (topic) => heard.push(topic))
    await listener.subscribeAsync('v1/devices/me/rpc/request/+')
    await until(async () => {
      boss.publish('devices/bad/v1/devices/me/rpc/request/1', 'x')
      await pause(20)
      return heard.length > 0
    }, 'a downlink')
  })
})

describe('a bug of ours', () => {
  test('that a message meets costs its connection, on both paths, and not the process', async () => {
    const clock = { ...systemClock }
    t = await startTestBroker({ ports: { clock } })
    await t.device('good')
    await t.device('bad')
    const good = await t.rawDevice('good')
    const fast = await t.rawDevice('bad', { clientId: 'fast' })
    const slow = await t.rawDevice('bad', { clientId: 'slow' })
    clock.now = () => {
      throw new Error('a bug')
    }
    fast.send(publishFrame(telemetryTopic, '{}'))
    slow.send(publishFrame(telemetryTopic, '{}', { retain: true }))
    await Promise.all([fast.untilClosed(), slow.untilClosed()])
    clock.now = systemClock.now
    expect([...fast.acknowledged, ...slow.acknowledged]).toEqual([])
    expect(await t.metric('bellwether_mqtt_errors_total')).toBeGreaterThanOrEqual(2)
    await stillServes(good)
  })
})

describe('silence', () => {
  test('keep-alive: who is silent for 1.5 times of it is closed; who publishes or pings is not', async () => {
    await start()
    const silent = await t.rawDevice('bad', { clientId: 'silent', keepalive: 1 })
    const fast = await t.rawDevice('bad', { clientId: 'fast', keepalive: 1 })
    const slow = await t.rawDevice('bad', { clientId: 'slow', keepalive: 1 })
    const pinging = await t.rawDevice('bad', { clientId: 'pinging', keepalive: 1 })
    const patient = await t.rawDevice('bad', { clientId: 'patient', keepalive: 60 })
    const opened = Date.now()
    const beat = setInterval(() => {
      fast.send(publishFrame(telemetryTopic, '{}', { qos: 0 }))
      slow.send(publishFrame(telemetryTopic, '{}', { qos: 0, retain: true }))
      pinging.send(Uint8Array.of(0xc0, 0))
    }, 200)
    await silent.untilClosed()
    expect(Date.now() - opened).toBeGreaterThan(1_400)
    await pause(1_500)
    clearInterval(beat)
    expect([fast, slow, pinging, patient].map((client) => client.closed)).toEqual([
      false,
      false,
      false,
      false,
    ])
    await Promise.all([fast, slow, pinging].map((client) => client.untilClosed()))
    expect(patient.closed).toBe(false)
    expect(await t.metric('bellwether_mqtt_connections_ended_total', 'silent')).toBe(4)
  })
})
