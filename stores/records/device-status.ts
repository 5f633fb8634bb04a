/**
 * What devices said of themselves and when they were last heard: one row per device, merged in the order of
 * the journal, so that running the same messages again ends where it ended before.
 */

import type { Kysely, Transaction } from 'kysely'
import type { DeviceStatus } from '../../domain/device.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { LedgerSchema, StatusTable } from './ledger-schema.ts'
import { storableText } from './storable-text.ts'

type Fact = string | number | boolean | null
export type StatusChange = Partial<DeviceStatus> & { device: string }

/** Beyond this, the facts that were not told again for the longest are forgotten. */
const factsPerDeviceMax = 64
const keyCharsMax = 128
const textCharsMax = 500

/** A device's status while changes are merged into it. */
interface Merging {
  lastSeenAt: number | null
  connected: boolean
  facts: Map<string, Fact>
}

export async function mergeStatus(
  tx: Transaction<LedgerSchema>,
  changes: readonly StatusChange[],
): Promise<void> {
  const devices = [...new Set(changes.map(({ device }) => device))]
  const known = await readStatus(tx, devices)
  for (const change of changes) {
    const status = known.get(change.device) ?? {
      lastSeenAt: null,
      connected: false,
      facts: new Map(),
    }
    known.set(change.device, status)
    merge(status, change)
  }
  const rows = devices.flatMap((device) => {
    const status = known.get(device)
    return status === undefined ? [] : [rowOf(device, status)]
  })
  for (const part of chunks(rows, idsPerQuery)) {
    await tx
      .insertInto('status')
      .values(part)
      .onConflict((conflict) =>
        conflict.column('device').doUpdateSet((eb) => ({
          last_seen_at: eb.ref('excluded.last_seen_at'),
          connected: eb.ref('excluded.connected'),
          attributes: eb.ref('excluded.attributes'),
        })),
      )
      .execute()
  }
}

function merge(status: Merging, change: StatusChange): void {
  const { lastSeenAt, connected, attributes } = change
  if (lastSeenAt !== undefined && lastSeenAt !== null) {
    status.lastSeenAt = Math.max(lastSeenAt, status.lastSeenAt ?? lastSeenAt)
  }
  if (connected !== undefined) status.connected = connected
  if (attributes === undefined) return
  for (const [key, value] of Object.entries(attributes)) {
    const name = storableText(key, keyCharsMax)
    status.facts.delete(name)
    status.facts.set(name, typeof value === 'string' ? storableText(value, textCharsMax) : value)
  }
  for (const name of status.facts.keys()) {
    if (status.facts.size <= factsPerDeviceMax) break
    status.facts.delete(name)
  }
}

export async function readStatus(
  db: Kysely<LedgerSchema>,
  devices: readonly string[],
): Promise<Map<string, Merging>> {
  const found = new Map<string, Merging>()
  for (const part of chunks(devices, idsPerQuery)) {
    const rows = await db.selectFrom('status').selectAll().where('device', 'in', part).execute()
    for (const row of rows) {
      found.set(row.device, {
        lastSeenAt: row.last_seen_at,
        connected: row.connected === 1,
        facts: new Map<string, Fact>(JSON.parse(row.attributes)),
      })
    }
  }
  return found
}

function rowOf(device: string, status: Merging): StatusTable {
  return {
    device,
    last_seen_at: status.lastSeenAt,
    connected: status.connected ? 1 : 0,
    attributes: JSON.stringify([...status.facts]),
  }
}
