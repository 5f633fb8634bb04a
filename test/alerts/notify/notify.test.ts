/** The outbox loop with real receivers: order, retries, slow and dead endpoints, endpoints that are gone. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type AlertCity, openAlertCity } from '../../fixtures/alert-city.ts'
import { openReceiver, type Receiver, until } from '../../fixtures/receiver.ts'

let city: AlertCity
let receiver: Receiver

beforeEach(async () => {
  receiver = await openReceiver()
  city = await openAlertCity({ settings: { BELLWETHER_STALE_AFTER_SECONDS: '31536000' } })
  await city.rule({ id: 'pm', property: 'pm25', levels: { yellow: 100, red: 200 } })
  for (let i = 0; i < 20; i += 1) await city.device({ id: `air-${i}` })
})
afterEach(async () => {
  await city.close()
  await receiver.close()
})

function measure(pm25: number, device = 'air-0'): void {
  city.ports.advance(1_000)
  city.publish(device, { pm25 })
}

const at = (path: string) => receiver.received.filter((one) => one.path === path)
const typesAt = (path: string) => at(path).map(({ body }) => JSON.parse(body).type as string)
const delivery = async () => (await city.log.deliveries({ limit: 1 }))[0]

/** Lets time go on until it holds. */
const inTime = (holds: () => boolean | Promise<boolean>, stepMs = 1_000) =>
  until(() => {
    city.ports.advance(stepMs)
    return holds()
  })

describe('retries', () => {
  test('the same message comes again until it is taken, with every attempt on record', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    let tries = 0
    receiver.answer((_, response) => {
      tries += 1
      response.writeHead(tries < 4 ? 500 : 200).end(`try ${tries}`)
    })
    measure(150)
    await until(() => tries === 1)
    await until(async () => (await delivery())?.attempts.length === 1)
    const first = await delivery()
    expect(first).toMatchObject({ state: 'pending', attempts: [{ status: 500, answer: 'try 1' }] })
    expect(first?.nextAttemptAt).toBe(city.ports.clock.now() + 5_000)
    await inTime(async () => (await delivery())?.state === 'delivered')
    const done = await delivery()
    expect(done?.attempts.map((attempt) => attempt.status)).toEqual([500, 500, 500, 200])
    expect(new Set(at('/hook').map((one) => one.id)).size).toBe(1)
    expect(new Set(at('/hook').map((one) => one.body)).size).toBe(1)
    expect(new Set(at('/hook').map((one) => one.headers['webhook-timestamp'])).size).toBe(4)
  })

  test('after the last one it has failed, and can be repeated by hand', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    receiver.answer((_, response) => {
      response.writeHead(404).end('not here')
    })
    measure(150)
    for (let made = 1; made <= 10; made += 1) {
      await until(async () => (await delivery())?.attempts.length === made)
      const next = (await delivery())?.nextAttemptAt ?? 0
      city.ports.advance(Math.max(0, next - city.ports.clock.now()))
    }
    const failed = await delivery()
    expect(failed?.attempts).toHaveLength(10)
    expect(failed?.nextAttemptAt).toBeNull()
    receiver.answer((_, response) => {
      response.writeHead(200).end()
    })
    await city.log.retry(failed?.id ?? '', city.ports.clock.now())
    city.bus.ring('alerts')
    await until(async () => (await delivery())?.state === 'delivered')
    expect(at('/hook')).toHaveLength(11)
  })

  test('Retry-After is heard', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    receiver.answer((_, response) => {
      response.writeHead(429, { 'retry-after': '90' }).end()
    })
    measure(150)
    await until(async () => (await delivery())?.attempts.length === 1)
    expect((await delivery())?.nextAttemptAt).toBe(city.ports.clock.now() + 90_000)
  })

  test('changes of one alert wait for the one before, those of others do not', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    let open = false
    receiver.answer(({ body }, response) => {
      const { device } = JSON.parse(body).data.alert
      response.writeHead(open || device !== 'air-0' ? 200 : 500).end()
    })
    measure(150)
    await until(() => at('/hook').length === 1)
    measure(250)
    measure(50)
    measure(150, 'air-1')
    await until(() => at('/hook').length === 2)
    expect(JSON.parse(at('/hook')[1]?.body ?? '').data.alert.device).toBe('air-1')
    open = true
    await inTime(() => at('/hook').length >= 5)
    const own = at('/hook').filter(({ body }) => JSON.parse(body).data.alert.device === 'air-0')
    expect(own.map(({ body }) => JSON.parse(body).type)).toEqual([
      'alert.raised',
      'alert.raised',
      'alert.escalated',
      'alert.resolved',
    ])
  })
})

