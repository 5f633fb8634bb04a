/** What ingest counts about itself. The balance of readings is not here: the stores know it exactly. */

import type { Meter } from '../domain/ports.ts'
import type { Batch } from './batch.ts'

export interface IngestMeters {
  batch(batch: Batch, took: { seconds: number; lagSeconds: number }): void
  idle(): void
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
  const refused = meter.counter(
    'bellwether_ingest_refusals_total',
    'Refusals by reason code since this process started.',
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
  return {
    batch(batch, { seconds, lagSeconds }) {
      uplinks(batch.judged.length)
      batches(seconds)
      lag(lagSeconds)
      for (const item of batch.refused) for (const { code } of item.refused) refused(1, { code })
    },
    idle: () => lag(0),
    gap: (count) => gaps(count),
    choreFault: (chore) => chores(1, { chore }),
  }
}
