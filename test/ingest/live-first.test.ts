/** After the readings store was away: live uplinks first, the backlog in between, each uplink once. */

import { afterEach, describe, expect, test } from 'vitest'
import type { Advance, ReadingsWriter } from '../../stores/readings/readings.ts'
import { createPlant, type Plant, type Stores } from './plant.ts'

let plant: Plant
afterEach(() => plant.close())

const second = 1_000
const gone = () => {
  throw new Error('The database is away.')
}

/** One message of each of the devices every second, received and observed at the clock of the plant. */
async function run(seconds: number, devices: readonly string[] = ['air-1']): Promise<void> {
  for (let i = 0; i < seconds; i++) {
    plant.now += second
    for (const device of devices) {
      const values = { ts: plant.now, pm25: (plant.now / second) % 100 }
      await plant.send('telemetry', values, { device, receivedAt: plant.now })
    }
  }
}

interface Written extends Advance {
  /** Observed times. */
  times: number[]
}

/** Notes what is written; `before` may throw. */
function watched(written: Written[], before: (count: number) => void = () => undefined) {
  return ({ readings }: Stores): { readings: ReadingsWriter } => ({
    readings: {
      ...readings,
      async write(batch, advance) {
        before(written.length)
        const result = await readings.write(batch, advance)
        if (advance !== undefined) {
          written.push({ ...advance, times: batch.map(({ observedAt }) => observedAt) })
        }
        return result
      },
    },
  })
}

async function waitFor(isTrue: () => boolean | Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (await isTrue()) return
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('It did not happen.')
}

describe('after an outage', () => {
  test('the newest uplinks are settled first, then the backlog from its oldest on, each once', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(60)
    const written: Written[] = []
    plant.start(watched(written), 10)
    await plant.settled()
    expect(written.map(({ seq, ahead, late }) => [seq, ahead?.from, ahead?.to, late])).toEqual([
      [0, 50, 60, undefined],
      [10, 50, 60, true],
      [20, 50, 60, true],
      [30, 50, 60, true],
      [40, 50, 60, true],
      [60, undefined, undefined, true],
    ])
    expect(await plant.reader.progress()).toEqual({
      ...{ seq: 60, received: 60, stored: 60, duplicate: 0, quarantined: 0 },
    })
    expect((await plant.stored()).length).toBe(60)
  })

  test('uplinks that are not older than live ones may be are settled in order', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(9, ['air-1', 'x', 'y', 'z'])
    const written: Written[] = []
    plant.start(watched(written), 4)
    await plant.settled()
    expect(written.every(({ ahead }) => ahead === undefined)).toBe(true)
  })

  test('while a backlog is drained, uplinks that come meanwhile wait for one batch of it at most', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(200)
    const written: Written[] = []
    let sent = 0
    plant.start(({ readings, ...stores }) => {
      const inner = watched(written)({ readings, ...stores })
      return {
        readings: {
          ...inner.readings,
          async write(batch, advance) {
            const result = await inner.readings.write(batch, advance)
            if (sent++ < 10) await run(1)
            return result
          },
        },
      }
    }, 10)
    await plant.settled()
    const order = written.slice(1, 11).map(({ late }) => (late ? 'backlog' : 'live'))
    expect(order).toEqual(Array.from({ length: 5 }, () => ['live', 'backlog']).flat())
    expect(await plant.reader.progress()).toMatchObject({ seq: 210, stored: 210, duplicate: 0 })
  })
})

describe('a backlog that is interrupted', () => {
  test('by a restart goes on where it was', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(80)
    const written: Written[] = []
    await new Promise<void>((stop) => {
      const failing = (count: number) => {
        if (count < 3) return
        stop()
        gone()
      }
      plant.start(watched(written, failing), 10)
    })
    await plant.crash()
    expect(await plant.reader.progress()).toMatchObject({ seq: 20, ahead: { from: 70, to: 80 } })
    await run(5)
    written.splice(0)
    plant.start(watched(written), 10)
    await plant.settled()
    expect(written[0]).toMatchObject({ seq: 20, ahead: { from: 70, to: 85 } })
    expect(written[1]).toMatchObject({ seq: 30, late: true })
    expect(await plant.reader.progress()).toMatchObject({ seq: 85, stored: 85, duplicate: 0 })
  })

  test('by another outage: one stretch grows, and the oldest is drained on', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(80)
    const written: Written[] = []
    let isAway = false
    const failing = (count: number) => {
      if (count === 3) isAway = true
      if (isAway) gone()
    }
    plant.start(watched(written, failing), 10)
    await waitFor(() => isAway)
    await run(60)
    written.push({ seq: 0, quarantined: 0, times: [] })
    isAway = false
    await plant.settled()
    expect(written.slice(4).map(({ seq, ahead }) => [seq, ahead?.to])).toEqual([
      ...[90, 100, 110, 120, 130, 140].map((to) => [20, to]),
      ...[30, 40, 50, 60].map((seq) => [seq, 140]),
      [140, undefined],
    ])
    expect(await plant.reader.progress()).toMatchObject({ seq: 140, stored: 140, duplicate: 0 })
  })

  test('before it began leaves nothing behind, and a stop settles it', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(80)
    let isAway = true
    plant.start(
      watched([], () => (isAway ? gone() : undefined)),
      10,
    )
    await new Promise((resolve) => setTimeout(resolve, 50))
    await plant.crash()
    expect(await plant.reader.progress()).toMatchObject({ seq: 0, received: 0 })
    isAway = false
    plant.start(undefined, 10)
    await plant.stop()
    expect(await plant.reader.progress()).toMatchObject({ seq: 80, stored: 80 })
  })

  test('by the loss of the journal: what is there now is read', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    plant.start()
    await plant.stores.readings.write([], {
      ...{ seq: 2, quarantined: 0 },
      ahead: { from: 900, to: 1_000 },
    })
    await plant.crash()
    await run(5)
    plant.start()
    await plant.settled()
    expect(await plant.reader.progress()).toMatchObject({ seq: 5, stored: 5 })
    expect(plant.errors[0]?.fields).toMatchObject({ position: 1_000, head: 5, tail: 1 })
  })

  test('by uplinks that the journal cannot give: they are told, and passed over', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    await run(60)
    const isLost = (seq: number) => seq > 40 && seq <= 52
    plant.start(({ journal }) => {
      const read = async (seq: number, limit: number) =>
        (await journal.read(seq, limit + 16)).filter((each) => !isLost(each.seq)).slice(0, limit)
      return { journal: { ...journal, read } }
    }, 10)
    await plant.settled()
    expect(await plant.reader.progress()).toMatchObject({ seq: 60, stored: 48 })
    expect(plant.errors.map(({ fields }) => fields)).toEqual([
      { from: 50, to: 60, missing: 2 },
      { from: 40, to: 50, missing: 10 },
    ])
  })
})

