/**
 * The way of one batch from the journal to the stores. Everything written before the readings is idempotent,
 * and the position moves in the same transaction as the readings: whenever this ends half-way, running it
 * again from the old position comes to the same end.
 */

import type { Ports } from '../domain/ports.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { judgeBatch } from './batch.ts'
import type { FlaggedStore } from './flagged-store.ts'
import type { IngestMeters } from './meters.ts'
import type { StatusBook } from './status-book.ts'

export interface SettleParts {
  ports: Ports
  registry: RegistryView
  journal: JournalReader
  ledger: Ledger
  judge: Judge
  status: StatusBook
  store: FlaggedStore
  meters: IngestMeters
  batchMax: number
}

export interface Settled {
  uplinks: number
  /** Where to go on. */
  position: number
}

/** Throws when a store can not be reached; then the position has not moved. */
export async function settleBatch(parts: SettleParts, position: number): Promise<Settled> {
  const { ports, registry, journal, ledger, judge, status, store, meters } = parts
  await registry.refresh()
  const startedAt = ports.clock.monotonic()
  const uplinks = await journal.read(position, parts.batchMax)
  const batch = judgeBatch(uplinks, judge)
  const last = batch.judged.at(-1)?.uplink
  if (last === undefined) return { uplinks: 0, position }
  status.note(batch.judged)
  await ledger.quarantine(batch.refused)
  await status.settle()
  await store.write(batch.readings, { seq: last.seq, quarantined: batch.quarantined })
  const settled = { uplinks: batch.judged.length, position: last.seq }
  reportGap(parts, position, settled)
  meters.batch(batch, {
    seconds: (ports.clock.monotonic() - startedAt) / 1_000,
    lagSeconds: Math.max(0, ports.clock.now() - last.receivedAt) / 1_000,
  })
  return settled
}

/** Positions have no gaps, so what is missing was damaged or dropped. It is told, and passed over. */
function reportGap({ meters, ports }: SettleParts, from: number, settled: Settled): void {
  const missing = settled.position - from - settled.uplinks
  if (missing === 0) return
  meters.gap(missing)
  ports.log.error(
    { from, to: settled.position, missing },
    'The journal could not give some uplinks; they are passed over.',
  )
}
