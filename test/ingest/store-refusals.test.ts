/** Readings that a store refuses for good end in quarantine with the message they came in. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { Reading } from '../../domain/reading.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { Batch } from '../../ingest/batch.ts'
import { createStoreRefusals } from '../../ingest/store-refusals.ts'
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

test('a reading the store refuses stands in quarantine beside what we refused ourselves', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'bw-refusals-'))
  const ledger = openLedger({ path: join(dir, 'ledger.db'), messagesPerDeviceMax: 10 })
  onTestFinished(async () => {
    await ledger.close()
    rmSync(dir, { recursive: true })
  })
  const readings = [reading('pm25', 35.2), reading('pm10', 61)]
  const batch = batchOf(readings)
  await ledger.quarantine(batch.refused)
  const refusals = createStoreRefusals(ledger)
  refusals.expect(batch, undefined)
  for (let again = 0; again < 2; again++) {
    await refusals.refuse([{ ...reading('pm10', 61), quality: 3 }], 'no such column')
  }
  await refusals.refuse([{ ...reading('pm10', 61), receivedAt: 1 }], 'of a batch long gone')

  const entries = await ledger.list({ limit: 10 })
  expect(entries.map(({ key, code, reason }) => ({ key, code, reason }))).toEqual(
    expect.arrayContaining([
      { key: 'o3', code: 'not_a_number', reason: 'o3 is text' },
      { key: 'pm10', code: 'unsupported_format', reason: 'no such column' },
    ]),
  )
  expect(entries).toHaveLength(2)
})
