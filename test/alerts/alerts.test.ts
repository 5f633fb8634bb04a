/** The alerts role from the journal to the receiver, on real stores. */

import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { AlertView } from '../../domain/alert.ts'
import { webhookSchema } from '../../domain/webhook.ts'
import { type AlertCity, openAlertCity, webhookSecret } from '../fixtures/alert-city.ts'
import { openReceiver, type Receiver, taken, until } from '../fixtures/receiver.ts'

let city: AlertCity
let receiver: Receiver

beforeEach(async () => {
  receiver = await openReceiver()
  city = await openAlertCity()
  await city.site({
    id: 'g-17',
    name: { en: 'Yangtze at Xiaguan', zh: '下关站' },
    kind: 'river-gauge',
    location: [118.78, 32.05],
    district: '320106',
    attributes: { warningLevel: 9.3, guaranteeLevel: 10 },
  })
  await city.device({ id: 'g-17-1', site: 'g-17' })
  await city.rule({
    id: 'river-stage',
    name: { en: 'River stage', zh: '河道水位' },
    property: 'water_level',
    where: { kind: ['river-gauge'] },
    levels: { yellow: { attribute: 'warningLevel' }, orange: { attribute: 'guaranteeLevel' } },
    clearMargin: 0.1,
  })
  await city.webhook({ id: 'duty', url: receiver.url() })
})
afterEach(async () => {
  await city.close()
  await receiver.close()
})

/** A reading of now, a second after the one before. */
function level(value: number, device = 'g-17-1'): number {
  city.ports.advance(1_000)
  return city.publish(device, { water_level: value })
}

const types = () => receiver.received.map(({ body }) => JSON.parse(body).type as string)
const reached = (count: number) =>
  until(() => receiver.received.length >= count, `${count} webhooks have come`)
const arrived = (count: number) => taken(receiver, count, city.log)

