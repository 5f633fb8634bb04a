import { afterEach, beforeEach, expect, test } from 'vitest'
import {
  pause,
  startTestBroker,
  type TestBroker,
  telemetryTopic,
  until,
} from './broker-under-test.ts'
import { publishFrame, RawClient } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker()
  await t.device('d1')
})
afterEach(() => t.stop())

test('a stop under load acknowledges only what is kept, and loses nothing that it acknowledged', async () => {
  const clients = await Promise.all(
    Array.from({ length: 10 }, (_, i) => t.rawDevice('d1', { clientId: `c${i}` })),
  )
  let stopping = false
  const senders = clients.map(async (client, c) => {
    for (let id = 1; id <= 60_000 && !stopping && !client.closed; id++) {
      client.send(publishFrame(telemetryTopic, `${c}-${id}`, { messageId: id }))
      if (id % 50 === 0) await new Promise((resolve) => setImmediate(resolve))
    }
  })
  await pause(150)
  const stop = t.broker.stop()
  await Promise.all(clients.map((client) => client.untilClosed()))
  stopping = true
  await Promise.all([stop, ...senders])
  const kept = new Set(
    (await t.uplinks('telemetry')).map((uplink) => Buffer.from(uplink.payload).toString()),
  )
  let acknowledged = 0
  for (const [c, client] of clients.entries()) {
    expect(client.acknowledged).toEqual(client.acknowledged.map((_, i) => i + 1))
    acknowledged += client.acknowledged.length
    for (const id of client.acknowledged) expect(kept.has(`${c}-${id}`)).toBe(true)
  }
  expect(acknowledged).toBeGreaterThan(0)
})

test('what waits for the commit when the stop begins is committed and acknowledged', async () => {
  const client = await t.rawDevice('d1')
  t.journal.hold()
  client.send(publishFrame(telemetryTopic, '{"a":1}', { messageId: 9 }))
  await client.ping()
  const stop = t.broker.stop()
  await pause(30)
  expect(client.acknowledged).toEqual([])
  t.journal.release()
  await stop
  expect(client.acknowledged).toEqual([9])
  expect((await t.uplinks('telemetry')).length).toBe(1)
})

test('after a stop nobody is connected, in the journal too, and nobody can connect', async () => {
  await t.rawDevice('d1')
  await t.broker.stop()
  const kinds = (await t.uplinks()).map(({ kind }) => kind)
  expect(kinds).toEqual(['broker-start', 'session-open', 'session-close'])
  await expect(RawClient.open(t.port)).rejects.toThrow()
})

test('a client that does not hang up is not waited for', async () => {
  const client = await t.rawDevice('d1')
  client.socket.pause()
  await t.broker.stop()
  client.socket.resume()
  await until(() => client.closed, 'the end')
})
