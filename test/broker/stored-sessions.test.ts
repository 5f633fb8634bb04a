import fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { matches, StoredSessions, type StoredPacket } from '../../broker/stored-sessions.ts'

let dropped: string[]
let live: Set<string>
let stored: StoredSessions
beforeEach(() => {
  dropped = []
  live = new Set()
  stored = new StoredSessions({
    offlineMessagesMax: 3,
    retainedMessagesMax: 2,
    isGranted: (_client, filter) => filter !== 'secret',
    isConnected: (clientId) => live.has(clientId),
    onDropped: (what) => dropped.push(what),
  })
})

const client = (id: string) => ({ id })
const packet = (topic: string, more: Partial<StoredPacket> = {}): StoredPacket => ({
  cmd: 'publish',
  topic,
  payload: Buffer.from('x'),
  ...more,
})
const subscribe = (id: string, ...filters: string[]) =>
  stored.addSubscriptions(
    client(id),
    filters.map((topic) => ({ topic, qos: 1 as const })),
  )
async function waiting(id: string): Promise<string[]> {
  const topics: string[] = []
  for await (const item of stored.outgoingStream(client(id))) topics.push(item.topic)
  return topics
}
async function retained(...filters: string[]): Promise<string[]> {
  const topics: string[] = []
  for await (const item of stored.createRetainedStreamCombi(filters)) topics.push(item.topic)
  return topics
}

describe('subscriptions', () => {
  test('are found by topic, once for each client, only with QoS above 0', async () => {
    await subscribe('a', 'devices/1/x', 'devices/1/+')
    await subscribe('b', 'devices/2/x')
    await subscribe('c', '#')
    await stored.addSubscriptions(client('d'), [{ topic: 'devices/1/x', qos: 0 }])
    const found = await stored.subscriptionsByTopic('devices/1/x')
    expect(found.map(({ clientId }) => clientId).sort()).toEqual(['a', 'c'])
  })

  test('those that were not granted are not kept', async () => {
    await subscribe('a', 'secret', 'open')
    expect((await stored.subscriptionsByClient(client('a'))).map(({ topic }) => topic)).toEqual([
      'open',
    ])
    expect(await stored.subscriptionsByTopic('secret')).toEqual([])
  })

  test('removing one leaves the others of the same device', async () => {
    await subscribe('a', 'devices/1/x', 'devices/1/y')
    await stored.removeSubscriptions(client('a'), ['devices/1/x', 'unknown'])
    expect(await stored.subscriptionsByTopic('devices/1/x')).toEqual([])
    expect(await stored.subscriptionsByTopic('devices/1/y')).toHaveLength(1)
    await stored.removeSubscriptions(client('a'), ['devices/1/y'])
    expect(await stored.subscriptionsByTopic('devices/1/y')).toEqual([])
  })

  test('a clean session takes everything with it', async () => {
    await subscribe('a', 'x')
    await stored.outgoingEnqueue({ clientId: 'a' }, packet('x'))
    await stored.cleanSubscriptions(client('a'))
    expect(await waiting('a')).toEqual([])
    expect(await stored.subscriptionsByTopic('x')).toEqual([])
    expect(stored.sizes.sessions).toBe(0)
  })
})

