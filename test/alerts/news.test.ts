/** Whoever hears that an alert begins hears that it ends: through silences, endpoints that are off, edits and crashes. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ruleSchema } from '../../domain/rule.ts'
import { siteSchema } from '../../domain/site.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { openReceiver, type Receiver, taken, until } from '../fixtures/receiver.ts'

const gauge = {
  id: 'weir',
  name: { en: 'Weir' },
  kind: 'river-gauge',
  attributes: { warningLevel: 6, guaranteeLevel: 7 },
}
const stage = {
  id: 'stage',
  property: 'water_level',
  where: { kind: ['river-gauge'] },
  levels: { yellow: { attribute: 'warningLevel' }, red: { attribute: 'guaranteeLevel' } },
}

let city: AlertCity
let receiver: Receiver

beforeEach(async () => {
  receiver = await openReceiver()
  city = await openAlertCity({ settings: { BELLWETHER_STALE_AFTER_SECONDS: '3600' } })
  await city.site(gauge)
  await city.device({ id: 'weir-1', site: 'weir' })
  await city.rule(stage)
})
afterEach(async () => {
  await city.close()
  await receiver.close()
})

/** A reading of now, a second after the one before; waits until it is judged. */
async function level(water_level: number): Promise<void> {
  city.ports.advance(1_000)
  city.publish('weir-1', { water_level })
  await city.settled()
}

interface News {
  type: string
  data: {
    alert: { level: string; endedBy: string | null; summary: { en: string } }
    because?: string
  }
}
const news = (path = '/hook') =>
  receiver.received.filter((one) => one.path === path).map(({ body }) => JSON.parse(body) as News)
const told = (path?: string) =>
  news(path).map(({ type, data }) => `${type.replace('alert.', '')} ${data.alert.level}`)

/** Lets seconds go by until so many messages have come. */
const come = (count: number, path?: string) =>
  until(() => {
    city.ports.advance(1_000)
    return news(path).length >= count
  }, `${count} messages`)

