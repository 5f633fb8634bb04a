import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { generate, publishFrame, type RawClient } from './raw-client.ts'

const allowedTopics = [
  'v1/devices/me/telemetry',
  'v1/devices/me/attributes',
  'v1/gateway/telemetry',
  'v1/gateway/connect',
  'v1/gateway/disconnect',
  'v1/gateway/attributes',
]

const deniedTopics = [
  'v1/devices/d2/telemetry',
  'v1/devices/d1/telemetry',
  'v1/devices/me/telemetry/',
  '/v1/devices/me/telemetry',
  'v1/devices/me/Telemetry',
  'v1/devices/me',
  'v1/devices/me/rpc/request/1',
  'devices/d1/v1/devices/me/attributes',
  'devices/d2/v1/devices/me/attributes',
  '$SYS/x/new/clients',
  '$SYS/broker/load',
  '$share/g/v1/devices/me/telemetry',
  'anything',
  ' ',
  'v1/devices/me/telemetr\u00ff',
  'v1/devices/\u043ce/telemetry',
  '\ufeffv1/devices/me/telemetry',
  'v1/devices/me/telemetry\0',
  'a/'.repeat(100),
  'a/'.repeat(1_000),
  '/'.repeat(32_767),
]

const malformedTopics = ['', '#', '+', 'v1/devices/+/telemetry', 'v1/devices/me/#']

const allowedFilters = [
  'v1/devices/me/attributes',
  'v1/devices/me/attributes/response/+',
  'v1/devices/me/rpc/request/+',
  'v1/devices/me/rpc/response/1',
  'v1/gateway/attributes',
  'v1/gateway/rpc',
]

const deniedFilters = [
  '#',
  '+',
  '+/#',
  '$SYS/#',
  '$SYS/+/new/clients',
  '$share/g/#',
  'v1/#',
  'v1/devices/+/telemetry',
  'v1/devices/me/#',
  'v1/devices/me/telemetry',
  'v1/devices/d2/attributes',
  'devices/#',
  'devices/+/v1/devices/me/attributes',
  'devices/d2/v1/devices/me/attributes',
  'v1/devices/me/rpc/request/#',
  'v1/#/attributes',
  'v1/devices+/x',
]