describe('from a reading to the duty phone', () => {
  test('a crossing is recorded and sent as the contract shows it, signed', async () => {
    level(9.32)
    await arrived(1)
    const [got] = receiver.received
    const message = new Webhook(webhookSecret).verify.bind(new Webhook(webhookSecret))
    const signed = { ...got?.headers } as Record<string, string>
    // The clock of the test is not that of the library, which refuses old time stamps: compare signatures.
    expect(() => message(got?.body ?? '', signed)).toThrow(/timestamp/i)
    const observedAt = new Date(city.ports.clock.now()).toISOString()
    const [alert] = await city.log.list({ limit: 1 })
    expect(JSON.parse(got?.body ?? '')).toEqual({
      type: 'alert.raised',
      timestamp: observedAt,
      data: {
        alert: {
          id: alert?.id,
          rule: 'river-stage',
          level: 'yellow',
          previousLevel: null,
          state: 'firing',
          site: {
            id: 'g-17',
            name: { en: 'Yangtze at Xiaguan', zh: '下关站' },
            location: [118.78, 32.05],
            district: '320106',
            kind: 'river-gauge',
          },
          device: 'g-17-1',
          property: 'water_level',
          value: 9.32,
          unit: 'm',
          bound: 9.3,
          boundFrom: { attribute: 'warningLevel', plus: 0 },
          observedAt,
          raisedAt: observedAt,
          endedBy: null,
          learnedAt: observedAt,
          late: false,
          summary: {
            en: 'Yellow: River stage at Yangtze at Xiaguan is 9.32 m, at or above 9.3 m',
            zh: '黄色：下关站 河道水位 9.32 m，达到或超过 9.3 m',
          },
          url: `/api/v1/alerts/${alert?.id}`,
        },
      },
    })
    expect(Buffer.byteLength(got?.body ?? '')).toBeLessThan(20_000)
  })

  test('an episode rises, falls and ends, and each change arrives once and in order', async () => {
    for (const value of [9, 9.4, 10.2, 10.3, 9.5, 9.25, 9.1]) level(value)
    await arrived(4)
    await city.settled()
    expect(types()).toEqual([
      'alert.raised',
      'alert.escalated',
      'alert.deescalated',
      'alert.resolved',
    ])
    expect(await city.told()).toEqual([
      'raised yellow',
      'escalated orange',
      'deescalated yellow',
      'resolved yellow',
    ])
    const changes = await city.changes()
    expect(receiver.received.map((one) => one.id)).toEqual(changes.map((change) => change.id))
    expect(new Set(changes.map((change) => change.alert)).size).toBe(1)
    expect(changes.map((change) => [change.previousLevel, change.bound])).toEqual([
      [null, 9.3],
      ['yellow', 10],
      ['orange', 9.3],
      [null, 9.3],
    ])
  })

  test('readings of other devices, other properties and bad quality raise nothing', async () => {
    await city.site({ id: 'lake', kind: 'reservoir', attributes: { warningLevel: 1 } })
    await city.device({ id: 'lake-1', site: 'lake' })
    level(50, 'lake-1')
    level(50, 'nobody')
    city.publish('g-17-1', { water_level: null })
    city.publish('g-17-1', { water_level: 'high' })
    city.publish('g-17-1', { water_level: 1e9 })
    city.publish('g-17-1', { flow: 50 })
    city.publish('g-17-1', '{')
    await city.settled()
    expect(await city.told()).toEqual([])
  })

  test('devices behind a gateway count as well', async () => {
    await city.device({ id: 'gw' })
    await city.device({ id: 'g-17-2', site: 'g-17', gateway: 'gw' })
    city.publish('gw', { 'g-17-2': [{ water_level: 9.5 }] }, 'gateway-telemetry')
    await arrived(1)
    expect(JSON.parse(receiver.received[0]?.body ?? '').data.alert.device).toBe('g-17-2')
  })

  test('late readings and messages sent again change nothing', async () => {
    const at = city.ports.clock.now()
    city.publish('g-17-1', { ts: at, values: { water_level: 9.4 } })
    city.publish('g-17-1', { ts: at, values: { water_level: 9.4 } })
    city.publish('g-17-1', { ts: at - 60_000, values: { water_level: 8 } })
    city.publish('g-17-1', { ts: at - 30_000, values: { water_level: 11 } })
    await arrived(1)
    await city.settled()
    expect(await city.told()).toEqual(['raised yellow'])
  })

  test('a batch is judged in the order of its readings', async () => {
    const at = city.ports.clock.now()
    city.publish('g-17-1', [
      { ts: at - 3_000, values: { water_level: 9 } },
      { ts: at - 2_000, values: { water_level: 9.5 } },
      { ts: at - 1_000, values: { water_level: 10.5 } },
      { ts: at, values: { water_level: 8 } },
    ])
    await arrived(3)
    expect(await city.told()).toEqual(['raised yellow', 'escalated orange', 'resolved orange'])
    expect(types()).toEqual(['alert.raised', 'alert.escalated', 'alert.resolved'])
  })

  test('the numbers tell what happened', async () => {
    level(9.4)
    await arrived(1)
    await until(
      () => city.ports.numbers.get('bellwether_webhook_attempts_total{outcome=delivered}') === 1,
    )
    expect(city.ports.numbers.get('bellwether_alert_changes_total{type=alert.raised}')).toBe(1)
    expect(city.ports.numbers.get('bellwether_alert_recorded_seconds_count')).toBe(1)
  })
})

describe('who is told', () => {
  test('webhooks by level, by where, and not when switched off', async () => {
    await city.webhook({ id: 'orange-up', url: receiver.url('/orange'), levels: ['orange', 'red'] })
    await city.webhook({
      id: 'elsewhere',
      url: receiver.url('/elsewhere'),
      where: { district: ['320999'] },
    })
    await city.webhook({ id: 'gauges', url: receiver.url('/g'), where: { kind: ['river-gauge'] } })
    await city.webhook({ id: 'off', url: receiver.url('/off'), enabled: false })
    for (const value of [9.4, 10.2, 9.5, 9]) level(value)
    // The one that asked for orange is told that it is over, and how it ended.
    await arrived(4 + 4 + 3)
    await city.settled()
    const paths = (path: string) => receiver.received.filter((one) => one.path === path).length
    expect(paths('/orange')).toBe(3)
    expect(paths('/g')).toBe(4)
    expect(paths('/elsewhere') + paths('/off')).toBe(0)
  })

  test('a silence mutes webhooks, and the change is still recorded', async () => {
    const now = city.ports.clock.now()
    await city.silence({
      id: 's',
      rule: ['river-stage'],
      from: new Date(now - 1_000).toISOString(),
      to: new Date(now + 10_000).toISOString(),
      reason: 'gauge is being cleaned',
    })
    level(9.4)
    await city.settled()
    await until(async () => (await city.told()).length === 1)
    expect(await city.told()).toEqual(['raised yellow'])
    expect(await city.log.deliveries({ limit: 10 })).toEqual([])
    expect((await city.changes())[0]?.mutedBy).toEqual(['s'])
  })
})