describe('what is settled late', () => {
  const old = { observedAt: 0 }

  test('replaces no reading that the device corrected since', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    old.observedAt = plant.now
    await plant.send('telemetry', { ts: old.observedAt, pm25: 1 }, { receivedAt: plant.now })
    await run(40)
    await plant.send('telemetry', { ts: old.observedAt, pm25: 2 }, { receivedAt: plant.now })
    plant.start(undefined, 10)
    await plant.settled()
    const [first] = await plant.stored()
    expect(first).toMatchObject({ observedAt: old.observedAt, value: 2 })
    expect(await plant.reader.progress()).toMatchObject({ received: 42, stored: 41, duplicate: 1 })
  })

  test('tells nothing of devices that newer messages have told otherwise', async () => {
    plant = await createPlant([{ id: 'air-1' }, { id: 'gw-1' }, { id: 'child', gateway: 'gw-1' }])
    const send: Plant['send'] = (kind, payload, more) => {
      plant.now += second
      return plant.send(kind, payload, { receivedAt: plant.now, ...more })
    }
    await send('session-open', '{}')
    await send('session-open', '{}', { device: 'gw-1' })
    await send('gateway-connect', { device: 'child' }, { device: 'gw-1' })
    await send('attributes', { firmware: '1', battery: 80, cell: 'a' })
    await send('session-close', '{}')
    await run(40)
    await send('session-open', '{}')
    await send('attributes', { firmware: '2', battery: 70 })
    await send('session-close', '{}', { device: 'gw-1' })
    plant.start(undefined, 4)
    await plant.settled()
    await plant.stop()
    plant.start()
    const status = await plant.stores.ledger.status(['air-1', 'gw-1', 'child'])
    expect(status.get('air-1')).toMatchObject({
      connected: true,
      attributes: { firmware: '2', battery: 70, cell: 'a' },
    })
    expect(status.get('gw-1')).toMatchObject({ connected: false, lastSeenAt: plant.now - 45_000 })
    expect(status.get('child')).toMatchObject({ connected: false })
  })

  test('has the flags that it would have had in order, and live readings are not doubted for the gap', async () => {
    const flags: unknown[] = []
    for (const batchMax of [10, 10_000]) {
      plant = await createPlant([{ id: 'air-1', expectedInterval: '1s' }])
      await run(30)
      plant.start(undefined, batchMax)
      await plant.settled()
      await plant.crash()
      for (let i = 0; i < 60; i++) {
        plant.now += second
        const pm25 = i === 20 ? 900 : 30 + (i % 3)
        await plant.send('telemetry', { ts: plant.now, pm25 }, { receivedAt: plant.now })
      }
      plant.start(undefined, batchMax)
      await plant.settled()
      const stored = await plant.stored()
      flags.push(stored.map(({ quality }) => quality))
      expect(stored[50]?.quality).not.toBe(1)
      if (batchMax === 10) await plant.close()
    }
    expect(flags[0]).toEqual(flags[1])
  })

  test('is counted in quarantine, each message once', async () => {
    plant = await createPlant([{ id: 'air-1' }])
    for (let i = 0; i < 50; i++) {
      plant.now += second
      await plant.send('telemetry', 'rubbish', { receivedAt: plant.now })
    }
    plant.start(undefined, 10)
    await plant.settled()
    expect((await plant.stores.ledger.counts()).get('unsupported_format')).toBe(50)
    expect(await plant.reader.progress()).toMatchObject({ seq: 50, received: 50, quarantined: 50 })
  })
})
