import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { receivedAt } from '../payload/decoders/uplinks.ts'
import { createPlant, type Plant } from './plant.ts'

let plant: Plant
beforeEach(async () => {
  plant = await createPlant([
    { id: 'air-1' },
    { id: 'gw-1' },
    { id: 'child-1', gateway: 'gw-1' },
    { id: 'child-2', gateway: 'gw-1' },
    { id: 'other', gateway: 'air-1' },
  ])
})
afterEach(() => plant.close())

async function statusOf(device: string) {
  plant.start()
  await plant.settled()
  await plant.stop()
  plant.start()
  return (await plant.stores.ledger.status([device])).get(device)
}
const gateway = { device: 'gw-1' }

describe('connected', () => {
  test('a session that opens connects, one that closes disconnects', async () => {
    await plant.send('session-open', '{}')
    expect(await statusOf('air-1')).toMatchObject({ connected: true, lastSeenAt: receivedAt })
    await plant.send('session-close', '{}')
    expect(await statusOf('air-1')).toMatchObject({ connected: false })
  })

  test('after a start of the broker nobody is connected but those who came back', async () => {
    await plant.send('session-open', '{}')
    await plant.send('session-open', '{}', gateway)
    await plant.send('broker-start', '{}', { device: '' })
    await plant.send('session-open', '{}', gateway)
    expect(await statusOf('air-1')).toMatchObject({ connected: false })
    expect(await statusOf('gw-1')).toMatchObject({ connected: true })
  })

  test('a gateway announces the devices behind it, and takes them along when it goes', async () => {
    await plant.send('session-open', '{}', gateway)
    await plant.send('gateway-connect', { device: 'child-1' }, gateway)
    await plant.send('gateway-connect', { device: 'child-2' }, gateway)
    await plant.send('gateway-disconnect', { device: 'child-2' }, gateway)
    expect(await statusOf('child-1')).toMatchObject({ connected: true })
    expect(await statusOf('child-2')).toMatchObject({ connected: false })
    await plant.send('session-close', '{}', gateway)
    expect(await statusOf('child-1')).toMatchObject({ connected: false })
  })

  test('a device that a gateway sends for is connected without an announcement', async () => {
    await plant.send(
      'gateway-telemetry',
      { 'child-1': [{ pm25: 1 }], other: [{ pm25: 1 }] },
      gateway,
    )
    expect(await statusOf('child-1')).toMatchObject({ connected: true, lastSeenAt: receivedAt })
    expect(await statusOf('other')).toBeUndefined()
  })

  test('nobody is announced by a gateway that is not theirs', async () => {
    await plant.send('gateway-connect', { device: 'other' }, gateway)
    expect(await statusOf('other')).toBeUndefined()
  })
})

describe('seen', () => {
  test('the newest message counts, also one that was refused', async () => {
    await plant.send('telemetry', { pm25: 1 }, { receivedAt: receivedAt - 5_000 })
    await plant.send('telemetry', 'rubbish', { receivedAt: receivedAt - 1_000 })
    expect(await statusOf('air-1')).toMatchObject({ lastSeenAt: receivedAt - 1_000 })
  })

  test('a session that closes is no sign of life', async () => {
    await plant.send('telemetry', { pm25: 1 }, { receivedAt: receivedAt - 5_000 })
    await plant.send('session-close', '{}')
    expect(await statusOf('air-1')).toMatchObject({ lastSeenAt: receivedAt - 5_000 })
  })

  test('a device that is not registered has no status', async () => {
    await plant.send('telemetry', { pm25: 1 }, { device: 'nobody' })
    await plant.send('session-open', '{}', { device: 'nobody' })
    expect(await statusOf('nobody')).toBeUndefined()
  })
})

describe('facts', () => {
  test('they are merged key by key, the last one wins, and are there as soon as the position has moved', async () => {
    await plant.send('attributes', { firmware: '1', cell: 'a' })
    await plant.send('attributes', { firmware: '2', door: true })
    await plant.send('gateway-attributes', { 'child-1': { model: '探头' } }, gateway)
    plant.start()
    await plant.settled()
    const status = await plant.stores.ledger.status(['air-1', 'child-1'])
    expect(status.get('air-1')?.attributes).toEqual({ firmware: '2', cell: 'a', door: true })
    expect(status.get('child-1')?.attributes).toEqual({ model: '探头' })
  })
})