describe('a device', () => {
  let t: TestBroker
  let client: RawClient
  beforeEach(async () => {
    t = await startTestBroker()
    await t.device('d1')
    await t.device('d2')
    client = await t.rawDevice('d1')
  })
  afterEach(() => t.stop())

  async function subscribe(filters: readonly string[]): Promise<unknown[]> {
    client.send(
      generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: filters.map((topic) => ({ topic, qos: 1 as const })),
      }),
    )
    return (await client.nextOf('suback')).granted
  }

  test.each(allowedTopics)('may publish to %s', async (topic) => {
    client.send(publishFrame(topic, '{}'))
    await client.nextOf('puback')
  })

  test.each(
    deniedTopics.flatMap((topic) => [
      [topic, 0] as const,
      [topic, 1] as const,
      [topic, 2] as const,
    ]),
  )(
    'a publish to %j at QoS %i is acknowledged and dropped between two readings',
    async (topic, qos) => {
      client.send(
        publishFrame(telemetryTopic, '{"pm25":1}', { messageId: 11 }),
        publishFrame(topic, 'x', { qos, messageId: 12 }),
        publishFrame(telemetryTopic, '{"pm25":2}', { messageId: 13 }),
      )
      if (qos === 2) {
        await until(() => client.packets.some(({ cmd }) => cmd === 'pubrec'), 'PUBREC')
        client.send(generate({ cmd: 'pubrel', messageId: 12 }))
        await until(() => client.packets.some(({ cmd }) => cmd === 'pubcomp'), 'PUBCOMP')
      }
      await until(() => client.acknowledged.includes(13), 'the last acknowledgement')
      expect(client.acknowledged).toEqual(qos === 1 ? [11, 12, 13] : [11, 13])
      const kept = (await t.uplinks()).filter(({ kind }) => /telemetry|denied/.test(kind))
      await until(async () => (await t.uplinks('denied')).length === 1, 'the note')
      const [note] = await t.uplinks('denied')
      expect(kept.filter(({ kind }) => kind === 'telemetry')).toHaveLength(2)
      expect(JSON.parse(String(note?.payload))).toEqual({
        topic: topic.slice(0, 256),
        bytes: 1,
        payload: 'x',
        unnoted: 0,
      })
    },
  )

  test.each(malformedTopics)('a publish to %j is acknowledged and dropped', async (topic) => {
    const bytes = Buffer.from(topic)
    const body = Buffer.concat([Uint8Array.of(0, bytes.length), bytes, Uint8Array.of(0, 1, 0x78)])
    client.send(Buffer.concat([Uint8Array.of(0x32, body.length), body]))
    await client.nextOf('puback')
    await client.ping()
    expect(await t.uplinks('denied')).toHaveLength(1)
  })

  test('denied publishes are counted, and logged and noted at times only', async () => {
    for (let messageId = 1; messageId <= 900; messageId++) {
      const options = { messageId, retain: messageId % 3 === 0 }
      client.send(publishFrame(`v1/devices/me/rpc/response/${messageId}`, 'ok', options))
    }
    await until(() => client.acknowledged.length === 900, 'the acknowledgements')
    expect(client.acknowledged).toEqual(Array.from({ length: 900 }, (_, i) => i + 1))
    expect(await t.metric('bellwether_mqtt_denied_total', 'publish')).toBe(900)
    expect(await t.uplinks('denied')).toHaveLength(3)
    const warnings = t.log.filter((line) => line.level === 'warn')
    expect(warnings).toHaveLength(3)
    expect(warnings[0]?.fields).toMatchObject({
      device: 'd1',
      topic: 'v1/devices/me/rpc/response/1',
    })
  })

  test('nothing is promised for a denied publish while the journal cannot be written', async () => {
    t.journal.full = true
    client.send(publishFrame('v2/x', 'x'))
    await client.untilClosed()
    expect(client.acknowledged).toEqual([])
  })

  test('is granted its own filters and refused all others, in one SUBSCRIBE', async () => {
    const granted = await subscribe([...allowedFilters, ...deniedFilters])
    expect(granted).toEqual([...allowedFilters.map(() => 1), ...deniedFilters.map(() => 128)])
    expect(await t.metric('bellwether_mqtt_denied_total', 'subscribe')).toBe(deniedFilters.length)
  })

  test('a filter named several times in one SUBSCRIBE has a return code for each, and the last QoS holds', async () => {
    await t.apiToken('boss', 'admin')
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    for (const clean of [true, false]) {
      const device = await t.rawDevice('d1', { clientId: `twice-${clean}`, clean })
      const [a, b] = ['v1/devices/me/attributes', 'v1/devices/me/rpc/request/+']
      const wished = [
        [a, 1],
        ['#', 1],
        [b, 0],
        [a, 1],
        ['#', 0],
        [b, 2],
        [a, 0],
      ] as const
      const subscriptions = wished.map(([topic, qos]) => ({ topic, qos }))
      device.send(generate({ cmd: 'subscribe', messageId: 1, subscriptions }))
      expect((await device.nextOf('suback')).granted).toEqual([1, 128, 0, 1, 128, 1, 0])
      await boss.publishAsync('devices/d1/v1/devices/me/attributes', 'a', { qos: 1 })
      await boss.publishAsync('devices/d1/v1/devices/me/rpc/request/7', 'b', { qos: 1 })
      await until(
        () => device.packets.filter(({ cmd }) => cmd === 'publish').length >= 2,
        'the downlinks',
      )
      await device.ping()
      const heard = device.packets.flatMap((packet) =>
        packet.cmd === 'publish' ? [[packet.topic, packet.qos]] : [],
      )
      expect(heard).toEqual([
        [a, 0],
        ['v1/devices/me/rpc/request/7', 1],
      ])
      device.destroy()
    }
  })

  test('a filter named twice takes one of the places for subscriptions', async () => {
    const filters = Array.from({ length: 15 }, (_, i) => `v1/devices/me/rpc/response/${i}`)
    const [first = '', second = ''] = filters
    expect(await subscribe([...filters, first, second, 'v1/devices/me/attributes'])).toEqual(
      Array(18).fill(1),
    )
    expect(await subscribe(['v1/devices/me/rpc/request/+'])).toEqual([128])
  })

  test.each(['a/'.repeat(100), 'a/'.repeat(1_000), '/'.repeat(32_767)])(
    'is refused a filter of too many levels, and stays',
    async (topic) => {
      const levels = generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [{ topic, qos: 0 }],
      })
      client.send(levels)
      expect((await client.nextOf('suback')).granted).toEqual([128])
      client.send(generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: [topic] }))
      await client.nextOf('unsuback')
      await client.ping()
    },
  )

  test('may hold 16 subscriptions, and may exchange them', async () => {
    const filters = Array.from({ length: 20 }, (_, i) => `v1/devices/me/rpc/response/${i}`)
    expect(await subscribe(filters)).toEqual([...Array(16).fill(1), ...Array(4).fill(128)])
    client.send(
      generate({ cmd: 'unsubscribe', messageId: 2, unsubscriptions: filters.slice(0, 4) }),
    )
    await client.nextOf('unsuback')
    expect(await subscribe(filters.slice(16))).toEqual([1, 1, 1, 1])
  })

  test('hears its own downlinks under the topic it knows, and no other device does', async () => {
    const other = await t.connect('d2')
    const heard: string[] = []
    other.on('message', (topic) => heard.push(topic))
    await other.subscribeAsync('v1/devices/me/rpc/request/+', { qos: 1 })
    expect(await subscribe(['v1/devices/me/rpc/request/+'])).toEqual([1])
    await t.apiToken('boss', 'admin')
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    await boss.publishAsync('devices/d1/v1/devices/me/rpc/request/7', '{"on":1}', { qos: 2 })
    const message = await client.nextOf('publish')
    expect(message).toMatchObject({ topic: 'v1/devices/me/rpc/request/7', qos: 1 })
    expect(message.payload.toString()).toBe('{"on":1}')
    client.send(generate({ cmd: 'puback', messageId: message.messageId ?? 0 }))
    await client.ping()
    expect(heard).toEqual([])
  })

  test('its retain flag is ignored: nothing is retained', async () => {
    for (let i = 1; i <= 50; i++) {
      client.send(publishFrame(telemetryTopic, '{"a":1}', { messageId: i, retain: true }))
    }
    await until(() => client.acknowledged.length === 50, 'the acknowledgements')
    await t.apiToken('boss', 'admin')
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    const heard: string[] = []
    boss.on('message', (topic) => heard.push(topic))
    await boss.subscribeAsync('#')
    await client.ping()
    expect(heard).toEqual([])
    expect(await t.uplinks('telemetry')).toHaveLength(50)
  })
})