describe('messages that wait', () => {
  test('the first ones are kept, up to the limit; more are counted', async () => {
    await subscribe('a', 'x/+')
    for (let i = 0; i < 5; i++) await stored.outgoingEnqueue({ clientId: 'a' }, packet(`x/${i}`))
    expect(await waiting('a')).toEqual(['x/0', 'x/1', 'x/2'])
    expect(dropped).toEqual(['offline', 'offline'])
  })

  test('a connected client has room for what it has not acknowledged yet', async () => {
    await subscribe('a', 'x')
    live.add('a')
    for (let i = 0; i < 50; i++) await stored.outgoingEnqueue({ clientId: 'a' }, packet('x'))
    expect(dropped).toEqual([])
  })

  test('are taken out by their packet id', async () => {
    await subscribe('a', 'x')
    const first = packet('x', { brokerId: 'b', brokerCounter: 1 })
    await stored.outgoingEnqueueCombi([{ clientId: 'a' }], first)
    await stored.outgoingUpdate(client('a'), { ...first, messageId: 42 })
    expect(
      await stored.outgoingClearMessageId(client('a'), packet('', { messageId: 41 })),
    ).toBeUndefined()
    expect(
      (await stored.outgoingClearMessageId(client('a'), packet('', { messageId: 42 })))?.topic,
    ).toBe('x')
    expect(await waiting('a')).toEqual([])
    await expect(stored.outgoingUpdate(client('a'), first)).rejects.toThrow()
  })

  test('strangers that acknowledge what was never sent leave nothing behind', async () => {
    for (let i = 0; i < 1_000; i++) {
      await stored.outgoingClearMessageId(client(`c${i}`), packet('', { messageId: i }))
      await stored.outgoingEnqueue({ clientId: `c${i}` }, packet('x'))
    }
    expect(stored.sizes.sessions).toBe(0)
  })

  test('a message does not hold on to the large buffer it was read in', async () => {
    await subscribe('a', 'x')
    const chunk = Buffer.alloc(65_536)
    await stored.outgoingEnqueue({ clientId: 'a' }, packet('x', { payload: chunk.subarray(0, 1) }))
    for await (const item of stored.outgoingStream(client('a'))) {
      // It may lie in Node's own pool, whose size differs between versions.
      expect((item.payload as Buffer).buffer).not.toBe(chunk.buffer)
    }
  })
})

describe('retained messages', () => {
  test('the newest of each topic, up to the limit; an empty one deletes', async () => {
    await stored.storeRetained(packet('a'))
    await stored.storeRetained(packet('b'))
    await stored.storeRetained(packet('c'))
    expect(dropped).toEqual(['retained'])
    await stored.storeRetained(packet('a', { payload: Buffer.alloc(0) }))
    await stored.storeRetained(packet('c'))
    expect((await retained('#')).sort()).toEqual(['b', 'c'])
    await stored.storeRetained(packet('c', { payload: Buffer.from('new') }))
    expect(stored.sizes.retained).toBe(2)
  })
})

describe('QoS 2 packets that wait for their release', () => {
  test('are known by client and packet id, and gone with a clean session', async () => {
    await stored.incomingStorePacket(client('a'), packet('x', { messageId: 7 }))
    expect(stored.isArriving('a', 7)).toBe(true)
    expect(stored.isArriving('a', 8)).toBe(false)
    expect(stored.isArriving('b', 7)).toBe(false)
    await expect(
      stored.incomingGetPacket(client('a'), packet('', { messageId: 8 })),
    ).rejects.toThrow()
    await stored.incomingDelPacket(client('a'), packet('', { messageId: 7 }))
    expect(stored.isArriving('a', 7)).toBe(false)
    await expect(
      stored.incomingDelPacket(client('a'), packet('', { messageId: 7 })),
    ).rejects.toThrow()
    await stored.incomingStorePacket(client('a'), packet('x', { messageId: 9 }))
    await stored.cleanIncoming(client('a'))
    expect(stored.sizes.sessions).toBe(0)
  })
})

test('wills are kept by client', async () => {
  await stored.putWill(client('a'), packet('w'))
  expect((await stored.getWill(client('a')))?.topic).toBe('w')
  expect((await stored.delWill(client('a')))?.topic).toBe('w')
  expect(await stored.getWill(client('a'))).toBeUndefined()
})

describe('matching (MQTT 3.1.1 §4.7)', () => {
  test.each([
    ['sport/tennis/player1/#', 'sport/tennis/player1', true],
    ['sport/tennis/player1/#', 'sport/tennis/player1/ranking', true],
    ['sport/#', 'sport', true],
    ['#', 'a/b', true],
    ['sport/tennis/+', 'sport/tennis/player1', true],
    ['sport/tennis/+', 'sport/tennis/player1/ranking', false],
    ['sport/+', 'sport', false],
    ['sport/+', 'sport/', true],
    ['+/+', '/finance', true],
    ['/+', '/finance', true],
    ['+', '/finance', false],
    ['#', '$SYS/x', false],
    ['+/x', '$SYS/x', false],
    ['$SYS/#', '$SYS/x', true],
    ['a', 'a', true],
    ['a', 'A', false],
    ['a/b', 'a', false],
  ])('%s and %s: %s', (filter, topic, matched) => {
    expect(matches(filter, topic)).toBe(matched)
  })

  test('every topic matches itself', () => {
    const topic = fc.string({ minLength: 1 }).filter((text) => !/[+#]/.test(text))
    fc.assert(fc.property(topic, (text) => matches(text, text)))
  })
})
