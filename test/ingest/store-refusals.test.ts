/** Readings that a store refuses for good end in quarantine with the message they came in. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { Batch } from '../../ingest/batch.ts'
import { createStoreRefusals } from '../../ingest/store-refusals.ts'
import type { RefusedReading } from '../../stores/readings/readings.ts'
import { openLedger } from '../../stores/records/sqlite-ledger.ts'

const receivedAt = Date.UTC(2026, 10, 21, 8)

function reading(property: string, value: number): Reading {
  return { device: 'air-1', property, value, observedAt: receivedAt, receivedAt, quality: 1 }
}

function batchOf(readings: readonly Reading[]): Batch {
  const uplink: Uplink = {
    seq: 7,
    kind: 'telemetry',
    device: 'air-1',
    receivedAt,
    payload: Buffer.from('{"pm25": 35.2, "pm10": 61, "o3": "x"}'),
    readings: 3,
  }
  const refused = [
    { code: 'not_a_number' as const, reason: 'o3 is text', device: 'air-1', key: 'o3' },
  ]
  const judged = [{ uplink, verdict: { accepted: readings, refused } }]
  return { judged, readings, refused: [{ uplink, refused }], quarantined: 1 }
}

function refused(of: Reading, reason: string, isUnsure = false): RefusedReading {
  return { reading: of, reason, isUnsure }
}

function ledgerOfTest() {
  const dir = mkdtempSync(join(tmpdir(), 'bw-refusals-'))
  const ledger = openLedger({ path: join(dir, 'ledger.db'), messagesPerDeviceMax: 10 })
  onTestFinished(async () => {
    await ledger.close()
    rmSync(dir, { recursive: true })
  })
  return ledger
}

test('a reading the store refuses stands in quarantine beside what we refused ourselves', async () => {
  const ledger = ledgerOfTest()
  const readings = [reading('pm25', 35.2), reading('pm10', 61)]
  const batch = batchOf(readings)
  await ledger.quarantine(batch.refused)
  const refusals = createStoreRefusals(ledger)
  refusals.expect(batch, undefined)
  for (let again = 0; again < 2; again++) {
    await refusals.refuse([refused({ ...reading('pm10', 61), quality: 3 }, 'no such column')])
  }
  await refusals.refuse([refused({ ...reading('pm10', 61), receivedAt: 1 }, 'long gone')])

  const entries = await ledger.list({ limit: 10 })
  expect(entries.map(({ key, code, reason }) => ({ key, code, reason }))).toEqual(
    expect.arrayContaining([
      { key: 'o3', code: 'not_a_number', reason: 'o3 is text' },
      {
        key: 'pm10',
        code: 'refused_by_store',
        reason: 'the readings store refuses it: no such column',
      },
    ]),
  )
  expect(entries).toHaveLength(2)
})

test('of one message each refused reading is told, with its own reason; one set aside is asked for again', async () => {
  const ledger = ledgerOfTest()
  const batch = batchOf([reading('pm25', 35.2), reading('pm10', 61), reading('no2', 12)])
  const refusals = createStoreRefusals(ledger)
  refusals.expect(batch, undefined)
  const told = [
    refused(reading('pm25', 35.2), 'one'),
    refused(reading('pm10', 61), 'two', true),
    refused(reading('no2', 12), 'three'),
  ]
  for (let again = 0; again < 2; again++) await refusals.refuse(told)

  const entries = await ledger.list({ limit: 10 })
  expect(entries.map(({ key, reason }) => [key, reason.split(': ').at(-1)])).toEqual(
    expect.arrayContaining([
      ['pm25', 'one'],
      ['pm10', 'two'],
      ['no2', 'three'],
    ]),
  )
  const pending = await ledger.pendingRetries()
  expect(pending.map(({ entry }) => entry)).toEqual(
    entries.filter(({ key }) => key === 'pm10').map(({ id }) => id),
  )
})

test('what people ask for is tried before what is tried by itself', async () => {
  const ledger = ledgerOfTest()
  const batch = batchOf([reading('pm25', 35.2), reading('pm10', 61)])
  const refusals = createStoreRefusals(ledger)
  refusals.expect(batch, undefined)
  await refusals.refuse([
    refused(reading('pm25', 35.2), 'one', true),
    refused(reading('pm10', 61), 'two'),
  ])
  const entries = await ledger.list({ limit: 10 })
  const asked = entries.find(({ key }) => key === 'pm10')?.id ?? ''
  await ledger.requestRetry(asked)
  const pending = await ledger.pendingRetries()
  expect(pending.map(({ entry }) => entry)).toHaveLength(2)
  expect(pending[0]?.entry).toBe(asked)
})

test('what is refused of a retry is answered to who tries, and no batch hears of it', async () => {
  const ledger = ledgerOfTest()
  const batch = batchOf([reading('pm25', 35.2)])
  const refusals = createStoreRefusals(ledger)
  refusals.expect(batch, undefined)
  const one = refused(reading('pm25', 35.2), 'still')
  expect(await refusals.during(() => refusals.refuse([one]))).toEqual([one])
  const before = await ledger.list({ limit: 10 })
  expect(before).toEqual([])
  await refusals.refuse([one])
  const after = await ledger.list({ limit: 10 })
  expect(after.map(({ key }) => key)).toEqual(['pm25', 'o3'])
})
