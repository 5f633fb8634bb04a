/** One pass of a replay: settles what the history holds behind the store's position, up to the newest uplink. */

import type { Clock } from '../domain/ports.ts'
import type { Uplink } from '../domain/uplink.ts'
import { type History, readHistory } from '../stores/journal/history.ts'
import type { ReadingsWriter, Stretch } from '../stores/readings/readings.ts'

export interface ReplayPass {
  history: Omit<History, 'after' | 'isWanted'>
  readings: ReadingsWriter
  settle(uplinks: readonly Uplink[]): Promise<void>
  /** Uplinks received from `from` to `to` (exclusive) are settled, others passed over; null: no limit. */
  from: number | null
  to: number | null
  /** Positions that could not be read. */
  onMissing(stretch: Stretch): void
  onProgress(told: ReplayProgress): void
  clock: Clock
}

export interface ReplayProgress {
  position: number
  /** Receipt of the newest uplink so far, milliseconds since 1970 UTC. */
  receivedAt: number
}

const tellEveryMs = 2_000

/** Returns the last position there is. Throws when a store cannot be reached; run again from where it is then. */
export async function replayPass(pass: ReplayPass): Promise<number> {
  const { readings, clock } = pass
  const from = pass.from ?? Number.NEGATIVE_INFINITY
  const to = pass.to ?? Number.POSITIVE_INFINITY
  const isWanted = ({ oldest, newest }: { oldest: number; newest: number }) =>
    newest >= from && oldest < to
  const { seq: settled } = await readings.progress()
  let position = settled
  let moved = settled
  let toldAt = clock.monotonic()
  for await (const page of readHistory({ ...pass.history, after: position, isWanted })) {
    noteMissing(pass, position, page)
    position = page.last
    const wanted = page.uplinks.filter(({ receivedAt }) => receivedAt >= from && receivedAt < to)
    await pass.settle(wanted)
    moved = wanted.at(-1)?.seq ?? moved
    const receivedAt = page.uplinks.at(-1)?.receivedAt
    if (receivedAt === undefined || clock.monotonic() - toldAt < tellEveryMs) continue
    toldAt = clock.monotonic()
    pass.onProgress({ position, receivedAt })
  }
  if (moved < position) await readings.write([], { seq: position, quarantined: 0 })
  return position
}

/** Positions have no gaps: what is not there cannot be read, or is gone. */
function noteMissing(
  { onMissing }: ReplayPass,
  before: number,
  { first, uplinks }: { first: number; uplinks: readonly Uplink[] },
): void {
  if (first > before + 1) onMissing({ from: before, to: first - 1 })
  let expected = uplinks[0]?.seq ?? 0
  for (const { seq } of uplinks) {
    if (seq > expected) onMissing({ from: expected - 1, to: seq - 1 })
    expected = seq + 1
  }
}
