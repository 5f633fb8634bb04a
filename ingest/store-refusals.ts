/**
 * Readings that the readings store refuses for good, such as a row that a database will never take, or sets aside: they
 * go to quarantine with the message they came in, like readings that we refuse ourselves. What is set aside is tried
 * again from there, apart from the batches.
 */

import type { Refusal } from '../domain/quarantine.ts'
import type { Reading } from '../domain/reading.ts'
import type { RefusedReading } from '../stores/readings/readings.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { Batch, Judged } from './batch.ts'

export interface StoreRefusals {
  /** The batch that is about to be written, and which uplinks are `open` as for `Ledger.quarantine`. */
  expect(batch: Batch, open: { from: number; to: number } | undefined): void
  /** For the store, once a batch. What belongs to no message of it is passed over. */
  refuse(readings: readonly RefusedReading[]): Promise<void>
  /** Runs a write of readings from quarantine, which stay there when they are refused: returns those. */
  during(write: () => Promise<unknown>): Promise<readonly RefusedReading[]>
}

export function createStoreRefusals(ledger: Pick<Ledger, 'quarantine'>): StoreRefusals {
  let judged: readonly Judged[] = []
  let open: { from: number; to: number } | undefined
  let ofRetry: RefusedReading[] | undefined

  async function quarantine(readings: readonly RefusedReading[]): Promise<void> {
    const from = byIdentity(judged)
    const found = new Map<Judged, Refusal[]>()
    for (const one of readings) {
      const message = from.get(nameOf(one.reading))
      if (message === undefined) continue
      // After the refusals of our own, whose places in the message are taken.
      const refused = found.get(message) ?? [...message.verdict.refused]
      refused.push(storeRefusal(one))
      found.set(message, refused)
    }
    await ledger.quarantine(
      [...found].map(([{ uplink }, refused]) => ({ uplink, refused })),
      open,
    )
  }

  return {
    expect(batch, positions) {
      judged = batch.judged
      open = positions
    },
    async refuse(readings) {
      if (ofRetry === undefined) await quarantine(readings)
      else for (const one of readings) ofRetry.push(one)
    },
    async during(write) {
      const refused: RefusedReading[] = []
      ofRetry = refused
      try {
        await write()
        return refused
      } finally {
        ofRetry = undefined
      }
    },
  }
}

export function storeRefusal({ reading, reason, isUnsure }: RefusedReading): Refusal {
  const { device, property: key } = reading
  const told = { code: 'refused_by_store' as const, device, key }
  if (!isUnsure) return { ...told, reason: `the readings store refuses it: ${reason}` }
  return {
    ...told,
    reason: `set aside, and tried again by itself: the readings store refused it together with others: ${reason}`,
    again: true,
  }
}

function byIdentity(judged: readonly Judged[]): ReadonlyMap<string, Judged> {
  const found = new Map<string, Judged>()
  for (const each of judged) {
    for (const reading of each.verdict.accepted) found.set(nameOf(reading), each)
  }
  return found
}

/** Two messages may bring the same reading; which of them is told by the time of receipt. */
function nameOf({ device, property, observedAt, receivedAt }: Reading): string {
  return `${receivedAt} ${observedAt} ${property} ${device}`
}