describe('wills of devices', () => {
  test.each(['$SYS/x/new/clients', telemetryTopic, '#', 'a/'.repeat(200)])(
    'a will to %j is left out and the device signs in',
    async (topic) => {
      const t = await startTestBroker()
      try {
        await t.device('d1')
        await t.device('victim')
        await t.apiToken('boss', 'admin')
        const victim = await t.rawDevice('victim', { clientId: 'victim' })
        const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
        const heard: string[] = []
        boss.on('message', (name) => heard.push(name))
        await boss.subscribeAsync(['#', '$SYS/#'])
        const client = await t.rawDevice('d1', {
          will: { topic, payload: Buffer.from('victim'), qos: 1, retain: false },
        })
        client.destroy()
        await until(async () => (await t.uplinks('session-close')).length === 1, 'its end')
        await victim.ping()
        expect(heard.filter((name) => !/^\$SYS\/[0-9a-f-]{36}\//.test(name))).toEqual([])
        expect(await t.uplinks('telemetry')).toEqual([])
        expect(await t.metric('bellwether_mqtt_denied_total', 'will')).toBe(1)
      } finally {
        await t.stop()
      }
    },
  )

  test('when they are switched on, a will to its own topic is an uplink, and one to $SYS is not', async () => {
    const t = await startTestBroker({ env: { BELLWETHER_MQTT_DEVICE_WILLS: 'true' } })
    try {
      await t.device('d1')
      await t.device('d2')
      const payload = Buffer.from('{"gone":1}')
      const good = await t.rawDevice('d1', {
        will: { topic: telemetryTopic, payload, qos: 1, retain: false },
      })
      const bad = await t.rawDevice('d2', {
        will: { topic: '$SYS/x/new/clients', payload, qos: 1, retain: true },
      })
      bad.destroy()
      good.destroy()
      await until(async () => (await t.uplinks('telemetry')).length === 1, 'the will')
      expect((await t.uplinks('telemetry'))[0]?.device).toBe('d1')
      await (await t.rawDevice('d2')).ping()
    } finally {
      await t.stop()
    }
  })

  test('when they are switched on, a retained message waits for a service account', async () => {
    const t = await startTestBroker({
      env: { BELLWETHER_MQTT_DEVICE_WILLS: 'true', BELLWETHER_MQTT_RETAINED_MESSAGES_MAX: '1' },
    })
    try {
      await t.device('d1')
      await t.device('d2')
      await t.apiToken('boss', 'admin')
      for (const id of ['d1', 'd2']) {
        const client = await t.connect(id)
        await client.publishAsync('v1/devices/me/attributes', `{"of":"${id}"}`, {
          qos: 1,
          retain: true,
        })
      }
      await until(
        async () => (await t.metric('bellwether_mqtt_downlinks_dropped_total')) === 1,
        'the limit',
      )
      const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
      const heard: string[] = []
      boss.on('message', (topic, payload) => heard.push(`${topic} ${payload}`))
      await boss.subscribeAsync('devices/#')
      await until(() => heard.length > 0, 'the retained message')
      expect(heard).toEqual(['devices/d1/v1/devices/me/attributes {"of":"d1"}'])
      expect(await t.uplinks('attributes')).toHaveLength(2)
    } finally {
      await t.stop()
    }
  })
})

describe('a service account', () => {
  let t: TestBroker
  beforeEach(async () => {
    t = await startTestBroker()
    await t.device('d1')
    await t.apiToken('boss', 'admin')
  })
  afterEach(() => t.stop())

  const boss = () => t.connect('boss', { username: 'api-token-boss', password: '' })

  test('may hear everything, $SYS too', async () => {
    const client = await boss()
    const heard: string[] = []
    client.on('message', (topic) => heard.push(topic))
    const granted = await client.subscribeAsync(['#', '$SYS/#'], { qos: 0 })
    expect(granted.map((grant) => grant.qos)).toEqual([0, 0])
    await t.connect('d1')
    await until(() => heard.some((topic) => topic.endsWith('/new/clients')), '$SYS')
  })

  test('uplinks do not fan out to it, whatever the path', async () => {
    const client = await boss()
    const heard: string[] = []
    client.on('message', (topic) => heard.push(topic))
    await client.subscribeAsync('#')
    const device = await t.rawDevice('d1')
    device.send(
      publishFrame(telemetryTopic, '{}', { messageId: 1 }),
      publishFrame(telemetryTopic, '{}', { messageId: 2, retain: true }),
    )
    await until(() => device.acknowledged.length === 2, 'the acknowledgements')
    await client.publishAsync('mine', 'x', { qos: 1 })
    await until(() => heard.length > 0, 'its own message')
    expect(heard).toEqual(['mine'])
  })

  test.each(['v1/devices/me/telemetry', 'v1/gateway/telemetry', '$SYS/x/new/clients', '$x'])(
    'a publish to %s is acknowledged and dropped',
    async (topic) => {
      const listener = await boss()
      const heard: string[] = []
      listener.on('message', (name) => heard.push(name))
      await listener.subscribeAsync(['#', '$x/#', '$bellwether/#'])
      const client = await t.raw()
      expect(await client.connect({ username: 'api-token-boss' })).toBe(0)
      client.send(publishFrame(topic, '{}', { retain: true }))
      await client.nextOf('puback')
      client.send(publishFrame('mine', '{}', { messageId: 2 }))
      await client.nextOf('puback')
      await until(() => heard.length > 0, 'the other message')
      expect(heard).toEqual(['mine'])
      expect(await t.uplinks('telemetry')).toEqual([])
    },
  )

  test('downlinks wait for an offline device with a kept session, within the limit', async () => {
    const kept = { clientId: 'kept', clean: false }
    const device = await t.connect('d1', kept)
    await device.subscribeAsync('v1/devices/me/rpc/request/+', { qos: 1 })
    await device.endAsync()
    const client = await boss()
    for (let i = 0; i < 150; i++) {
      await client.publishAsync(`devices/d1/v1/devices/me/rpc/request/${i}`, 'x', { qos: 1 })
    }
    expect(await t.metric('bellwether_mqtt_downlinks_dropped_total', 'offline')).toBe(50)
    const again = await t.rawDevice('d1', kept)
    await until(
      () => again.packets.filter((packet) => packet.cmd === 'publish').length === 100,
      'them',
    )
    const topics = again.packets.flatMap((packet) =>
      packet.cmd === 'publish' ? [packet.topic] : [],
    )
    expect(topics[0]).toBe('v1/devices/me/rpc/request/0')
    expect(topics.at(-1)).toBe('v1/devices/me/rpc/request/99')
  })

  test('a refused filter is not kept with the session either', async () => {
    const kept = { clientId: 'kept', clean: false }
    const device = await t.rawDevice('d1', kept)
    device.send(
      generate({
        cmd: 'subscribe',
        messageId: 1,
        subscriptions: [
          { topic: '#', qos: 1 },
          { topic: 'v1/devices/me/rpc/request/+', qos: 1 },
        ],
      }),
    )
    expect((await device.nextOf('suback')).granted).toEqual([128, 1])
    device.destroy()
    const client = await boss()
    await client.publishAsync('secret', 'x', { qos: 1 })
    await client.publishAsync('devices/d1/v1/devices/me/rpc/request/1', 'y', { qos: 1 })
    const again = await t.rawDevice('d1', kept)
    await again.ping()
    const topics = again.packets.flatMap((packet) =>
      packet.cmd === 'publish' ? [packet.topic] : [],
    )
    expect(topics).toEqual(['v1/devices/me/rpc/request/1'])
  })
})
