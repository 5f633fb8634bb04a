import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Fault } from '../../domain/errors.ts'
import { startTestBroker, type TestBroker, telemetryTopic, until } from './broker-under-test.ts'
import { publishFrame } from './raw-client.ts'

let t: TestBroker
beforeEach(async () => {
  t = await startTestBroker()
  await t.device('d1')
  await t.device('d2')
})
afterEach(() => t.stop())

const broken = () => new Fault('journal_unwritable', 'The disk is on fire.')

async function health(): Promise<{ writable: boolean; reason: string | null }> {
  const answer = await fetch(`http://127.0.0.1:${t.broker.edge.port}/health`, {
    headers: { 'x-bellwether-key': t.broker.edge.key },
  })
  return (await answer.json()) as { writable: boolean; reason: string | null }
}

const signIn = async (id: string) =>
  (await t.raw()).connect({ username: id, password: `token-${id}`, clientId: `again-${id}` })

describe('a commit that fails', () => {
  test('nothing of it is acknowledged, and its connections are closed', async () => {
    const fast = await t.rawDevice('d1')
    const retained = await t.rawDevice('d1', { clientId: 'retained' })
    const exact = await t.rawDevice('d1', { clientId: 'exact' })
    const idle = await t.rawDevice('d2')
    t.journal.hold()
    fast.send(publishFrame(telemetryTopic, '{}', { messageId: 1 }))
    retained.send(publishFrame(telemetryTopic, '{}', { messageId: 2, retain: true }))
    exact.send(publishFrame(telemetryTopic, '{}', { messageId: 3, qos: 2 }))
    await Promise.all([fast.ping(), retained.ping(), exact.ping()])
    t.journal.fault = broken()
    t.journal.release()
    await Promise.all([fast.untilClosed(), retained.untilClosed(), exact.untilClosed()])
    for (const client of [fast, retained, exact]) {
      expect(client.packets.map((packet) => packet.cmd)).toEqual(['connack', 'pingresp'])
    }
    expect(await t.uplinks('telemetry')).toEqual([])
    await idle.ping()
  })

  test('until it works again: health says why, sign-ins get code 3, publishes close', async () => {
    const first = await t.rawDevice('d1')
    const other = await t.rawDevice('d2')
    t.journal.fault = broken()
    first.send(publishFrame(telemetryTopic, '{}'))
    await first.untilClosed()
    expect(await health()).toMatchObject({ writable: false, reason: 'The disk is on fire.' })
    expect(await t.metric('bellwether_journal_writable')).toBe(0)
    expect(await signIn('d1')).toBe(3)
    for (const qos of [0, 1, 2] as const) {
      const client = qos === 0 ? other : null
      client?.send(publishFrame(telemetryTopic, '{}', { qos }))
      await client?.untilClosed()
    }
    expect(await t.uplinks('telemetry')).toEqual([])
  })

  test('it recovers by itself, and who is connected is told again', async () => {
    const first = await t.rawDevice('d1')
    const stays = await t.rawDevice('d2')
    t.journal.fault = broken()
    first.send(publishFrame(telemetryTopic, '{}'))
    await first.untilClosed()
    const events = (await t.uplinks()).length
    t.journal.fault = null
    await until(async () => (await health()).writable, 'the recovery')
    expect(await signIn('d1')).toBe(0)
    stays.send(publishFrame(telemetryTopic, '{"a":1}'))
    await stays.nextOf('puback')
    expect(await t.metric('bellwether_journal_writable')).toBe(1)
    const after = (await t.uplinks()).slice(events).map(({ kind, device }) => `${kind} ${device}`)
    expect(after.slice(0, 2)).toEqual(['broker-start ', 'session-open d2'])
    expect(after).toContain('session-open d1')
    expect(after).not.toContain('session-open d1 d1')
  })

  test('a failed probe changes nothing', async () => {
    const first = await t.rawDevice('d1')
    t.journal.fault = broken()
    first.send(publishFrame(telemetryTopic, '{}'))
    await first.untilClosed()
    await new Promise((resolve) => setTimeout(resolve, 1_200))
    expect((await health()).writable).toBe(false)
    expect(await signIn('d1')).toBe(3)
  })

  test('many connections, many failures: no acknowledgement is ever without its uplink', async () => {
    const acknowledged = new Set<string>()
    const flip = setInterval(() => {
      t.journal.fault = t.journal.fault === null ? broken() : null
    }, 15)
    for (let round = 0; round < 25; round++) {
      const client = await t.raw()
      const code = await client.connect({
        username: 'd1',
        password: 'token-d1',
        clientId: `r${round}`,
      })
      if (code !== 0) {
        await new Promise((resolve) => setTimeout(resolve, 60))
        continue
      }
      for (let id = 1; id <= 200; id++) {
        client.send(
          publishFrame(telemetryTopic, `${round}-${id}`, { messageId: id, retain: id % 7 === 0 }),
        )
        if (id % 20 === 0) await new Promise((resolve) => setImmediate(resolve))
      }
      await Promise.race([
        client.untilClosed(),
        until(() => client.acknowledged.length === 200, 'all'),
      ])
      expect(client.acknowledged).toEqual(client.acknowledged.map((_, i) => i + 1))
      for (const id of client.acknowledged) acknowledged.add(`${round}-${id}`)
      client.destroy()
    }
    clearInterval(flip)
    const kept = new Set(
      (await t.uplinks('telemetry')).map((uplink) => Buffer.from(uplink.payload).toString()),
    )
    expect([...acknowledged].filter((text) => !kept.has(text))).toEqual([])
  })
})

describe('a journal that is full', () => {
  test('refuses and recovers when there is room; what was taken before is acknowledged', async () => {
    const client = await t.rawDevice('d1')
    t.journal.hold()
    client.send(publishFrame(telemetryTopic, '{"a":1}', { messageId: 1 }))
    await client.ping()
    t.journal.full = true
    const other = await t.rawDevice('d2').catch(() => null)
    client.send(publishFrame(telemetryTopic, '{"a":2}', { messageId: 2 }))
    await until(async () => !(await health()).writable, 'the fault')
    t.journal.release()
    await client.untilClosed()
    expect((await t.uplinks('telemetry')).length).toBe(1)
    expect((await health()).reason).toContain('full')
    t.journal.full = false
    await until(async () => (await health()).writable, 'the recovery')
    expect(await signIn('d1')).toBe(0)
    other?.destroy()
  })
})
