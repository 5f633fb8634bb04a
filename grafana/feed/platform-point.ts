/** The figures of the whole program as a point. */

import type { BoardPoint } from '../../stores/readings/board-points.ts'
import type { Figures } from '../../domain/platform-figures.ts'

const megabyte = 1_000_000

export function platformPoint(figures: Figures, at: number): BoardPoint {
  const { received, stored, duplicate, quarantined, connections, ackMs } = figures
  return {
    measurement: 'bellwether',
    tags: {},
    fields: {
      ...{ received, stored, duplicate, quarantined },
      in_flight: figures.inFlight,
      ingest_lag_s: figures.ingestLagMs / 1_000,
      alerts_lag_s: figures.alertsLagMs / 1_000,
      journal_lag: figures.journalLagUplinks,
      ack_p50_ms: ackMs?.p50 ?? null,
      ack_p99_ms: ackMs?.p99 ?? null,
      outbox_pending: figures.outboxPending,
      outbox_oldest_s: figures.outboxOldestMs / 1_000,
      connections,
      memory_mb: figures.memoryBytes / megabyte,
    },
    at,
  }
}
