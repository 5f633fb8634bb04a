/** What becomes known late, is corrected, or comes from clocks that are ahead: on record, and as it is told. */

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import type { AnsweredRetry } from '../../stores/records/ledger.ts'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { openReceiver, type Receiver, until } from '../fixtures/receiver.ts'

const minute = 60_000
const settings = { BELLWETHER_STALE_AFTER_SECONDS: '31536000' }
let city: AlertCity
let receiver: Receiver
let retries: AnsweredRetry[]
/** All minutes count from here. */
let start: number

beforeEach(async () => {
  receiver = await openReceiver()
  retries = []
  city = await openAlertCity({
    ...{ settings, store: 'plain' },
    retried: async (after) => retries.filter(({ request }) => request > after),
  })
  await city.site({ id: 'g-4', name: { en: 'Mill weir', zh: '磨坊堰' }, kind: 'river-gauge' })
  await city.device({ id: 'g-4-1', site: 'g-4' })
  await city.rule({ id: 'stage', property: 'water_level', levels: { orange: 6.2, red: 7.1 } })
  await city.webhook({ id: 'duty', url: receiver.url() })
  city.bus.ring('registry')
  start = now()
})
afterEach(async () => {
  await city.close()
  await receiver.close()
})

const now = () => city.ports.clock.now()
const at = (minutes: number, level: number) => ({
  ts: start + minutes * minute,
  values: { water_level: level },
})

async function known(): Promise<void> {
  await city.settled()
  await city.ingest()
  await city.settledBehind()
}

const of = { rule: 'stage', device: 'g-4-1', property: 'water_level' }
const standing = async (rule = 'stage') =>
  (await city.log.levels({ ...of, rule }, 0)).map(
    ({ type, level, observedAt }) => `${type.slice(6)} ${level} ${(observedAt - start) / minute}`,
  )
const told = () => receiver.received.map(({ body }) => JSON.parse(body))
const toldTypes = () => told().map(({ type, data }) => `${type.slice(6)} ${data.alert.state}`)
const arrived = (count: number) =>
  until(() => receiver.received.length >= count, `${count} webhooks have come`)

describe('inside a message', () => {
  test('the newest may stand first', async () => {
    city.publish('g-4-1', [at(0, 5), at(-7, 6.6), at(-14, 5.1)])
    await city.settled()
    await until(async () => (await standing()).length === 2)
    expect(await standing()).toEqual(['raised orange -7', 'resolved orange 0'])
    expect((await city.changes()).every(({ late }) => late === undefined)).toBe(true)
  })

  test('time stands still in no order', async () => {
    await city.rule({ ...stage('patient'), raiseAfter: '3m' })
    await city.restart()
    city.publish(
      'g-4-1',
      [-1, -2, -3, -4, -5, -6].map((m) => at(m, 8)),
    )
    await until(async () => (await standing('patient')).length === 1)
    expect(await standing('patient')).toEqual(['raised red -3'])
  })

  test('a window adds up whatever stands first', async () => {
    await city.rule({
      ...{ id: 'burst', property: 'rainfall', levels: { red: 40 } },
      signal: { type: 'sum', window: '2h' },
    })
    await city.restart()
    const rows = Array.from({ length: 11 }, (_, i) => ({
      ts: start - i * 10 * minute,
      values: { rainfall: 4 },
    }))
    city.publish('g-4-1', rows)
    await until(async () => (await city.changes()).length === 1)
    expect((await city.changes())[0]).toMatchObject({ value: 40, observedAt: start - 10 * minute })
  })

  test('the last value of a moment counts', async () => {
    city.publish('g-4-1', [at(-3, 9), at(-3, 5), at(-1, 5), at(-1, 6.4)])
    await until(async () => (await standing()).length === 1)
    expect(await standing()).toEqual(['raised orange -1'])
  })
})

function stage(id: string) {
  return { id, property: 'water_level', levels: { red: 6.2 } }
}