/** Long enough that what is owed would have been told. */
async function quiet(seconds = 90): Promise<void> {
  for (let i = 0; i < seconds; i += 5) {
    city.ports.advance(5_000)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

async function silence(forSeconds: number, id = 's'): Promise<void> {
  const now = city.ports.clock.now()
  await city.silence({
    ...{ id, site: ['weir'], reason: 'pump test' },
    from: new Date(now).toISOString(),
    to: new Date(now + forSeconds * 1_000).toISOString(),
  })
}

describe('silences', () => {
  test('what began in one and is open at its end is told then, once, also over a crash', async () => {
    await city.webhook({ id: 'duty', url: receiver.url() })
    await silence(60)
    await level(6.4)
    await level(7.2)
    await until(async () => (await city.changes()).length === 2)
    await city.crash()
    expect(told()).toEqual([])
    await come(1)
    await taken(receiver, 1, city.log)
    await city.crash()
    await quiet()
    expect(told()).toEqual(['raised red'])
    expect(news()[0]?.data.because).toBe('silence_ended')
    await level(5)
    await come(2)
    expect(told()).toEqual(['raised red', 'resolved red'])
  })

  test('what rose in one is told when it is taken away, and an end is told at once', async () => {
    await city.webhook({ id: 'duty', url: receiver.url() })
    await level(6.4)
    await come(1)
    await silence(36_000)
    await level(7.2)
    await until(async () => (await city.changes()).length === 2)
    await city.registry.remove('silence', 's')
    await come(2)
    await silence(36_000, 's2')
    await level(5)
    await come(3)
    expect(told()).toEqual(['raised yellow', 'escalated red', 'resolved red'])
    expect((await city.changes()).map(({ mutedBy }) => mutedBy)).toEqual([[], ['s'], ['s2']])
  })
})

describe('endpoints', () => {
  test('that ask for one level hear the end of what they heard of', async () => {
    await city.webhook({ id: 'red', url: receiver.url('/red'), levels: ['red'] })
    await city.webhook({ id: 'orange', url: receiver.url('/orange'), levels: ['orange'] })
    for (const value of [6.4, 7.3, 6.6, 5]) await level(value)
    await come(3, '/red')
    expect(told('/red')).toEqual(['escalated red', 'deescalated yellow', 'resolved yellow'])
    expect(told('/orange')).toEqual([])
  })

  test('made with catchUp while an alert is open hear of it once, others with its next change', async () => {
    await level(6.4)
    await until(async () => (await city.changes()).length === 1)
    await city.webhook({ id: 'asks', url: receiver.url('/asks'), catchUp: true })
    await city.webhook({ id: 'waits', url: receiver.url('/waits') })
    city.bus.ring('registry')
    await come(1, '/asks')
    await city.restart()
    await quiet()
    expect(told('/asks')).toEqual(['raised yellow'])
    expect(told('/waits')).toEqual([])
    await level(7.4)
    await level(5)
    await come(3, '/asks')
    await come(2, '/waits')
    expect(told('/waits')).toEqual(['escalated red', 'resolved red'])
  })

  test('switched on again hear what came of what they had heard', async () => {
    await city.webhook({ id: 'duty', url: receiver.url() })
    await level(6.4)
    await come(1)
    await city.changeWebhook('duty', { enabled: false })
    await level(5)
    await until(async () => (await city.changes()).length === 2)
    await quiet()
    expect(told()).toEqual(['raised yellow'])
    await city.changeWebhook('duty', { enabled: true })
    await come(2)
    expect(told()).toEqual(['raised yellow', 'resolved yellow'])
  })

  test('hear that the data of a stale alert comes again', async () => {
    await city.webhook({ id: 'duty', url: receiver.url() })
    await level(6.4)
    await come(1)
    city.ports.advance(3_700_000)
    await come(2)
    await level(6.5)
    await come(3)
    expect(told()).toEqual(['raised yellow', 'stale yellow', 'resumed yellow'])
  })

  test('that repeat in their answers what they were asked do not give it away', async () => {
    const secretPath = '/robot/K3y-Of-The-Duty-Room?access_token=s3cretvalue'
    receiver.answer((request, response) => {
      response.writeHead(404).end(`Cannot POST ${request.path} (K3y-Of-The-Duty-Room)`)
    })
    await city.webhook({ id: 'duty', url: receiver.url(secretPath) })
    await level(6.4)
    const answers = async () =>
      (await city.log.deliveries({ limit: 5 })).flatMap(({ attempts }) =>
        attempts.map(({ answer }) => answer),
      )
    await until(async () => (await answers()).length === 1)
    expect(await answers()).toEqual(['Cannot POST *** (***)'])
  })
})

describe('what ended it', () => {
  const ended = async () => {
    const last = (await city.changes()).at(-1)
    return { type: last?.type, endedBy: last?.view.endedBy, note: last?.note }
  }
  const open = async () => {
    await level(6.4)
    await until(async () => (await city.changes()).length === 1)
    expect((await city.log.open())[0]).toMatchObject({
      endedBy: null,
      boundFrom: { attribute: 'warningLevel', plus: 0 },
    })
  }
  const over = () => until(async () => (await city.changes()).length === 2)

  test('is the value that came back', async () => {
    await open()
    await level(5.9)
    await over()
    expect(await ended()).toEqual({ type: 'alert.resolved', endedBy: 'value', note: null })
  })

  test('is the rule whose bound was lifted above the water', async () => {
    await city.webhook({ id: 'duty', url: receiver.url() })
    await open()
    const levels = { yellow: { attribute: 'warningLevel', plus: 1.5 } }
    await city.registry.replace('rule', ruleSchema.parse({ ...stage, levels }))
    await level(6.45)
    await over()
    expect(await ended()).toMatchObject({
      endedBy: 'rule',
      note: 'the bound of the rule was changed',
    })
    await come(2)
    expect(news()[1]).toMatchObject({
      type: 'alert.resolved',
      data: { alert: { endedBy: 'rule' } },
    })
    expect(news()[1]?.data.alert.summary.en).toContain('because the bound of the rule was changed')
  })

  test('is the site whose attribute was lifted above the water, or taken away', async () => {
    await open()
    const attributes = { warningLevel: 8, guaranteeLevel: 9 }
    await city.registry.replace('site', siteSchema.parse({ ...gauge, attributes }))
    await level(6.45)
    await over()
    expect(await ended()).toMatchObject({ endedBy: 'site' })
  })

  test.each([
    ['an attribute that is taken away', 'site', { ...gauge, attributes: {} }, 'site'],
    ['another kind', 'site', { ...gauge, kind: 'reservoir' }, 'site'],
    ['a rule for other sites', 'rule', { ...stage, where: { site: ['elsewhere'] } }, 'rule'],
    [
      'a rule of another attribute',
      'rule',
      { ...stage, levels: { red: { attribute: 'x' } } },
      'rule',
    ],
    ['a rule that is switched off', 'rule', { ...stage, enabled: false }, 'rule'],
    ['the other direction', 'rule', { ...stage, direction: 'below', levels: { red: 9 } }, 'rule'],
    [
      'a device that is switched off',
      'device',
      { id: 'weir-1', site: 'weir', profile: null, gateway: null, enabled: false },
      'device',
    ],
  ] as const)('is known of %s', async (_, kind, item, endedBy) => {
    await open()
    if (kind === 'site') await city.registry.replace('site', siteSchema.parse(item))
    else if (kind === 'rule') await city.registry.replace('rule', ruleSchema.parse(item))
    else await city.registry.replace('device', { ...item, expectedInterval: null })
    city.bus.ring('registry')
    await over()
    expect(await ended()).toMatchObject({ type: 'alert.resolved', endedBy })
  })

  test('is the value when it fell although a bound was changed meanwhile', async () => {
    await open()
    const attributes = { warningLevel: 5.5, guaranteeLevel: 9 }
    await city.registry.replace('site', siteSchema.parse({ ...gauge, attributes }))
    await level(5.8)
    await level(5.2)
    await over()
    expect(await ended()).toMatchObject({ endedBy: 'value' })
  })
})
