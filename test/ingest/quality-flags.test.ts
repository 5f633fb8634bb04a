/** Flags of quality control on their way into the store: revisions, faults of the store, retries, resends, counts. */

import { afterEach, beforeEach, expect, test } from 'vitest'
import { testFlag } from '../../domain/quality.ts'
import { receivedAt } from '../payload/decoders/uplinks.ts'
import { createPlant, type Plant } from './plant.ts'

let plant: Plant
beforeEach(async () => {
  plant = await createPlant([{ id: 'air-1' }])
})
afterEach(() => plant.close())

const at = (secondsAgo: number) => receivedAt - secondsAgo * 1_000

async function send(values: readonly number[], first = 0): Promise<void> {
  for (const [i, pm25] of values.entries()) {
    await plant.send('telemetry', { ts: at(3_600 - 60 * (first + i)), pm25 })
  }
}
const flags = async () => (await plant.stored()).map(({ quality }) => quality)
const spiked = [30, 31, 5_000, 32, 33]

test('a spike is stored as good and revised when the next reading comes, within a batch and across batches', async () => {
  await send(spiked)
  plant.start(undefined, 3)
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 4, 1, 1])
  const spike = (await plant.stored())[2]
  expect(testFlag(spike?.tests ?? 0, 'spike')).toBe(4)
  expect(spike?.value).toBe(5_000)
  expect(await plant.reader.progress()).toMatchObject({ received: 5, stored: 5, duplicate: 0 })
})

test('a crash between a spike and its neighbour changes nothing', async () => {
  await send(spiked.slice(0, 3))
  plant.start()
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 1])
  await plant.crash()
  await send(spiked.slice(3), 3)
  plant.start()
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 4, 1, 1])
})

test('a message that is sent again does not lose its worse flag', async () => {
  await send(spiked)
  plant.start()
  await plant.settled()
  await send(spiked)
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 4, 1, 1])
  expect(await plant.reader.progress()).toMatchObject({ stored: 5, duplicate: 5 })
})

test.each(['before', 'after'] as const)(
  'a store that fails %s it has written is tried again with the same flags',
  async (when) => {
    await send(spiked)
    let calls = 0
    plant.start(
      ({ readings }) => ({
        readings: {
          ...readings,
          async write(batch, advance) {
            calls += 1
            if (calls % 2 === 0 && when === 'before') throw new Error('disk I/O error')
            const written = await readings.write(batch, advance)
            if (calls % 2 === 0) throw new Error('disk I/O error')
            return written
          },
        },
      }),
      2,
    )
    await plant.settled()
    await plant.stop()
    expect(await flags()).toEqual([1, 1, 4, 1, 1])
    expect(await plant.reader.progress()).toMatchObject({ received: 5, stored: 5 })
  },
)

test('a past that cannot be read is waited for', async () => {
  await send(spiked)
  let failures = 0
  plant.start(({ quality }) => ({
    quality: {
      ...quality,
      async prepare(readings) {
        if (failures++ < 2) throw new Error('disk I/O error')
        await quality.prepare(readings)
      },
    },
  }))
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 4, 1, 1])
  expect(plant.errors.length).toBe(1)
})

test('a mistake of ours in a test costs flags, never readings', async () => {
  await send(spiked)
  plant.start(({ quality }) => ({
    quality: {
      ...quality,
      check() {
        throw new TypeError('x is not a function')
      },
    },
  }))
  await plant.settled()
  expect(await flags()).toEqual([1, 1, 1, 1, 1])
  expect(plant.errors.map(({ sentence }) => sentence)).toContain(
    'Quality control failed; readings are stored without its tests.',
  )
})

test('readings that come out of quarantine are tested too', async () => {
  await send([30, 31, 32])
  await plant.send('telemetry', { ts: at(60), pm25: 33, 水位: 2 }, {})
  await plant.send('telemetry', { ts: at(30), 水位: 990 }, {})
  plant.start()
  await plant.settled()
  await plant.registry.registry.replace('device', {
    ...{ id: 'air-1', site: null, gateway: null, enabled: true, expectedInterval: null },
    profile: { keys: { 水位: 'water_level' } },
  })
  const { ledger } = plant.stores
  for (const { id } of [...(await ledger.list({ limit: 10 }))].reverse()) {
    const request = await ledger.requestRetry(id)
    plant.bus.ring('journal')
    for (let i = 0; i < 400 && (await ledger.retryOutcome(request)) === undefined; i++) {
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }
  const levels = (await plant.stored()).filter(({ property }) => property === 'water_level')
  expect(levels.map(({ value, quality }) => [value, quality])).toEqual([
    [2, 1],
    [990, 4],
  ])
})
