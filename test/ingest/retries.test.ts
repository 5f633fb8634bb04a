import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { Device } from '../../domain/device.ts'
import { createJudge } from '../../payload/validate.ts'
import type { RetryOutcome } from '../../stores/records/ledger.ts'
import { receivedAt } from '../payload/decoders/uplinks.ts'
import { createPlant, type Plant } from './plant.ts'

let plant: Plant
beforeEach(async () => {
  plant = await createPlant([{ id: 'air-1' }, { id: 'gw-1' }])
})
afterEach(() => plant.close())

const blank: Omit<Device, 'id'> = {
  site: null,
  profile: null,
  gateway: null,
  enabled: true,
  expectedInterval: null,
}
const values = async () => (await plant.stored()).map(({ property, value }) => [property, value])
const entries = async () =>
  (await plant.stores.ledger.list({ limit: 50 })).map(({ id, code, key }) => `${id} ${code} ${key}`)

async function retry(entry: string): Promise<RetryOutcome> {
  const { ledger } = plant.stores
  const request = await ledger.requestRetry(entry)
  plant.bus.ring('journal')
  for (let tries = 0; tries < 400; tries++) {
    const outcome = await ledger.retryOutcome(request)
    if (outcome !== undefined) return outcome
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  throw new Error('Nobody answered.')
}

test('readings of a device that is registered later are stored at their old time', async () => {
  await plant.send('telemetry', { ts: receivedAt - 9_000, pm25: 1, pm10: 2 }, { device: 'new-1' })
  plant.start()
  await plant.settled()
  await plant.registry.registry.insert('device', { id: 'new-1', ...blank })
  expect(await retry('1-0')).toEqual({ stored: 1, refused: [] })
  expect(await values()).toEqual([['pm25', 1]])
  expect(await entries()).toEqual(['1-1 unknown_device pm10'])
  expect(await retry('1-1')).toEqual({ stored: 1, refused: [] })
  expect(await entries()).toEqual([])
  const stored = await plant.stored()
  expect(stored.map(({ observedAt }) => observedAt)).toEqual([
    receivedAt - 9_000,
    receivedAt - 9_000,
  ])
  expect((await plant.balance()).received).toBe((await plant.balance()).settled)
})

test('a retry stores the readings of its key and leaves its neighbours alone', async () => {
  await plant.send('telemetry', [
    { pm25: 1, 水位: 9.1 },
    { ts: receivedAt - 1_000, 水位: 9.2 },
  ])
  plant.start()
  await plant.settled()
  const before = await plant.reader.progress()
  await plant.registry.registry.replace('device', {
    id: 'air-1',
    ...blank,
    profile: { keys: { 水位: 'water_level' } },
  })
  expect(await retry('1-0')).toEqual({ stored: 2, refused: [] })
  expect(await values()).toEqual([
    ['pm25', 1],
    ['water_level', 9.2],
    ['water_level', 9.1],
  ])
  const after = await plant.reader.progress()
  expect(after.stored - before.stored).toBe(2)
  expect(after.duplicate).toBe(before.duplicate)
})

test('what is still wrong stays in quarantine with the reason of now', async () => {
  await plant.send('telemetry', { 水位: 99_999 })
  plant.start()
  await plant.settled()
  const profile = { keys: { 水位: 'water_level' } }
  await plant.registry.registry.replace('device', { id: 'air-1', ...blank, profile })
  const { stored, refused } = await retry('1-0')
  expect(stored).toBe(0)
  expect(refused.map(({ code, key }) => [code, key])).toEqual([['out_of_range', '水位']])
  expect((await entries()).length).toBe(1)
  expect(await values()).toEqual([])
})

test('a message that could not be read at all is judged as a whole', async () => {
  await plant.send('telemetry', { pm25: 1, nonsense: 2 })
  let isReadable = false
  plant.start(({ judge }) => ({
    judge(uplink, only) {
      if (!isReadable) throw new Error('not yet')
      return judge(uplink, only)
    },
  }))
  await plant.settled()
  expect(await entries()).toEqual(['1-0 malformed null'])
  const { refused } = await retry('1-0')
  expect(refused.map(({ reason }) => reason)).toEqual(['internal error: not yet'])
  isReadable = true
  const outcome = await retry('1-0')
  expect(outcome.stored).toBe(1)
  expect(outcome.refused.map(({ code }) => code)).toEqual(['unknown_property'])
  expect(await values()).toEqual([['pm25', 1]])
  expect(await entries()).toEqual(['1-1 unknown_property nonsense'])
})

test('a part that is no reading stays refused although its neighbours are good', async () => {
  await plant.send('telemetry', [{ pm25: 1 }, 7])
  plant.start()
  await plant.settled()
  const outcome = await retry('1-0')
  expect(outcome.stored).toBe(0)
  expect(outcome.refused.map(({ code }) => code)).toEqual(['malformed'])
  expect(await entries()).toEqual(['1-0 malformed null'])
})

test('facts of a device that is registered later are taken', async () => {
  await plant.send('gateway-attributes', { 'child-1': { firmware: '2' } }, { device: 'gw-1' })
  plant.start()
  await plant.settled()
  expect(await entries()).toEqual(['1-0 unknown_device null'])
  await plant.registry.registry.insert('device', { id: 'child-1', ...blank, gateway: 'gw-1' })
  expect((await retry('1-0')).refused).toEqual([])
  expect(await entries()).toEqual([])
  const status = await plant.stores.ledger.status(['child-1'])
  expect(status.get('child-1')?.attributes).toEqual({ firmware: '2' })
})

test('facts that are taken late do not replace what was told since', async () => {
  await plant.send(
    'gateway-attributes',
    { 'child-1': { firmware: '1', model: 'x' } },
    { device: 'gw-1' },
  )
  plant.start()
  await plant.settled()
  await plant.registry.registry.insert('device', { id: 'child-1', ...blank, gateway: 'gw-1' })
  await plant.send('gateway-attributes', { 'child-1': { firmware: '2' } }, { device: 'gw-1' })
  await plant.settled()
  expect((await retry('1-0')).refused).toEqual([])
  const status = await plant.stores.ledger.status(['child-1'])
  expect(status.get('child-1')?.attributes).toEqual({ model: 'x', firmware: '2' })
})

test('a backlog beyond the age limit is kept whole, and stored by retries when the limit is raised', async () => {
  const backlog = 1_200
  for (let i = 0; i < backlog; i++) {
    const observedAt = receivedAt - 9 * 86_400_000 + i * 60_000
    await plant.send(
      'telemetry',
      { ts: observedAt, values: { pm25: 20 + (i % 9) } },
      { group: 100 },
    )
  }
  plant.start(undefined, 500)
  await plant.settled()
  await plant.stop()
  const judge = createJudge({
    registry: plant.registry.view,
    payloadBytesMax: 65_536,
    readingAgeDaysMax: 20,
    readingAheadSecondsMax: 300,
  })
  plant.start(() => ({ judge }))
  const { ledger } = plant.stores
  const entries = await ledger.list({ code: 'too_old', limit: 10_000 })
  expect(entries).toHaveLength(backlog)
  expect(await ledger.awaiting()).toMatchObject({ messages: backlog, overflow: 0, dropped: 0 })
  for (const { id } of entries) await ledger.requestRetry(id)
  await vi.waitFor(
    async () => {
      plant.bus.ring('journal')
      expect((await ledger.awaiting()).messages).toBe(0)
    },
    { timeout: 60_000, interval: 50 },
  )
  expect(await plant.stored()).toHaveLength(backlog)
  expect(await ledger.list({ limit: 10 })).toEqual([])
}, 120_000)
