/** Rules on windows from the journal to the alert log, on real stores, with restarts and stores that fail. */

import { afterEach, describe, expect, test } from 'vitest'
import { type AlertCity, openAlertCity } from '../fixtures/alert-city.ts'
import { until } from '../fixtures/receiver.ts'

const minute = 60_000
let city: AlertCity
afterEach(() => city.close())

async function open(store: 'plain' | 'tested', rules: readonly object[]): Promise<void> {
  city = await openAlertCity({
    store,
    settings: { BELLWETHER_STALE_AFTER_SECONDS: '31536000' },
  })
  await city.site({ id: 's-1', name: { en: 'Old town' }, kind: 'rain-gauge' })
  await city.device({ id: 'r-1', site: 's-1' })
  for (const rule of rules) await city.rule(rule)
  city.bus.ring('registry')
}

const rain = (change: object = {}) => ({
  id: 'rain-1h',
  property: 'rainfall',
  signal: { type: 'sum', window: '1h' },
  levels: { blue: 20, yellow: 30 },
  ...change,
})

/** Values of one property every so often, judged one after the other; stored as well unless ingest stands still. */
async function say(
  property: string,
  values: readonly (number | null)[],
  { everyMs = 5 * minute, ingest = true, device = 'r-1' } = {},
): Promise<void> {
  for (const value of values) {
    city.ports.advance(everyMs)
    city.publish(device, { [property]: value })
    await city.settled()
    if (ingest) await city.ingest()
  }
}

const times = (count: number, value: number) => Array.from({ length: count }, () => value)
const changes = async () =>
  (await city.changes()).map(({ type, level, value }) => `${type.slice(6)} ${level} ${value}`)

/** What is left of them when all that came late is known, in the order of time. */
const standing = async () =>
  (await city.log.levels({ rule: 'rain-1h', device: 'r-1', property: 'rainfall' }, 0)).map(
    ({ type, level, value }) => `${type.slice(6)} ${level} ${value}`,
  )

describe('an hour of rain', () => {
  const storm = [0, 0, 5, 8, 8, 8, 4, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0]
  const told = ['raised blue 21', 'escalated yellow 33', 'deescalated blue 22', 'resolved blue 14']

  test('raises, escalates and clears as its sum rises and leaves the window', async () => {
    await open('plain', [rain()])
    await say('rainfall', storm)
    // 5, 13, 21, 29, 33, 35 mm; an hour later 30 and 22 and 14 and 6 mm.
    expect(await changes()).toEqual([
      'raised blue 21',
      'escalated yellow 33',
      'deescalated blue 22',
      'resolved blue 14',
    ])
    const [alert] = await city.log.list({ limit: 1 })
    expect(alert).toMatchObject({ unit: 'mm', bound: 20, property: 'rainfall', device: 'r-1' })
    expect(alert?.summary.en).toBe(
      'Resolved: 1 h sum of Rain at Old town is 14 mm, was blue (20 mm)',
    )
  })

  test.each([1, 4, 6, 7, 12])('gives the same with a crash after reading %i', async (after) => {
    await open('plain', [rain()])
    await say('rainfall', storm.slice(0, after))
    await city.crash()
    await say('rainfall', storm.slice(after))
    expect(await changes()).toEqual(told)
  })

  test.each([3, 6, 12])(
    'gives the same when ingest stands still from reading %i on and alerts crashes later',
    async (after) => {
      await open('plain', [rain()])
      await say('rainfall', storm.slice(0, after))
      await say('rainfall', storm.slice(after, after + 3), { ingest: false })
      await city.crash()
      await say('rainfall', storm.slice(after + 3), { ingest: false })
      expect(await changes()).toEqual(told)
      expect(await city.log.cursor()).toBeLessThanOrEqual(city.head())
    },
  )

  test('gives the same with messages sent again and readings that come late', async () => {
    await open('plain', [rain()])
    await say('rainfall', [0, 0, 5])
    const at = city.ports.clock.now()
    // The next two are late: the third after them finds them in the window, and raises.
    city.ports.advance(15 * minute)
    const third = { ts: at + 15 * minute, values: { rainfall: 8 } }
    city.publish('r-1', third)
    city.publish('r-1', third)
    city.publish('r-1', { ts: at + 5 * minute, values: { rainfall: 8 } })
    city.publish('r-1', { ts: at + 10 * minute, values: { rainfall: 8 } })
    city.publish('r-1', third)
    await city.settled()
    expect(await changes()).toEqual([])
    await say('rainfall', storm.slice(6))
    await city.settledBehind()
    expect(await standing()).toEqual(told)
    expect(await changes()).toContain('corrected yellow 33')
  })

  test('counts a corrected value instead of the first one', async () => {
    await open('plain', [rain()])
    await say('rainfall', [15])
    city.publish('r-1', { ts: city.ports.clock.now(), values: { rainfall: 1.5 } })
    await say('rainfall', [10])
    expect(await changes()).toEqual([])
    await say('rainfall', [10])
    expect(await changes()).toEqual(['raised blue 21.5'])
  })
})

