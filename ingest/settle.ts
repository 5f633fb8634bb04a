/**
 * The way of one batch from the journal to the stores. Everything written before the readings is idempotent,
 * and the position moves in the same transaction as the readings: whenever this ends half-way, running it
 * again from the old position comes to the same end.
 */

import type { Ports } from '../domain/ports.ts'
import type { Judge } from '../domain/quarantine.ts'
import type { Advance } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import { type Batch, judgeBatch } from './batch.ts'
import type { Lane } from './lanes.ts'
import type { IngestMeters } from './meters.ts'
import type { StoreRefusals } from './store-refusals.ts'
import type { Place, Turn } from './turns.ts'

export interface SettleParts {
  ports: Ports
  registry: RegistryView
  ledger: Ledger
  judge: Judge
  meters: IngestMeters
  /** Told what is about to be written. */
  refusals?: Pick<StoreRefusals, 'expect'>
}

export interface Settled {
  uplinks: number
  /** Where to go on; undefined when there was nothing to do. */
  place: Place | undefined
}

/** Throws when a store cannot be reached; then the place has not moved. */
export async function settleTurn(parts: SettleParts, turn: Turn, lane: Lane): Promise<Settled> {
  const { ports, registry, ledger, judge, meters, refusals } = parts
  await registry.refresh()
  const startedAt = ports.clock.monotonic()
  const batch = judgeBatch(turn.uplinks, judge)
  const last = lastOf(batch, turn)
  if (last === turn.after) return { uplinks: 0, place: undefined }
  lane.status.note(batch.judged)
  await ledger.quarantine(batch.refused, turn.open)
  await lane.status.settle()
  refusals?.expect(batch, turn.open)
  const place = turn.placeAt(last)
  await lane.store.write(batch.readings, advanceTo(place, turn, batch))
  reportGap(parts, { from: turn.after, to: last, uplinks: batch.judged.length })
  const receivedAt = batch.judged.at(-1)?.uplink.receivedAt ?? ports.clock.now()
  meters.batch(batch, {
    side: turn.side,
    seconds: (ports.clock.monotonic() - startedAt) / 1_000,
    lagSeconds: Math.max(0, ports.clock.now() - receivedAt) / 1_000,
  })
  return { uplinks: batch.judged.length, place }
}

/** The last position that is settled with the batch, which may be a part of the turn. */
function lastOf({ judged }: Batch, { uplinks, through, after }: Turn): number {
  return judged.length === uplinks.length ? through : (judged.at(-1)?.uplink.seq ?? after)
}

function advanceTo(place: Place, { side }: Turn, { quarantined }: Batch): Advance {
  return side === 'behind' ? { ...place, quarantined, late: true } : { ...place, quarantined }
}

/** Positions have no gaps, so what is missing was damaged or dropped. It is told, and passed over. */
function reportGap(
  { meters, ports }: SettleParts,
  { from, to, uplinks }: { from: number; to: number; uplinks: number },
): void {
  const missing = to - from - uplinks
  if (missing === 0) return
  meters.gap(missing)
  ports.log.error(
    { from, to, missing },
    'The journal could not give some uplinks; they are passed over.',
  )
}