describe('after what came later', () => {
  test('a peak that is over is told as over, in the order in which it was', async () => {
    city.publish('g-4-1', { water_level: 5 })
    await known()
    city.ports.advance(20 * minute)
    const back = [at(-40, 5.2), at(-30, 6.5), at(-20, 7.4), at(-10, 5.4)]
    city.publish('g-4-1', back)
    await city.settled()
    expect(await city.changes()).toEqual([])
    await known()
    expect(await standing()).toEqual(['raised orange -30', 'escalated red -20', 'resolved red -10'])
    await arrived(3)
    expect(toldTypes()).toEqual(['raised firing', 'escalated firing', 'resolved resolved'])
    for (const { data, timestamp } of told()) {
      expect(data.alert).toMatchObject({ late: true, learnedAt: timestamp })
      expect(Date.parse(data.alert.learnedAt)).toBeGreaterThan(Date.parse(data.alert.observedAt))
    }
    const [{ summary }, , { summary: end }] = told().map(({ data }) => data.alert)
    expect(summary.en).toMatch(
      /^Known 50 min late, over by now: Orange: .* at Mill weir was 6.5 m, at or above 6.2 m$/,
    )
    expect(summary.zh).toMatch(
      /^迟50分钟得知，现已结束：橙色：磨坊堰 .* 当时6.5 m，达到或超过 6.2 m$/,
    )
    expect(end.en).toMatch(/^Known 30 min late: Resolved: .* was 5.4 m, was red \(7.1 m\)$/)
    expect(await city.log.open()).toEqual([])
  })

  test('an alert that is open began earlier, and goes on as the same', async () => {
    city.publish('g-4-1', at(-9, 6.3))
    await known()
    const [before] = await city.log.open()
    city.publish('g-4-1', at(-16, 6.7))
    await known()
    expect(await standing()).toEqual(['raised orange -16'])
    const [after] = await city.log.open()
    expect(after?.id).toBe(before?.id)
    expect(after?.raisedAt).toBe(new Date(start - 16 * minute).toISOString())
    await arrived(2)
    expect(toldTypes()).toEqual(['raised firing', 'corrected firing'])
    city.publish('g-4-1', { water_level: 5 })
    await arrived(3)
    expect(toldTypes().at(-1)).toBe('resolved resolved')
  })

  test('what is told in its time is not late, and what is hours old is', async () => {
    city.publish('g-4-1', at(-240, 6.6))
    city.publish('g-4-1', at(-1, 7.6))
    await arrived(2)
    expect(told().map(({ data }) => data.alert.late)).toEqual([true, false])
    expect(told()[1].data.alert.learnedAt).toBe(told()[1].data.alert.observedAt)
  })
})

describe('a value corrected at its moment', () => {
  test('raises what it reaches', async () => {
    const ts = start
    city.publish('g-4-1', { ts, values: { water_level: 5.3 } })
    city.publish('g-4-1', { ts, values: { water_level: 6.9 } })
    await known()
    expect(await standing()).toEqual(['raised orange 0'])
    await arrived(1)
    expect(told()[0].data.alert).toMatchObject({ state: 'firing', value: 6.9 })
  })

  test('withdraws what it does not reach, and ends it for those who were told', async () => {
    const ts = start
    city.publish('g-4-1', { ts, values: { water_level: 6.9 } })
    await arrived(1)
    city.publish('g-4-1', { ts, values: { water_level: 5.3 } })
    await known()
    expect(await standing()).toEqual([])
    expect(await city.log.list({ limit: 5 })).toEqual([])
    const [alert] = await city.log.list({ limit: 5, withdrawn: true })
    expect(alert).toMatchObject({ state: 'resolved', level: 'orange' })
    const history = await city.log.history(alert?.id ?? '')
    expect(history.map(({ type, withdrawnAt }) => [type, withdrawnAt !== undefined])).toEqual([
      ['alert.raised', true],
      ['alert.corrected', false],
    ])
    await arrived(2)
    expect(toldTypes()).toEqual(['raised firing', 'corrected resolved'])
    expect(told()[1].data.alert.summary.en).toMatch(/^Withdrawn: .* at Mill weir \(orange, 6.2 m\)/)
    // And the other way once more.
    city.publish('g-4-1', { ts, values: { water_level: 7.2 } })
    await known()
    expect(await standing()).toEqual(['raised red 0'])
    expect((await city.log.open())[0]?.id).not.toBe(alert?.id)
  })

  test('takes the end of an alert back', async () => {
    city.publish('g-4-1', at(-4, 6.4))
    city.publish('g-4-1', at(-2, 5))
    await arrived(2)
    city.publish('g-4-1', at(-2, 6.5))
    await known()
    expect(await standing()).toEqual(['raised orange -4'])
    await arrived(3)
    expect(toldTypes()).toEqual(['raised firing', 'resolved resolved', 'corrected firing'])
  })
})

