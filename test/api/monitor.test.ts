/** What the server says of itself while a backlog is drained behind live uplinks. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { createMonitor } from '../../api/monitor.ts'
import { troubleFile } from '../../runtime/trouble-file.ts'
import { openJournalReader, openJournalWriter } from '../../stores/journal/sqlite.ts'
import { openReadingsReader, openReadingsWriter } from '../../stores/readings/sqlite.ts'
import { openAlertLog } from '../../stores/records/sqlite-alert-log.ts'
import { openLedger } from '../../stores/records/sqlite-ledger.ts'
import { systemLog, systemTimers } from '../../runtime/system.ts'

const dir = () => {
  const made = mkdtempSync(join(tmpdir(), 'bw-monitor-'))
  onTestFinished(() => rmSync(made, { recursive: true, force: true }))
  return made
}

test('the balance holds and lags are told apart, whatever is settled ahead', async () => {
  const data = dir()
  const journal = openJournalWriter({
    dir: join(data, 'journal'),
    segmentBytesMax: 1_048_576,
    bytesMax: 64 * 1_048_576,
    log: systemLog('silent', 'test'),
  })
  const announced = 300
  for (let i = 1; i <= 100; i++) {
    const payload = Buffer.from(`{"pm25":${i}}`)
    journal.append({ kind: 'telemetry', device: 'd', receivedAt: i, payload, readings: 3 })
    if (i % 7 === 0 || i === 100) journal.commit((fault) => expect(fault).toBeNull())
  }
  const readings = openReadingsWriter({ path: join(data, 'readings.db'), keepDays: 0 })
  const parts = {
    journal: openJournalReader({ dir: join(data, 'journal'), onDamage: () => undefined }),
    readings: openReadingsReader({ path: join(data, 'readings.db') }),
    alerts: openAlertLog({ path: join(data, 'alerts.db') }),
    ledger: openLedger({ path: join(data, 'ledger.db'), messagesPerDeviceMax: 10 }),
  }
  onTestFinished(async () => {
    journal.close()
    parts.journal.close()
    await Promise.all([readings.close(), parts.readings.close(), parts.alerts.close()])
    await parts.ledger.close()
  })
  const trouble = troubleFile(join(data, 'run'))
  const monitor = createMonitor({
    ...parts,
    edge: () => null,
    trouble: () => trouble.read(),
    meters: async () => '',
    timers: systemTimers,
  })
  const numbers = async () => {
    const text = await monitor.metrics()
    return (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(text)?.[1])
  }
  const lags = async () => (await monitor.health()).stages.ingest
  // As ingest goes: in order, a stretch begins, grows, the backlog follows, and the two meet.
  const steps = [
    [{ seq: 10 }, { liveLagUplinks: 90, backlogUplinks: 0, lagUplinks: 90 }],
    [
      { seq: 10, ahead: { from: 60, to: 85 } },
      { liveLagUplinks: 15, backlogUplinks: 50, lagUplinks: 65 },
    ],
    [
      { seq: 10, ahead: { from: 60, to: 100 } },
      { liveLagUplinks: 0, backlogUplinks: 50, lagUplinks: 50 },
    ],
    [
      { seq: 41, ahead: { from: 60, to: 100 } },
      { liveLagUplinks: 0, backlogUplinks: 19, lagUplinks: 19 },
    ],
    [{ seq: 100 }, { liveLagUplinks: 0, backlogUplinks: 0, lagUplinks: 0 }],
  ] as const
  let settled = 0
  for (const [place, lag] of steps) {
    const after = 3 * (100 - lag.lagUplinks)
    await readings.write([], { ...place, quarantined: after - settled })
    settled = after
    expect(await lags()).toMatchObject({ position: place.seq, ...lag })
    const number = await numbers()
    expect(number('bellwether_readings_received_total')).toBe(announced)
    expect(number('bellwether_readings_quarantined_total')).toBe(after)
    expect(number('bellwether_readings_in_flight')).toBe(announced - after)
    expect(number('bellwether_ingest_backlog_uplinks')).toBe(lag.backlogUplinks)
  }
  expect(await lags()).toMatchObject({ trouble: null })
  const refused = { since: '2026-11-22T03:00:00.000Z', reason: 'InfluxDB refuses to store: 401.' }
  trouble.write(refused)
  expect(await lags()).toMatchObject({ trouble: refused })
  trouble.remove()
  expect(await lags()).toMatchObject({ trouble: null })
})
