/** QoS 2 in both directions: any number of packet ids under way, and downlinks that wait for a device. */

import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PacketIds } from '../../broker/packet-ids.ts'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { generate, publishFrame, type RawClient } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker({ env: { BELLWETHER_MQTT_MESSAGES_PER_SECOND_MAX: '1000000' } })
  await t.device('d1')
  await t.apiToken('boss', 'admin')
})
afterEach(() => t.stop())

test('6,000 messages that wait for their release are served, and each is taken once', async () => {
  const client = await t.rawDevice('d1')
  const count = 6_000
  const frame = (messageId: number, dup = false) =>
    publishFrame(telemetryTopic, `{"pm25":${messageId}}`, { qos: 2, messageId, dup })
  const received = (cmd: string) => client.packets.filter((packet) => packet.cmd === cmd).length
  for (let id = 1; id <= count; id++) client.send(frame(id))
  await until(() => received('pubrec') === count, 'every PUBREC')
  for (let id = 1; id <= count; id += 10) client.send(frame(id, true))
  await until(() => received('pubrec') === count + 600, 'the repeats')
  for (let id = 1; id <= count; id++) client.send(generate({ cmd: 'pubrel', messageId: id }))
  await until(() => received('pubcomp') === count, 'every PUBCOMP')
  expect(await t.uplinks('telemetry')).toHaveLength(count)
  client.send(frame(65_535), frame(1))
  await until(() => received('pubrec') === count + 602, 'two more')
  expect(await t.uplinks('telemetry')).toHaveLength(count + 2)
})

test('a device that only publishes is told of its kept session while a message of it is not released', async () => {
  const kept = { clientId: 'kept', clean: false }
  const message = (pm25: number, messageId: number) =>
    publishFrame(telemetryTopic, JSON.stringify({ pm25 }), { qos: 2, messageId })
  const isPresent = (client: RawClient) =>
    client.packets.flatMap((packet) => (packet.cmd === 'connack' ? [packet.sessionPresent] : []))
  const denied = () => t.metric('bellwether_mqtt_denied_total')
  const deniedBefore = await denied()

  const first = await t.rawDevice('d1', kept)
  expect(isPresent(first)).toEqual([false])
  first.send(message(31, 7))
  await first.nextOf('pubrec')
  first.destroy()

  // It goes on where it was: the repeat is no second message, and the id is free once it is released.
  const second = await t.rawDevice('d1', kept)
  expect(isPresent(second)).toEqual([true])
  second.send(message(31, 7))
  await second.nextOf('pubrec')
  expect(await t.uplinks('telemetry')).toHaveLength(1)
  second.send(generate({ cmd: 'pubrel', messageId: 7 }))
  await second.nextOf('pubcomp')
  second.destroy()

  // With nothing left, it is told so, and each id is a new message.
  const third = await t.rawDevice('d1', kept)
  expect(isPresent(third)).toEqual([false])
  third.send(message(32, 7))
  await third.nextOf('pubrec')
  expect(await t.uplinks('telemetry')).toHaveLength(2)
  third.destroy()
  const anew = await t.rawDevice('d1', { ...kept, clean: true })
  expect(isPresent(anew)).toEqual([false])
  anew.send(message(33, 7))
  await anew.nextOf('pubrec')
  expect(await t.uplinks('telemetry')).toHaveLength(3)
  expect(await denied()).toBe(deniedBefore)
})

test('a set of packet ids is a set', () => {
  const id = fc.oneof(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 65_535 }))
  const step = fc.record({ id, add: fc.boolean() })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), (steps) => {
      const ids = new PacketIds()
      const model = new Set<number>()
      for (const { id, add } of steps) {
        if (add) {
          ids.add(id)
          model.add(id)
        } else expect(ids.delete(id)).toBe(model.delete(id))
        expect(ids.size).toBe(model.size)
        expect(ids.has(id)).toBe(model.has(id))
      }
      for (const one of model) expect(ids.has(one)).toBe(true)
    }),
  )
})

test.each([3, 9])(
  '%i downlinks for a device that is away come once each, in order, as live messages',
  async (count) => {
    const kept = { clientId: 'kept', clean: false }
    const filter = 'v1/devices/me/attributes'
    const device = await t.connect('d1', kept)
    const [grant] = await device.subscribeAsync(filter, { qos: 2 })
    expect(grant?.qos).toBe(1)
    await device.endAsync()
    const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
    for (let i = 1; i <= count; i++) {
      const options = { qos: 2, retain: i % 2 === 0 } as const
      await boss.publishAsync(`devices/d1/${filter}`, String(i), options)
    }
    const heard: [string, boolean][] = []
    const again = await t.rawDevice('d1', kept)
    let answered = 0
    await until(() => {
      const messages = again.packets.flatMap((packet) => (packet.cmd === 'publish' ? [packet] : []))
      for (const message of messages.slice(answered)) {
        heard.push([String(message.payload), message.retain])
        again.send(generate({ cmd: 'puback', messageId: message.messageId ?? 0 }))
      }
      answered = messages.length
      return answered >= count
    }, 'the downlinks')
    await again.ping()
    expect(heard).toEqual(Array.from({ length: count }, (_, i) => [String(i + 1), false]))
    again.destroy()
    const third = await t.rawDevice('d1', kept)
    await third.ping()
    expect(third.packets.filter(({ cmd }) => cmd === 'publish')).toEqual([])
  },
)

test('a retained message that is asked for is a retained message', async () => {
  const boss = await t.connect('boss', { username: 'api-token-boss', password: '' })
  await boss.publishAsync('devices/d1/v1/devices/me/attributes', 'a', { qos: 2, retain: true })
  const device = await t.connect('d1')
  const flags: boolean[] = []
  device.on('message', (_topic, _payload, packet) => flags.push(packet.retain))
  await device.subscribeAsync('v1/devices/me/attributes', { qos: 1 })
  await until(() => flags.length === 1, 'it')
  expect(flags).toEqual([true])
})
