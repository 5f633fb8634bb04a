/**
 * Every device's share of the quarantine: its newest messages, and no more.
 *
 * Looking for the oldest costs as much as the share is long, so a device is looked at when it was first
 * seen since the start and then after every tenth of its share: a little more than the share is kept.
 */

import type { Transaction } from 'kysely'
import type { LedgerSchema } from './ledger-schema.ts'
import { dropOldest } from './quarantine-writes.ts'

/** Devices whose new messages are counted in memory; above it all are looked at again. */
const devicesMax = 100_000

export interface Shares {
  /** Takes note of new messages by device, and drops the oldest of those that have too many. */
  keep(tx: Transaction<LedgerSchema>, messages: ReadonlyMap<string, number>): Promise<void>
}

export function createShares(messagesPerDeviceMax: number): Shares {
  const newByDevice = new Map<string, number>()
  const slack = Math.ceil(messagesPerDeviceMax / 10)
  return {
    async keep(tx, messages) {
      if (newByDevice.size > devicesMax) newByDevice.clear()
      for (const [device, count] of messages) {
        const seen = newByDevice.get(device)
        const since = (seen ?? 0) + count
        if (seen === undefined || since >= slack) {
          await dropOldest(tx, device, messagesPerDeviceMax)
          newByDevice.set(device, 0)
        } else newByDevice.set(device, since)
      }
    },
  }
}
