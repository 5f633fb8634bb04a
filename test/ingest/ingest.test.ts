import { afterEach, describe, expect, test } from 'vitest'
import { receivedAt } from '../payload/decoders/uplinks.ts'
import { createPlant, type Plant, type Stores } from './plant.ts'

const devices = [
  { id: 'air-1' },
  { id: 'gw-1' },
  { id: 'child-1', gateway: 'gw-1' },
  { id: 'child-2', gateway: 'gw-1' },
]
let plant: Plant
afterEach(() => plant.close())

const at = (secondsAgo: number) => receivedAt - secondsAgo * 1_000

describe('the way of a message', () => {
  test('good readings are stored, bad ones are in quarantine with a reason, and the sums agree', async () => {
    plant = await createPlant(devices)
    await plant.send('telemetry', {
      ts: at(60),
      values: { pm25: 35.2, pm10: 'x', colour_of_sky: 1 },
    })
    await plant.send('telemetry', '{"pm25":')
    await plant.send(
      'gateway-telemetry',
      { 'child-1': { ph: 7 }, 'air-1': { ph: 8 } },
      { device: 'gw-1' },
    )
    plant.start()
    await plant.settled()
    expect(await plant.stored()).toMatchObject([
      {
        device: 'air-1',
        property: 'pm25',
        observedAt: at(60),
        receivedAt,
        value: 35.2,
        quality: 1,
      },
      {
        device: 'child-1',
        property: 'ph',
        observedAt: receivedAt,
        receivedAt,
        value: 7,
        quality: 1,
      },
    ])
    const entries = await plant.stores.ledger.list({ limit: 10 })
    expect(entries.map(({ id, code, device, key }) => [id, code, device, key])).toEqual([
      ['3-0', 'not_allowed', 'air-1', 'ph'],
      ['2-0', 'malformed', 'air-1', null],
      ['1-1', 'unknown_property', 'air-1', 'colour_of_sky'],
      ['1-0', 'not_a_number', 'air-1', 'pm10'],
    ])
    expect(await plant.reader.progress()).toEqual({
      seq: 3,
      received: 6,
      stored: 2,
      duplicate: 0,
      quarantined: 4,
    })
  })

  test('the same reading sent again replaces the value and counts as duplicate', async () => {
    plant = await createPlant(devices)
    await plant.send('telemetry', { ts: at(60), pm25: 1 })
    await plant.send('telemetry', { ts: at(60), pm25: 2 })
    plant.start()
    await plant.settled()
    expect((await plant.stored()).map(({ value }) => value)).toEqual([2])
    expect(await plant.reader.progress()).toMatchObject({ received: 2, stored: 1, duplicate: 1 })
  })

  test('without a bell the journal is looked at all the same, and a bell for new readings is rung', async () => {
    plant = await createPlant(devices)
    let rung = 0
    plant.bus.onRing('readings', () => rung++)
    plant.start()
    await plant.send('telemetry', { pm25: 1 })
    await plant.settled()
    await plant.stop()
    expect(rung).toBe(1)
  })

  test('a device registered a moment ago is known', async () => {
    plant = await createPlant(devices)
    plant.start()
    await plant.registry.registry.insert('device', {
      id: 'new-1',
      site: null,
      profile: null,
      gateway: null,
      enabled: true,
      expectedInterval: null,
    })
    await plant.send('telemetry', { pm25: 1 }, { device: 'new-1' })
    plant.bus.ring('journal')
    await plant.settled()
    expect((await plant.stored()).map(({ device }) => device)).toEqual(['new-1'])
  })

  test('a stop settles what is in the journal', async () => {
    plant = await createPlant(devices)
    for (let i = 0; i < 50; i++) await plant.send('telemetry', { ts: at(i), pm25: i })
    plant.start(undefined, 3)
    await plant.stop()
    expect((await plant.reader.progress()).seq).toBe(50)
  })

  test('a mistake of ours costs one message, which stays in quarantine', async () => {
    plant = await createPlant(devices)
    await plant.send('telemetry', { ts: at(3), pm25: 1 })
    await plant.send('telemetry', { ts: at(2), pm25: 2, pm10: 2 })
    await plant.send('telemetry', { ts: at(1), pm25: 3 })
    plant.start(({ judge }) => ({
      judge(uplink) {
        if (uplink.seq === 2) throw new TypeError('x is not a function')
        return judge(uplink)
      },
    }))
    await plant.settled()
    expect((await plant.stored()).map(({ value }) => value)).toEqual([1, 3])
    const [entry] = await plant.stores.ledger.list({ limit: 10 })
    expect(entry).toMatchObject({ id: '2-0', code: 'malformed', key: null })
    expect(entry?.reason).toBe('internal error: x is not a function')
    expect(plant.errors.length).toBe(1)
    expect(await plant.reader.progress()).toMatchObject({ received: 4, stored: 2, quarantined: 2 })
  })
})

