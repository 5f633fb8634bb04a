/**
 * Readings that the readings store refuses for good, such as a row that a database will never take: they go to
 * quarantine with the message they came in, like readings that we refuse ourselves.
 */

import type { Refusal } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { Batch, Judged } from './batch.ts'

export interface StoreRefusals {
  /** The batch that is about to be written, and which uplinks are `open` as for `Ledger.quarantine`. */
  expect(batch: Batch, open: { from: number; to: number } | undefined): void
  /** For the store. What belongs to no message of the batch was tried again from quarantine, and stays there. */
  refuse(readings: readonly Reading[], reason: string): Promise<void>
}

export function createStoreRefusals(ledger: Pick<Ledger, 'quarantine'>): StoreRefusals {
  let judged: readonly Judged[] = []
  let open: { from: number; to: number } | undefined
  return {
    expect(batch, positions) {
      judged = batch.judged
      open = positions
    },
    async refuse(readings, reason) {
      const found = new Map<Judged, Refusal[]>()
      for (const reading of readings) {
        const from = judged.find((each) => holds(each, reading))
        if (from === undefined) continue
        // After the refusals of our own, whose places in the message are taken.
        const refused = found.get(from) ?? [...from.verdict.refused]
        const { device, property: key } = reading
        refused.push({ code: 'unsupported_format', reason, device, key })
        found.set(from, refused)
      }
      await ledger.quarantine(
        [...found].map(([{ uplink }, refused]) => ({ uplink, refused })),
        open,
      )
    },
  }
}

function holds({ uplink, verdict }: Judged, reading: Reading): boolean {
  if (uplink.receivedAt !== reading.receivedAt) return false
  const { device, property, observedAt } = reading
  return verdict.accepted.some(
    (each) =>
      each.device === device && each.property === property && each.observedAt === observedAt,
  )
}