describe('people', () => {
  const ack = (alert: AlertView | undefined, id: string) =>
    city.log.acknowledge(
      alert?.id ?? '',
      { id, actor: 'li', note: null, at: city.ports.clock.now() },
      { webhooks: [webhookSchema.parse({ id: 'duty', url: receiver.url() })], silences: [] },
    )

  test('an acknowledgement is sent behind what came before, and what comes after knows of it', async () => {
    level(10.2)
    await arrived(1)
    await ack((await city.log.open())[0], 'msg_ack')
    city.bus.ring('alerts')
    await arrived(2)
    level(9.5)
    await arrived(3)
    expect(types()).toEqual(['alert.raised', 'alert.acknowledged', 'alert.deescalated'])
    const states = receiver.received.map(({ body }) => JSON.parse(body).data.alert.state)
    expect(states).toEqual(['firing', 'acknowledged', 'acknowledged'])
  })

  test('an escalation clears it', async () => {
    level(9.4)
    await arrived(1)
    await ack((await city.log.open())[0], 'msg_ack')
    level(10.2)
    await arrived(3)
    const states = receiver.received.map(({ body }) => JSON.parse(body).data.alert.state)
    expect(states).toEqual(['firing', 'acknowledged', 'firing'])
  })
})

describe('silence of a device', () => {
  const quiet = async (ms: number) => {
    city.ports.advance(ms)
    await city.settled()
    await new Promise((resolve) => setTimeout(resolve, 30))
    city.ports.advance(1_000)
    await new Promise((resolve) => setTimeout(resolve, 30))
  }

  test('makes an open alert stale, and data brings it back; it never ends by itself', async () => {
    level(9.4)
    await arrived(1)
    await quiet(3_590_000)
    expect(await city.told()).toEqual(['raised yellow'])
    await quiet(20_000)
    await until(async () => (await city.told()).length === 2)
    expect((await city.log.open())[0]).toMatchObject({ state: 'stale', value: 9.4 })
    level(9.41)
    await until(async () => (await city.told()).length === 3)
    expect(await city.told()).toEqual(['raised yellow', 'stale yellow', 'resumed yellow'])
    expect((await city.log.open())[0]).toMatchObject({ state: 'firing' })
    await arrived(3)
    expect(types()).toEqual(['alert.raised', 'alert.stale', 'alert.resumed'])
  })

  test('is three expected intervals where one is set', async () => {
    await city.device({ id: 'g-17-9', site: 'g-17', expectedInterval: '5m' })
    level(9.4, 'g-17-9')
    await arrived(1)
    await quiet(890_000)
    expect(await city.told()).toEqual(['raised yellow'])
    await quiet(20_000)
    await until(async () => (await city.told()).length === 2)
    expect(await city.told()).toEqual(['raised yellow', 'stale yellow'])
  })

  test('is not what an outage of our own is', async () => {
    level(9.4)
    await arrived(1)
    await city.kill()
    city.ports.advance(10 * 3_600_000)
    await city.revive()
    await quiet(1_000_000)
    expect(await city.told()).toEqual(['raised yellow'])
    level(9.4)
    await city.settled()
    expect(await city.told()).toEqual(['raised yellow'])
  })

  test('a stale alert that gets worse resumes and escalates', async () => {
    level(9.4)
    await arrived(1)
    await quiet(3_601_000)
    await until(async () => (await city.told()).length === 2)
    level(10.4)
    await until(async () => (await city.told()).length === 4)
    expect((await city.told()).slice(2)).toEqual(['resumed yellow', 'escalated orange'])
  })
})