describe('a new rule', () => {
  test('knows what was said before it was made', async () => {
    await open('plain', [])
    await say('rainfall', [10, 10, 5])
    await city.rule(rain())
    city.bus.ring('registry')
    await say('rainfall', [0])
    expect(await changes()).toEqual(['raised blue 25'])
  })

  test('with a longer window reaches further back than the one before', async () => {
    await open('plain', [rain()])
    await say('rainfall', [10, 5])
    await say('rainfall', times(14, 0))
    await city.rule(
      rain({ id: 'rain-3h', signal: { type: 'sum', window: '3h' }, levels: { red: 15 } }),
    )
    city.bus.ring('registry')
    await say('rainfall', [0])
    expect(await changes()).toEqual(['raised red 15'])
    expect(city.store.questions).toBeLessThan(10)
  })
})

/** Waiting for an answer takes time, which stands still unless it is moved. */
async function whileTimeGoesOn(work: Promise<unknown>): Promise<void> {
  let isOver = false
  const done = work.then(() => {
    isOver = true
  })
  await until(() => {
    city.ports.advance(100)
    return isOver
  })
  await done
}

describe('a readings store that cannot be read', () => {
  const noted = () => city.ports.notes.filter(({ sentence }) => /past/i.test(sentence))

  test.each(['down', 'hanging'] as const)(
    'and is %s lets values be judged, raises what is sure, and ends nothing',
    async (state) => {
      await open('plain', [
        rain(),
        { id: 'burst', property: 'rainfall', levels: { red: 12 } },
        {
          id: 'mean',
          property: 'rainfall',
          signal: { type: 'mean', window: '1h', coverage: 0.75 },
          levels: { red: 5 },
        },
      ])
      await say('rainfall', [10, 11])
      expect(await changes()).toEqual(['raised blue 21'])
      city.store.become(state)
      await whileTimeGoesOn(city.crash())
      await whileTimeGoesOn(say('rainfall', [0, 13, 18]))
      // The sum of what was heard since is 0, 13 and 31: nobody may say that the first rain is over.
      expect(await changes()).toEqual(['raised blue 21', 'raised red 13', 'escalated yellow 31'])
      expect(noted().map(({ level }) => level)).toContain('error')
      expect(noted().length).toBeLessThanOrEqual(3)
      expect(
        city.ports.numbers.get('bellwether_alert_faults_total{what=past_history}'),
      ).toBeGreaterThan(0)
      city.store.become('well')
      await city.ingest()
      await whileTimeGoesOn(say('rainfall', times(13, 0), { everyMs: 6 * minute }))
      expect(await city.log.open()).toEqual([])
      expect(noted().map(({ level }) => level)).toContain('info')
    },
  )
})

