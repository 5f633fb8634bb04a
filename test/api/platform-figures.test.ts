/** Figures of the whole program, from real stores in an empty folder. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createMonitor } from '../../api/monitor.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { openLedger } from '../../stores/records/sqlite-ledger.ts'
import { systemTimers } from '../../runtime/system.ts'
import { noon, reading } from './city-api.ts'
import { fakePorts } from '../fixtures/ports.ts'

function open() {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-figures-'))
  const path = (name: string) => join(dir, name)
  const journal = openJournalWriter({
    dir: path('journal'),
    segmentBytesMax: 1_048_576,
    bytesMax: 104_857_600,
    log: fakePorts().log,
  })
  const reader = openJournalReader({ dir: path('journal'), onDamage: () => undefined })
  const writer = openReadingsWriter({ path: path('readings.db'), keepDays: 0 })
  const readings = openReadingsReader({ path: path('readings.db') })
  const alerts = openAlertLog({ path: path('alerts.db') })
  const ledger = openLedger({ path: path('ledger.db'), messagesPerDeviceMax: 10 })
  const monitor = createMonitor({
    ...{ journal: reader, readings, alerts, ledger, timers: systemTimers },
    edge: () => null,
    trouble: () => null,
    meters: async () => '',
  })
  return {
    monitor,
    writer,
    alerts,
    async receive(receivedAt: number, count: number): Promise<void> {
      const payload = Buffer.from('{}')
      for (let i = 0; i < count; i++) {
        journal.append({ kind: 'telemetry', device: 'd-1', receivedAt, payload, readings: 2 })
      }
      await new Promise<void>((resolve, reject) => {
        journal.commit((fault) => (fault === null ? resolve() : reject(fault)))
      })
    },
    async close() {
      journal.close()
      reader.close()
      for (const store of [writer, readings, alerts, ledger]) await store.close()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

let t: ReturnType<typeof open>
beforeEach(() => {
  t = open()
})
afterEach(() => t.close())

test('an idle program lags by nothing', async () => {
  const figures = await t.monitor.figures(noon)
  expect(figures).toMatchObject({
    ...{ received: 0, stored: 0, inFlight: 0, journalLagUplinks: 0 },
    ...{ ingestLagMs: 0, alertsLagMs: 0, outboxPending: 0, outboxOldestMs: 0 },
    ...{ connections: null, ackMs: null },
  })
  expect(figures.memoryBytes).toBeGreaterThan(1_000_000)
})

test('each stage lags by the age of the oldest uplink that it has not done', async () => {
  await t.receive(noon - 5_000, 3)
  await t.receive(noon - 1_000, 1)
  expect(await t.monitor.figures(noon)).toMatchObject({
    ...{ received: 8, inFlight: 8, journalLagUplinks: 4 },
    ...{ ingestLagMs: 5_000, alertsLagMs: 5_000 },
  })
  await t.writer.write([reading({}), reading({ property: 'pm10' })], { seq: 3, quarantined: 4 })
  await t.alerts.record({ cursor: 4, watches: [], changes: [] })
  expect(await t.monitor.figures(noon)).toMatchObject({
    ...{ received: 8, stored: 2, quarantined: 4, inFlight: 2, journalLagUplinks: 1 },
    ...{ ingestLagMs: 1_000, alertsLagMs: 0 },
  })
})

test('a clock that was set back makes no negative age', async () => {
  await t.receive(noon + 60_000, 1)
  expect(await t.monitor.figures(noon)).toMatchObject({ ingestLagMs: 0, alertsLagMs: 0 })
})