describe('edits while an alert is open', () => {
  beforeEach(async () => {
    level(9.4)
    await arrived(1)
  })

  const settledAs = async (last: string) => {
    city.bus.ring('registry')
    await until(async () => (await city.told()).at(-1) === last, last)
    return (await city.changes()).at(-1)
  }
  const rule = { id: 'river-stage', property: 'water_level', levels: { yellow: 9.3, orange: 10 } }
  const replace = async (change: object) => {
    const { ruleSchema } = await import('../../domain/rule.ts')
    await city.registry.replace('rule', ruleSchema.parse({ ...rule, ...change }))
  }

  test('a removed rule ends it, and says why', async () => {
    await city.registry.remove('rule', 'river-stage')
    const last = await settledAs('resolved yellow')
    expect(last).toMatchObject({ note: 'the rule was removed', value: 9.4 })
    await arrived(2)
    const { alert } = JSON.parse(receiver.received[1]?.body ?? '').data
    expect(alert).toMatchObject({ state: 'resolved' })
    expect(alert.summary.en).toContain('the rule was removed')
    level(9.5)
    await city.settled()
    expect(await city.log.open()).toEqual([])
  })

  test('so does a rule that is switched off or no longer covers the series', async () => {
    await replace({ enabled: false })
    expect(await settledAs('resolved yellow')).toMatchObject({ note: 'the rule was switched off' })
    await replace({})
    level(9.5)
    await until(async () => (await city.log.open()).length === 1)
    await replace({ where: { site: ['elsewhere'] } })
    expect(await settledAs('resolved yellow')).toMatchObject({
      note: 'the rule no longer covers it',
    })
  })

  test('a device that is switched off or moved ends it', async () => {
    const { deviceSchema } = await import('../../domain/device.ts')
    const device = deviceSchema.parse({ id: 'g-17-1', site: 'g-17' })
    await city.site({ id: 'g-18', kind: 'river-gauge', attributes: { warningLevel: 9 } })
    await city.registry.replace('device', { ...device, site: 'g-18' })
    expect(await settledAs('resolved yellow')).toMatchObject({
      note: 'the device was moved to another site',
    })
    level(9.5)
    await until(async () => (await city.log.open()).length === 1)
    await city.registry.replace('device', { ...device, site: 'g-18', enabled: false })
    expect(await settledAs('resolved yellow')).toMatchObject({
      note: 'the device was switched off',
    })
  })

  test('new bounds judge it from the next reading on', async () => {
    await replace({ levels: { yellow: 9.3, orange: 9.35 } })
    city.bus.ring('registry')
    await city.settled()
    expect(await city.told()).toEqual(['raised yellow'])
    level(9.4)
    await until(async () => (await city.told()).length === 2)
    expect(await city.told()).toEqual(['raised yellow', 'escalated orange'])
  })
})