describe('means and rates', () => {
  test('one early reading raises no mean of a day when the rule asks for most of it', async () => {
    const signal = { type: 'mean', window: '24h', coverage: 0.75 }
    await open('plain', [
      { id: 'pm', property: 'pm25', signal, levels: { yellow: 115 }, clearMargin: 5 },
    ])
    const every = { everyMs: 30 * minute }
    await say('pm25', [400, ...times(34, 120)], every)
    expect(await changes()).toEqual([])
    await say('pm25', [120], every)
    expect(await changes()).toEqual(['raised yellow 127.777777777778'])
    await say('pm25', times(30, 80), every)
    expect((await changes()).at(-1)).toMatch(/^resolved yellow 109/)
  })

  test('a rise is told per hour', async () => {
    const signal = { type: 'rate', window: '1h', per: '1h' }
    await open('plain', [{ id: 'rise', property: 'water_level', signal, levels: { orange: 0.5 } }])
    await say('water_level', times(12, 3))
    await say('water_level', [3.2, 3.4, 3.6, 3.8])
    expect((await changes())[0]).toMatch(/^raised orange 0\.75\d+$/)
    const [alert] = await city.log.list({ limit: 1 })
    expect(alert).toMatchObject({ unit: 'm/h', bound: 0.5 })
    expect(alert?.summary.en).toMatch(
      /^Orange: Water level above datum at Old town rises 0\.7552 m\/h, at or above/,
    )
  })
})

describe('quality', () => {
  test('rules use flags 1 and 2 only, values and windows alike', async () => {
    await open('tested', [
      { id: 'value', property: 'rainfall', levels: { red: 1_500 } },
      {
        id: 'sum',
        property: 'rainfall',
        signal: { type: 'sum', window: '1h' },
        levels: { red: 1_000 },
      },
    ])
    // Beyond the gross range of rain: suspect, and stored as it is.
    await say('rainfall', [1, 1_600, null, 1, 1_600])
    expect(await changes()).toEqual([])
    const flags: number[] = []
    for await (const page of city.store.past.range({
      series: [{ device: 'r-1', property: 'rainfall' }],
      from: 0,
      to: city.ports.clock.now() + 1,
    })) {
      flags.push(...page.map(({ quality }) => quality))
    }
    expect(flags).toEqual([1, 3, 9, 1, 3])
  })

  test('a reading found to be a spike leaves the windows', async () => {
    await open('tested', [
      {
        id: 'max',
        property: 'water_level',
        signal: { type: 'max', window: '1h' },
        levels: { red: 8 },
      },
    ])
    await say('water_level', [3, 3.01, 9, 3.02, 3.03])
    // The reading after it shows it: then it is out, does not stand for an hour, and what it raised is withdrawn.
    await city.settledBehind()
    expect((await changes())[0]).toBe('raised red 9')
    expect((await changes()).at(-1)).toMatch(/^corrected red/)
    expect(
      await city.log.levels({ rule: 'max', device: 'r-1', property: 'water_level' }, 0),
    ).toEqual([])
    expect(await city.log.list({ limit: 5 })).toEqual([])
  })

  test('a spike in the middle of a message raises nothing', async () => {
    await open('tested', [{ id: 'value', property: 'water_level', levels: { red: 8 } }])
    await say('water_level', [3, 3.01])
    const at = city.ports.clock.now()
    city.publish('r-1', [
      { ts: at + 60_000, values: { water_level: 9 } },
      { ts: at + 120_000, values: { water_level: 3.02 } },
    ])
    await city.settled()
    expect(await changes()).toEqual([])
  })
})

test('a stale alert is not stale any more when data comes that is not enough for its window', async () => {
  city = await openAlertCity({ store: 'plain' })
  await city.device({ id: 'r-1' })
  const signal = { type: 'mean', window: '1h' }
  await city.rule({ id: 'pm', property: 'pm25', signal, levels: { yellow: 100 } })
  await say('pm25', times(12, 120))
  city.ports.advance(5 * 3_600_000)
  await until(async () => {
    city.ports.advance(1_000)
    return (await city.told()).length === 2
  })
  await say('pm25', [120])
  expect(await city.told()).toEqual(['raised yellow', 'stale yellow', 'resumed yellow'])
  await say('pm25', times(12, 20))
  expect((await city.told()).at(-1)).toBe('resolved yellow')
})