describe('faults of the world', () => {
  test('a store that cannot be reached is waited for, told once, and nothing is skipped', async () => {
    plant = await createPlant(devices)
    for (let i = 0; i < 5; i++) await plant.send('telemetry', { ts: at(i), pm25: i })
    let failures = 0
    plant.start(({ readings }) => ({
      readings: {
        ...readings,
        write(batch, advance) {
          if (failures++ < 3) throw new Error('database or disk is full')
          return readings.write(batch, advance)
        },
      },
    }))
    await plant.settled()
    expect(failures).toBe(4)
    expect(plant.troubles).toEqual(['database or disk is full', null])
    expect((await plant.stored()).length).toBe(5)
    expect(plant.errors.map(({ sentence }) => sentence)).toEqual([
      'A batch could not be stored; nothing has moved and it is tried again.',
    ])
  })

  test('housekeeping that fails is tried again and told once', async () => {
    plant = await createPlant(devices)
    for (let i = 0; i < 40; i++) await plant.send('telemetry', { ts: at(i), pm25: i })
    let failures = 0
    plant.start(
      ({ readings }) => ({
        readings: {
          ...readings,
          tidy() {
            failures++
            throw new Error('disk I/O error')
          },
        },
      }),
      1,
    )
    await plant.settled()
    expect(failures).toBeGreaterThan(3)
    expect(plant.errors).toMatchObject([{ fields: { chore: 'tidy' } }])
  })

  test('a stop while a store is away keeps everything in the journal', async () => {
    plant = await createPlant(devices)
    await plant.send('telemetry', { pm25: 1 })
    const gone = () => {
      throw new Error('disk I/O error')
    }
    plant.start(({ ledger }) => ({ ledger: { ...ledger, quarantine: gone } }))
    await new Promise((resolve) => setTimeout(resolve, 50))
    await plant.stop()
    expect((await plant.reader.progress()).seq).toBe(0)
    plant.start()
    await plant.settled()
    expect((await plant.stored()).length).toBe(1)
  })

  test('uplinks that the journal cannot give are passed over and told', async () => {
    plant = await createPlant(devices)
    for (let i = 0; i < 9; i++) await plant.send('telemetry', { ts: at(i), pm25: i })
    plant.start(({ journal }) => ({
      journal: {
        ...journal,
        read: async (seq, limit) =>
          (await journal.read(seq, limit)).filter((uplink) => uplink.seq < 4 || uplink.seq > 6),
      },
    }))
    await plant.settled()
    expect((await plant.stored()).length).toBe(6)
    expect(plant.errors).toEqual([
      {
        sentence: 'The journal could not give some uplinks; they are passed over.',
        fields: { from: 0, to: 9, missing: 3 },
      },
    ])
  })

  test('a journal that was replaced is read from its beginning', async () => {
    plant = await createPlant(devices)
    plant.start()
    await plant.stores.readings.write([], { seq: 1_000, quarantined: 0 })
    await plant.crash()
    for (let i = 0; i < 3; i++) await plant.send('telemetry', { ts: at(i), pm25: i })
    plant.start()
    for (let tries = 0; tries < 200 && (await plant.stored()).length < 3; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
    expect((await plant.reader.progress()).seq).toBe(3)
    expect(plant.errors[0]?.fields).toMatchObject({ position: 1_000, head: 3, tail: 1 })
  })

  test('a chore that fails holds up nothing', async () => {
    plant = await createPlant(devices)
    plant.start(({ readings }) => ({
      readings: {
        ...readings,
        tidy() {
          throw new Error('disk I/O error')
        },
      },
    }))
    for (let i = 0; i < 5; i++) {
      await plant.send('telemetry', { ts: at(i), pm25: i })
      plant.bus.ring('journal')
      await plant.settled()
    }
    expect((await plant.stored()).length).toBe(5)
    expect(plant.errors.map(({ sentence }) => sentence)).toEqual([
      'A chore between batches failed; it will be done later.',
    ])
  })
})

test('refused messages are dropped when they are older than the setting says', async () => {
  plant = await createPlant(devices)
  const daysAgo = (days: number) => ({ receivedAt: receivedAt - days * 86_400_000 })
  await plant.send('telemetry', 'old', daysAgo(31))
  await plant.send('telemetry', 'young', daysAgo(29))
  plant.start()
  await plant.settled()
  await plant.stop()
  plant.start()
  const entries = await plant.stores.ledger.list({ limit: 10 })
  expect(entries.map(({ id }) => id)).toEqual(['2-0'])
  expect((await plant.stores.ledger.counts()).get('unsupported_format')).toBe(2)
})

/** Every step of a batch, cut off before or after it happened. */
const steps = ['quarantine', 'updateStatus', 'disconnectAll', 'write'] as const
type Step = (typeof steps)[number]

interface Point {
  step: Step
  when: 'before' | 'after'
  /** From which call of the step on it breaks. */
  call: number
}

function breaking({ step, when, call }: Point, broke: () => void) {
  let calls = 0
  const cut =
    <A extends unknown[], R>(run: (...args: A) => R | Promise<R>) =>
    async (...args: A): Promise<R> => {
      const broken = ++calls >= call
      if (broken) broke()
      if (broken && when === 'before') throw new Error('killed')
      const result = await run(...args)
      if (broken) throw new Error('killed')
      return result
    }
  return ({ ledger, readings }: Stores): Partial<Stores> => ({
    ledger: {
      ...ledger,
      ...(step === 'quarantine' ? { quarantine: cut(ledger.quarantine) } : {}),
      ...(step === 'updateStatus' ? { updateStatus: cut(ledger.updateStatus) } : {}),
      ...(step === 'disconnectAll' ? { disconnectAll: cut(ledger.disconnectAll) } : {}),
    },
    readings: { ...readings, ...(step === 'write' ? { write: cut(readings.write) } : {}) },
  })
}

describe('after a crash', () => {
  const points = steps.flatMap((step) =>
    (['before', 'after'] as const).flatMap((when) => [1, 2].map((call) => ({ step, when, call }))),
  )

  test.each(points)(
    '$when $step (call $call) nothing is lost and nothing is doubled',
    async (point) => {
      plant = await createPlant(devices)
      await sendStory(plant)
      await new Promise<void>((broke) => plant.start(breaking(point, broke), 4))
      await plant.crash()
      plant.start(undefined, 4)
      await plant.settled()
      await plant.stop()
      plant.start()
      await expectStory(plant)
    },
  )

  test('reading the whole journal again changes no reading, no entry, no count by code, no status', async () => {
    plant = await createPlant(devices)
    await sendStory(plant)
    plant.start()
    await plant.settled()
    await plant.stop()
    plant.start()
    await expectStory(plant)
    await plant.stores.readings.write([], { seq: 0, quarantined: 0 })
    await plant.crash()
    plant.start()
    await plant.settled()
    const { stored, received, duplicate, quarantined } = await plant.reader.progress()
    expect({ stored, received, duplicate, quarantined }).toEqual({
      stored: 12,
      received: 30,
      duplicate: 12,
      quarantined: 6,
    })
    await expectLedger(plant)
  })
})

async function sendStory({ send }: Plant): Promise<void> {
  await send('broker-start', '', { device: '' })
  await send('session-open', '{}', { device: 'gw-1' })
  for (let i = 0; i < 5; i++) await send('telemetry', { ts: at(i), values: { pm25: i, pm10: i } })
  await send('telemetry', { ts: at(9), values: { pm25: -999, pm10: 1 } })
  await send('attributes', { firmware: '1.0', battery: 90 })
  await send('gateway-connect', { device: 'child-1' }, { device: 'gw-1' })
  await send('telemetry', 'not json')
  await send('attributes', { firmware: '1.1' })
  await send('broker-start', '', { device: '' })
  await send('session-open', '{}', { device: 'air-1' })
  await send('telemetry', { nonsense: 1 })
}

async function expectStory(plant: Plant): Promise<void> {
  const stored = await plant.stored()
  expect(stored.length).toBe(12)
  expect(await plant.reader.progress()).toMatchObject({
    seq: 15,
    received: 15,
    stored: 12,
    quarantined: 3,
  })
  await expectLedger(plant)
}

async function expectLedger({ stores }: Plant): Promise<void> {
  const entries = await stores.ledger.list({ limit: 100 })
  expect(entries.map(({ id, code }) => `${id} ${code}`)).toEqual([
    '15-0 unknown_property',
    '11-0 unsupported_format',
    '8-0 out_of_range',
  ])
  expect(Object.fromEntries(await stores.ledger.counts())).toEqual({
    out_of_range: 1,
    unknown_property: 1,
    unsupported_format: 1,
  })
  const status = await stores.ledger.status(['air-1', 'gw-1', 'child-1'])
  expect(status.get('air-1')).toEqual({
    device: 'air-1',
    lastSeenAt: receivedAt,
    connected: true,
    attributes: { firmware: '1.1', battery: 90 },
  })
  expect(status.get('gw-1')?.connected).toBe(false)
  expect(status.get('child-1')?.connected).toBe(false)
}
