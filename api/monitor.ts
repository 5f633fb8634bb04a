/**
 * What the server knows about itself: the balance of readings, the lag of each stage, whether it can accept.
 *
 * received = stored + duplicate + quarantined + in flight holds in every answer, because all five come from
 * one reading of the store's progress and the journal behind it.
 */

import type { Figures } from '../domain/platform-figures.ts'
import type { Timers } from '../domain/ports.ts'
import type { Edge } from '../runtime/edge-file.ts'
import type { Trouble } from '../runtime/trouble-file.ts'
import type { Backlog, JournalReader } from '../stores/journal/journal.ts'
import type { Progress, ReadingsReader } from '../stores/readings/readings.ts'
import type { AlertLog } from '../stores/records/alert-log.ts'
import type { Awaiting, Ledger } from '../stores/records/ledger.ts'

export interface Health {
  /** True when a message that arrives now would be kept. */
  ready: boolean
  /** One sentence for each thing that stands in the way. */
  reasons: string[]
  /** Acknowledged uplinks that readings do not show yet; null while a store cannot be read. */
  lag: number | null
  /** Stage name → its figures, such as its lag. */
  stages: Record<string, unknown>
}

export interface Monitor {
  /** Prometheus text format 0.0.4. */
  metrics(): Promise<string>
  health(): Promise<Health>
  /** Acknowledged uplinks that readings, and alerts, do not show yet. */
  lag(): Promise<{ readings: number; alerts: number }>
  /** @param now milliseconds since 1970 UTC */
  figures(now: number): Promise<Figures>
}

export interface MonitorParts {
  journal: JournalReader
  readings: ReadingsReader
  alerts: AlertLog
  ledger: Ledger
  edge: () => Edge | null
  /** What keeps ingest from storing. */
  trouble: () => Trouble | null
  /** Prometheus text of the meters of all threads. */
  meters: () => Promise<string>
  timers: Timers
}

interface EdgeHealth {
  writable: boolean
  reason: string | null
  head: number
  connections: number
  ackMs: { p50: number; p99: number } | null
}

const edgeAnswersWithinMs = 1_000

export function createMonitor(parts: MonitorParts): Monitor {
  return {
    async metrics(): Promise<string> {
      const [own, meters] = await Promise.all([balanceText(parts), parts.meters()])
      return `${own}\n${meters}`
    },
    health: () => health(parts),
    lag: () => lag(parts),
    async figures(now: number) {
      const [edge, moment] = await Promise.all([askEdge(parts), balance(parts)])
      return platformFigures(parts, { now, edge, ...moment })
    },
  }
}

/** Progress and what it leaves to be settled, from the same moment. */
async function balance(parts: MonitorParts): Promise<{ progress: Progress; backlog: Backlog }> {
  for (;;) {
    const progress = await parts.readings.progress()
    const backlog = await parts.journal.backlog(progress.seq, progress.ahead)
    // Ingest may have moved on and the broker dropped a consumed segment between the two reads.
    if ((await parts.journal.tail()) <= progress.seq + 1) return { progress, backlog }
    if ((await parts.readings.progress()).seq === progress.seq) return { progress, backlog }
  }
}

/** Uplinks that wait although they are older than some that are settled already. */
function passedOver({ ahead, seq }: Progress): number {
  return ahead === undefined ? 0 : ahead.from - seq
}

async function balanceText(parts: MonitorParts): Promise<string> {
  const { progress, backlog } = await balance(parts)
  const alertsSeq = await parts.alerts.cursor()
  const head = await parts.journal.head()
  const lines = [
    ...counter('received', 'Readings acknowledged', progress.received + backlog.readings),
    ...counter('stored', 'Readings stored that were not known before', progress.stored),
    ...counter(
      'duplicate',
      'Readings whose device, property and time were known',
      progress.duplicate,
    ),
    ...counter('quarantined', 'Readings refused and kept in quarantine', progress.quarantined),
    '# HELP bellwether_readings_in_flight Readings acknowledged and not yet judged.',
    '# TYPE bellwether_readings_in_flight gauge',
    `bellwether_readings_in_flight ${backlog.readings}`,
    '# HELP bellwether_journal_head Position of the newest durable uplink.',
    '# TYPE bellwether_journal_head gauge',
    `bellwether_journal_head ${head}`,
    '# HELP bellwether_journal_lag_uplinks Uplinks in the journal that a consumer has not done yet.',
    '# TYPE bellwether_journal_lag_uplinks gauge',
    `bellwether_journal_lag_uplinks{consumer="ingest"} ${backlog.messages}`,
    `bellwether_journal_lag_uplinks{consumer="alerts"} ${Math.max(0, head - alertsSeq)}`,
    '# HELP bellwether_ingest_backlog_uplinks Uplinks of these that wait behind live ones, which are settled first.',
    '# TYPE bellwether_ingest_backlog_uplinks gauge',
    `bellwether_ingest_backlog_uplinks ${passedOver(progress)}`,
    '# HELP bellwether_refused_readings_total Readings refused, by reason code: the parts of bellwether_readings_quarantined_total.',
    '# TYPE bellwether_refused_readings_total counter',
  ]
  for (const [code, count] of await parts.ledger.counts()) {
    lines.push(`bellwether_refused_readings_total{code="${code}"} ${count}`)
  }
  return [...lines, ...awaitingLines(await parts.ledger.awaiting())].join('\n')
}