describe('endpoints that misbehave', () => {
  test('one that hangs delays no other, and takes few requests at a time', async () => {
    await city.webhook({ id: 'a-hangs', url: receiver.url('/hangs') })
    await city.webhook({ id: 'b-good', url: receiver.url('/good') })
    receiver.answer(({ path }, response) => {
      if (path === '/good') response.writeHead(200).end()
    })
    for (let i = 0; i < 20; i += 1) measure(150, `air-${i}`)
    await until(() => at('/good').length === 20)
    expect(at('/hangs').length).toBeLessThanOrEqual(4)
    // Its failures become known when the time-out ends; after that it has one slot only.
    await inTime(() => at('/hangs').length > 4, 500)
    measure(50, 'air-3')
    await until(() => at('/good').length === 21)
    expect(typesAt('/good').at(-1)).toBe('alert.resolved')
  })

  test('one that answers slowly delays no other', async () => {
    await city.webhook({ id: 'a-slow', url: receiver.url('/slow') })
    await city.webhook({ id: 'b-good', url: receiver.url('/good') })
    const waiting: (() => void)[] = []
    receiver.answer(({ path }, response) => {
      const done = () => response.writeHead(200).end()
      if (path === '/good') done()
      else waiting.push(done)
    })
    for (let i = 0; i < 20; i += 1) measure(150, `air-${i}`)
    await until(() => at('/good').length === 20)
    await until(() => {
      for (const done of waiting.splice(0)) done()
      return at('/slow').length === 20
    })
  })

  test('410 switches it off, and what was still to come fails with the reason', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    receiver.answer((_, response) => {
      response.writeHead(410).end('moved away')
    })
    measure(150)
    measure(250)
    await until(() => city.disabled.length === 1)
    expect(city.disabled).toEqual(['w'])
    await until(async () =>
      (await city.log.deliveries({ limit: 10 })).every((each) => each.state === 'failed'),
    )
    measure(50)
    await city.settled()
    expect(await city.told()).toEqual(['raised yellow', 'escalated red', 'resolved red'])
    expect(at('/hook')).toHaveLength(1)
    const [newest] = await city.log.deliveries({ limit: 10, state: 'failed' })
    expect(newest?.attempts[0]?.answer).toMatch(/switched off|moved away/)
  })

  test('one that was removed gets nothing more', async () => {
    await city.webhook({ id: 'w', url: receiver.url() })
    receiver.answer((_, response) => {
      response.writeHead(500).end()
    })
    measure(150)
    await until(async () => (await delivery())?.attempts.length === 1)
    await city.registry.remove('webhook', 'w')
    await inTime(async () => (await delivery())?.state === 'failed')
    expect((await delivery())?.attempts.at(-1)?.answer).toContain('removed')
    expect(at('/hook')).toHaveLength(1)
  })

  test('one whose address is not public is never connected to', async () => {
    await city.close()
    city = await openAlertCity({
      settings: { BELLWETHER_WEBHOOK_ALLOW: 'unused.example.org' },
      resolve: async () => [{ address: '127.0.0.1', family: 4 }],
    })
    await city.rule({ id: 'pm', property: 'pm25', levels: { yellow: 100 } })
    await city.device({ id: 'air-0' })
    await city.webhook({ id: 'w', url: `http://duty.example.org:${receiver.port}/hook` })
    measure(150)
    await until(async () => (await delivery())?.attempts.length === 1)
    expect((await delivery())?.attempts[0]).toMatchObject({
      status: null,
      answer: expect.stringMatching(
        /127.0.0.1, which is not a public address.*BELLWETHER_WEBHOOK_ALLOW/,
      ),
    })
    expect(receiver.received).toEqual([])
  })
})

describe('tests by hand', () => {
  test('a test message is sent at once, also to an endpoint that is switched off', async () => {
    await city.webhook({ id: 'w', url: receiver.url(), enabled: false })
    await city.log.enqueueTest({
      id: 'dlv_t',
      webhook: 'w',
      messageId: 'msg_t',
      body: '{"type":"webhook.test"}',
      at: city.ports.clock.now(),
    })
    city.bus.ring('alerts')
    await until(() => receiver.received.length === 1)
    expect(receiver.received[0]).toMatchObject({ id: 'msg_t', body: '{"type":"webhook.test"}' })
  })
})

describe('many', () => {
  test('a storm of alerts arrives complete, each once and in order', async () => {
    await city.webhook({ id: 'w1', url: receiver.url('/1') })
    await city.webhook({ id: 'w2', url: receiver.url('/2'), levels: ['red'] })
    for (let i = 0; i < 20; i += 1) {
      for (const value of [150, 250, 150, 50]) measure(value, `air-${i}`)
    }
    await until(() => at('/1').length >= 80 && at('/2').length >= 60)
    await city.settled()
    for (let i = 0; i < 20; i += 1) {
      const own = at('/1').filter(({ body }) => JSON.parse(body).data.alert.device === `air-${i}`)
      expect(own.map(({ body }) => JSON.parse(body).type)).toEqual([
        'alert.raised',
        'alert.escalated',
        'alert.deescalated',
        'alert.resolved',
      ])
    }
    // Red, that it is left, and the end.
    expect(at('/2')).toHaveLength(60)
  })
})