describe('crashes', () => {
  test('a restart changes nothing and repeats nothing', async () => {
    for (const value of [9, 9.4, 9.5]) level(value)
    await arrived(1)
    await city.restart()
    await city.crash()
    level(10.2)
    await arrived(2)
    expect(await city.told()).toEqual(['raised yellow', 'escalated orange'])
    expect(types()).toEqual(['alert.raised', 'alert.escalated'])
  })

  test('what was journaled while it was dead is judged after', async () => {
    level(9.4)
    await arrived(1)
    await city.kill()
    for (const value of [10.2, 9.5, 9, 9.6]) level(value)
    await city.revive()
    await arrived(5)
    expect(await city.told()).toEqual([
      'raised yellow',
      'escalated orange',
      'deescalated yellow',
      'resolved yellow',
      'raised yellow',
    ])
  })

  test('a crash at any moment neither repeats nor misses a change', async () => {
    const values = [9, 9.4, 9.25, 10.3, 9.4, 9.1, 9.35, 10.1, 9.0, 9.31]
    for (const [i, value] of values.entries()) {
      level(value)
      if (i % 2 === 1) await city.settled()
      await city.crash()
      // A device that did not hear of the outage sends the last message again.
      city.publish('g-17-1', { ts: city.ports.clock.now(), values: { water_level: value } })
    }
    await city.settled()
    expect(await city.told()).toEqual([
      'raised yellow',
      'escalated orange',
      'deescalated yellow',
      'resolved yellow',
      'raised yellow',
      'escalated orange',
      'resolved orange',
      'raised yellow',
    ])
    await until(() => new Set(receiver.received.map((one) => one.id)).size === 8)
  })

  test('an attempt that was under way is made again with the same id', async () => {
    receiver.answer(() => undefined)
    level(9.4)
    await reached(1)
    await city.crash()
    receiver.answer((_, response) => {
      response.writeHead(200).end()
    })
    await reached(2)
    const [first, second] = receiver.received
    expect(second?.id).toBe(first?.id)
    expect(second?.body).toBe(first?.body)
    await until(async () => (await city.log.deliveries({ limit: 1 }))[0]?.state === 'delivered')
  })

  test('deliveries still due are made after a restart', async () => {
    receiver.answer((_, response) => {
      response.writeHead(500).end('down')
    })
    level(9.4)
    await reached(1)
    await until(async () => (await city.log.deliveries({ limit: 1 }))[0]?.attempts.length === 1)
    await city.restart()
    receiver.answer((_, response) => {
      response.writeHead(200).end()
    })
    await until(() => {
      city.ports.advance(1_000)
      return receiver.received.length === 2
    })
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1)
  })

  test('a disk that is full for a while delays changes and loses none', async () => {
    city.letWrite(false)
    level(9.4)
    await until(() =>
      city.ports.notes.some((note) => note.level === 'error' && note.fields.what === 'record'),
    )
    for (const value of [10.2, 9]) level(value)
    city.ports.advance(60_000)
    expect(await city.told()).toEqual([])
    city.letWrite(true)
    await until(() => {
      city.ports.advance(1_000)
      return receiver.received.length === 3
    })
    expect(types()).toEqual(['alert.raised', 'alert.escalated', 'alert.resolved'])
  })

  test('a stop does not wait for an endpoint that hangs, and the message goes out after', async () => {
    receiver.answer(() => undefined)
    level(9.4)
    await reached(1)
    await city.restart()
    await reached(2)
    expect(new Set(receiver.received.map((one) => one.id)).size).toBe(1)
  })

  test('a journal that was put back from a backup is judged from its beginning', async () => {
    level(9.4)
    await reached(1)
    await city.log.record({ cursor: 1_000_000, watches: [], changes: [] })
    await city.crash()
    level(10.2)
    await reached(2)
    expect(await city.told()).toEqual(['raised yellow', 'escalated orange'])
    expect(city.position()).toBe(city.head())
  })

  test('a change on record is not made again by a rule that was made again', async () => {
    const at = city.ports.clock.now()
    const message = { ts: at, values: { water_level: 9.4 } }
    city.publish('g-17-1', message)
    await reached(1)
    await city.registry.remove('rule', 'river-stage')
    city.bus.ring('registry')
    await reached(2)
    // The watch of a rule that is gone is forgotten after a while.
    await until(async () => {
      city.ports.advance(10_000)
      return (await city.log.watches()).length === 0
    })
    await city.rule({ id: 'river-stage', property: 'water_level', levels: { yellow: 9.3 } })
    city.publish('g-17-1', message)
    await city.settled()
    expect(await city.log.open()).toEqual([])
    level(9.5)
    await reached(3)
    expect(await city.told()).toEqual(['raised yellow', 'resolved yellow', 'raised yellow'])
  })

  test('an uplink that our own judgement stumbles over stops nothing', async () => {
    await city.kill()
    await city.revive()
    city.publish('g-17-1', '\ud800'.repeat(10))
    level(9.4)
    await reached(1)
    expect(await city.told()).toEqual(['raised yellow'])
  })
})
