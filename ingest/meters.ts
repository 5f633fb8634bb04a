/** What ingest counts about itself. The balance of readings is not here: the stores know it exactly. */

import type { Meter } from '../domain/ports.ts'
import { qualityTests, testFlag } from '../domain/quality.ts'
import type { Checked } from '../quality/contract.ts'
import type { Batch } from './batch.ts'

export interface IngestMeters {
  batch(batch: Batch, took: { side: 'front' | 'behind'; seconds: number; lagSeconds: number }): void
  /** What the quality tests found in readings that were stored. */
  flags(checked: Checked): void
  /** Readings were stored without tests, by a mistake of ours. */
  untested(readings: number): void
  idle(): void
  /** There is no backlog any more. */
  caughtUp(): void
  gap(uplinks: number): void
  choreFault(chore: string): void
}

export function createIngestMeters(meter: Meter): IngestMeters {
  const uplinks = meter.counter('bellwether_ingest_uplinks_total', 'Uplinks judged and settled.')
  const batches = meter.histogram(
    'bellwether_ingest_batch_seconds',
    'From the reading of a batch to its storing.',
  )
  const lag = meter.gauge(
    'bellwether_ingest_lag_seconds',
    'Age of the newest uplink that is settled, when it was settled; 0 when there is nothing to do.',
  )
  const backlogLag = meter.gauge(
    'bellwether_ingest_backlog_lag_seconds',
    'Age of the newest uplink of the backlog behind live data that is settled; 0 when there is no backlog.',
  )
  const refused = meter.counter(
    'bellwether_ingest_refusals_total',
    'Entries made in quarantine since this process started, by reason code: one a refused reading, or one a message that cannot be read or holds none.',
    ['code'],
  )
  const gaps = meter.counter(
    'bellwether_ingest_gap_uplinks_total',
    'Uplinks that the journal could not give: damaged or gone.',
  )
  const chores = meter.counter(
    'bellwether_ingest_chore_faults_total',
    'Housekeeping that failed and will be done later.',
    ['chore'],
  )
  const flags = meter.counter(
    'bellwether_quality_flags_total',
    'Outcomes of quality tests by test and flag; only 3 (suspect) and 4 (fail) are counted.',
    ['test', 'flag'],
  )
  const untested = meter.counter(
    'bellwether_quality_untested_readings_total',
    'Readings stored without quality tests because the tests failed by a mistake of ours.',
  )
  return {
    flags: (checked) => countFlags(checked, flags),
    untested: (readings) => untested(readings),
    batch(batch, { side, seconds, lagSeconds }) {
      uplinks(batch.judged.length)
      batches(seconds)
      if (side === 'front') lag(lagSeconds)
      else backlogLag(lagSeconds)
      for (const item of batch.refused) for (const { code } of item.refused) refused(1, { code })
    },
    idle: () => lag(0),
    caughtUp: () => backlogLag(0),
    gap: (count) => gaps(count),
    choreFault: (chore) => chores(1, { chore }),
  }
}

/** Good readings cost one comparison. Of a revision only what it adds is news: a spike, or the begin of a sentinel. */
function countFlags(
  { readings, revised }: Checked,
  count: (by: number, labels: { test: string; flag: string }) => void,
): void {
  for (const { quality, tests } of readings) {
    if (quality === 1 || tests === undefined) continue
    for (const test of qualityTests) countDoubt(tests, test, count)
  }
  for (const { tests = 0 } of revised) {
    countDoubt(tests, 'spike', count)
    countDoubt(tests, 'sentinel', count)
  }
}

function countDoubt(
  tests: number,
  test: (typeof qualityTests)[number],
  count: (by: number, labels: { test: string; flag: string }) => void,
): void {
  const flag = testFlag(tests, test)
  if (flag >= 3) count(1, { test, flag: String(flag) })
}