describe('a clock that is ahead', () => {
  test('hides nothing that is said after it', async () => {
    city.publish('g-4-1', at(3.5, 5))
    city.ports.advance(2_000)
    city.publish('g-4-1', { water_level: 6.8 })
    await until(async () => (await standing()).length === 1)
    expect((await city.log.open())[0]).toMatchObject({
      observedAt: new Date(now()).toISOString(),
      late: false,
    })
  })

  test('does not make two of its readings one', async () => {
    await city.rule({
      ...{ id: 'burst', property: 'rainfall', levels: { red: 12 } },
      signal: { type: 'sum', window: '30m' },
    })
    await city.restart()
    const rows = [1, 2, 3, 4].map((m) => ({ ts: start + m * minute, values: { rainfall: 3 } }))
    city.publish('g-4-1', rows.toReversed())
    await until(async () => (await city.changes()).length === 1)
    expect((await city.changes())[0]).toMatchObject({ value: 12, observedAt: now() })
  })
})

describe('a retry from quarantine', () => {
  const reading = (minutes: number, value: number): Reading => {
    const observedAt = start + minutes * minute
    return { ...of, observedAt, receivedAt: observedAt + 900, value, quality: 1 }
  }
  const retry = async (taken: Reading[]) => {
    await city.store.put(taken)
    const request = retries.length + 1
    retries = [...retries, { request, taken }]
    await until(async () => {
      city.ports.advance(500)
      return (await city.log.retries()) === request
    }, 'the retry is seen')
    await known()
  }

  test('is seen by alerts, before and after what was heard', async () => {
    await retry([reading(-40, 9)])
    await until(async () => (await standing()).length === 1)
    city.publish('g-4-1', { water_level: 5 })
    await known()
    await retry([reading(-20, 5.5)])
    await until(async () => (await standing()).at(-1) === 'resolved red -20')
    expect(await standing()).toEqual(['raised red -40', 'resolved red -20'])
    const before = await city.changes()
    await city.crash()
    await known()
    expect(await city.changes()).toEqual(before)
    expect(await city.log.open()).toEqual([])
  })
})

describe('the first message since a start', () => {
  const signals = ['max', 'min', 'mean', 'sum', 'range', 'rate'] as const
  const wave = [2, 2, 2, 3, 5, 8, 9.5, 8, 5, 3, 2, 2, 1, 1, 1]

  test.each([
    ['the store has it already', true],
    ['the store has not', false],
  ])('is a list, and %s', async (_, isStored) => {
    for (const type of signals) {
      await city.rule({
        ...{ id: type, property: 'water_level', direction: type === 'min' ? 'below' : 'above' },
        levels: { red: { max: 9, min: 1.5, mean: 6, sum: 30, range: 6, rate: 25 }[type] },
        signal: { type, window: '20m' },
      })
    }
    const list = (device: string) =>
      city.publish(
        device,
        wave.map((water_level, i) => ({
          ts: start + (i - 14) * 5 * minute,
          values: { water_level },
        })),
      )
    const one = async (device: string) => {
      for (const [i, water_level] of wave.entries()) {
        city.publish(device, { ts: start + (i - 14) * 5 * minute, values: { water_level } })
        await city.settled()
      }
    }
    await city.device({ id: 'g-4-2', site: 'g-4' })
    city.bus.ring('registry')
    await one('g-4-2')
    await city.kill()
    list('g-4-1')
    if (isStored) await city.ingest()
    await city.revive()
    await known()
    for (const rule of signals) {
      const [mine, its] = await Promise.all(
        ['g-4-1', 'g-4-2'].map(async (device) =>
          (await city.log.levels({ ...of, rule, device }, 0)).map(
            ({ type, observedAt, value }) => `${type} ${observedAt} ${value}`,
          ),
        ),
      )
      expect(mine, rule).toEqual(its)
      expect(mine?.length, rule).toBeGreaterThan(0)
    }
    expect((await city.changes()).filter(({ late }) => late !== undefined).length).toBe(
      (await city.changes()).filter(
        ({ observedAt, recordedAt }) => recordedAt - observedAt > 15 * minute,
      ).length,
    )
  })
})
