/**
 * The figures of the whole program at one moment, as boards show them. Unlike `/metrics` they need no thread to answer
 * but the broker, so they are the same whichever roles run in this process.
 */

import type { Backlog, JournalReader } from '../stores/journal/journal.ts'
import type { Progress } from '../stores/readings/readings.ts'
import type { EdgeHealth, MonitorParts } from './monitor.ts'

export interface PlatformMoment {
  /** Milliseconds since 1970 UTC. */
  now: number
  progress: Progress
  backlog: Backlog
  /** Null when the broker does not answer. */
  edge: EdgeHealth | null
}

export async function platformFigures(
  { journal, alerts }: Pick<MonitorParts, 'journal' | 'alerts'>,
  { now, progress, backlog, edge }: PlatformMoment,
) {
  const { received, stored, duplicate, quarantined } = progress
  const outbox = await alerts.pending()
  return {
    received: received + backlog.readings,
    stored,
    duplicate,
    quarantined,
    inFlight: backlog.readings,
    journalLagUplinks: backlog.messages,
    // Of live uplinks; what waits behind them shows in `journalLagUplinks`.
    ingestLagMs: await waitingMs(journal, progress.ahead?.to ?? progress.seq, now),
    alertsLagMs: await waitingMs(journal, await alerts.cursor(), now),
    outboxPending: outbox.deliveries,
    outboxOldestMs: outbox.oldestAt === null ? 0 : Math.max(0, now - outbox.oldestAt),
    connections: edge?.connections ?? null,
    ackMs: edge?.ackMs ?? null,
    memoryBytes: process.memoryUsage.rss(),
  }
}

/** How long the oldest uplink that a consumer has not done has been in the journal; 0 when it has done all. */
async function waitingMs(journal: JournalReader, seq: number, now: number): Promise<number> {
  const [first] = await journal.read(seq, 1)
  return first === undefined ? 0 : Math.max(0, now - first.receivedAt)
}