function awaitingLines({ messages, bytes, overflow, full, dropped }: Awaiting): string[] {
  return [
    '# HELP bellwether_quarantine_kept_messages Refused messages that wait for a person, whatever their age.',
    '# TYPE bellwether_quarantine_kept_messages gauge',
    `bellwether_quarantine_kept_messages ${messages}`,
    '# HELP bellwether_quarantine_kept_bytes What they take on disk.',
    '# TYPE bellwether_quarantine_kept_bytes gauge',
    `bellwether_quarantine_kept_bytes ${bytes}`,
    '# HELP bellwether_quarantine_full_devices Devices that have no room left for such messages (20 stands for more).',
    '# TYPE bellwether_quarantine_full_devices gauge',
    `bellwether_quarantine_full_devices ${full.length}`,
    '# HELP bellwether_quarantine_overflow_messages_total Such messages that came when their device had no room: only the newest of them are there.',
    '# TYPE bellwether_quarantine_overflow_messages_total counter',
    `bellwether_quarantine_overflow_messages_total ${overflow}`,
    '# HELP bellwether_quarantine_dropped_messages_total Refused messages dropped by the limits of number and age.',
    '# TYPE bellwether_quarantine_dropped_messages_total counter',
    `bellwether_quarantine_dropped_messages_total ${dropped}`,
  ]
}

function counter(outcome: string, help: string, value: number): string[] {
  const name = `bellwether_readings_${outcome}_total`
  return [`# HELP ${name} ${help}.`, `# TYPE ${name} counter`, `${name} ${value}`]
}

/** Acknowledged uplinks that readings, and alerts, do not show yet. */
async function lag(parts: MonitorParts): Promise<{ readings: number; alerts: number }> {
  const { backlog } = await balance(parts)
  const cursor = await parts.alerts.cursor()
  const head = await parts.journal.head()
  return { readings: backlog.messages, alerts: Math.max(0, head - cursor) }
}

async function health(parts: MonitorParts) {
  const reasons: string[] = []
  const edge = await askEdge(parts)
  if (edge === null) reasons.push('The broker does not answer, so nothing can be accepted.')
  else if (!edge.writable)
    reasons.push(`The journal cannot be written: ${edge.reason ?? 'unknown'}.`)
  let behind: number | null = null
  const stages: Record<string, unknown> = {
    broker: edge === null ? { reachable: false } : { reachable: true, ...edge },
  }
  try {
    const { progress, backlog } = await balance(parts)
    const head = await parts.journal.head()
    stages.journal = { head, tail: await parts.journal.tail() }
    behind = backlog.messages
    stages.ingest = {
      position: progress.seq,
      lagUplinks: backlog.messages,
      lagReadings: backlog.readings,
      liveLagUplinks: Math.max(0, backlog.messages - passedOver(progress)),
      backlogUplinks: passedOver(progress),
      trouble: parts.trouble(),
    }
    const { full, messages, bytes, overflow } = await parts.ledger.awaiting()
    stages.quarantine = { messages, bytes, overflow, fullDevices: full }
    const cursor = await parts.alerts.cursor()
    stages.alerts = { position: cursor, lagUplinks: Math.max(0, head - cursor) }
  } catch (error) {
    reasons.push(`A store cannot be read: ${(error as Error).message}.`)
  }
  return { ready: reasons.length === 0, reasons, lag: behind, stages }
}

async function askEdge(parts: MonitorParts): Promise<EdgeHealth | null> {
  const edge = parts.edge()
  if (edge === null) return null
  const abort = new AbortController()
  const cancel = parts.timers.after(edgeAnswersWithinMs, () => abort.abort())
  try {
    const answer = await fetch(`http://127.0.0.1:${edge.port}/health`, {
      headers: { 'x-bellwether-key': edge.key },
      signal: abort.signal,
    })
    return answer.ok ? ((await answer.json()) as EdgeHealth) : null
  } catch {
    // Nobody listens there any more, or not in time: both mean that nothing is accepted.
    return null
  } finally {
    cancel()
  }
}

interface PlatformMoment {
  /** Milliseconds since 1970 UTC. */
  now: number
  progress: Progress
  backlog: Backlog
  /** Null when the broker does not answer. */
  edge: EdgeHealth | null
}

/** Unlike `/metrics` they need no thread to answer but the broker, so they are the same whichever roles run here. */
async function platformFigures(
  { journal, alerts }: Pick<MonitorParts, 'journal' | 'alerts'>,
  { now, progress, backlog, edge }: PlatformMoment,
): Promise<Figures> {
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
