/**
 * What devices said of themselves and when they were last heard: one row per device. Each part of it knows the
 * position of the uplink that told it, so that the same messages again, or an old one behind newer ones, end in the
 * same state as if all had come once and in order.
 */

import type { Kysely, Transaction } from 'kysely'
import type { DeviceStatus } from '../../domain/device.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { StatusChange, Told } from './ledger.ts'
import type { LedgerSchema, StatusTable } from './ledger-schema.ts'
import { storableText } from './storable-text.ts'

type Writing = Transaction<LedgerSchema>

interface Fact {
  value: string | number | boolean | null
  seq: number
}

/** Beyond this, the facts that were not told again for the longest are forgotten. */
const factsPerDeviceMax = 64
const keyCharsMax = 128
const textCharsMax = 500

/** A device's status while changes are merged into it. */
interface Merging {
  lastSeenAt: number | null
  connected: boolean
  connectedSeq: number
  facts: Map<string, Fact>
}

export async function mergeStatus(
  tx: Writing,
  changes: readonly StatusChange[],
  told: Told,
): Promise<void> {
  const devices = [...new Set(changes.map(({ device }) => device))]
  const known = await readStatus(tx, devices)
  const startedSeq = told === 'late' ? await brokerStart(tx) : 0
  for (const change of changes) {
    const status = known.get(change.device) ?? unknownStatus(startedSeq)
    known.set(change.device, status)
    status.connectedSeq = Math.max(status.connectedSeq, startedSeq)
    merge(status, change, told)
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
          connected_seq: eb.ref('excluded.connected_seq'),
          attributes: eb.ref('excluded.attributes'),
        })),
      )
      .execute()
  }
}

function unknownStatus(connectedSeq: number): Merging {
  return { lastSeenAt: null, connected: false, connectedSeq, facts: new Map() }
}

function merge(status: Merging, change: StatusChange, told: Told): void {
  const { lastSeenAt, connected, attributes, seq = 0 } = change
  if (lastSeenAt !== undefined && lastSeenAt !== null) {
    status.lastSeenAt = Math.max(lastSeenAt, status.lastSeenAt ?? lastSeenAt)
  }
  if (connected !== undefined && (told === 'newest' || seq >= status.connectedSeq)) {
    status.connected = connected
    status.connectedSeq = seq
  }
  if (attributes !== undefined) mergeFacts(status, { attributes, seq }, told)
}

function mergeFacts(
  status: Merging,
  { attributes, seq }: { attributes: DeviceStatus['attributes']; seq: number },
  told: Told,
): void {
  for (const [key, value] of Object.entries(attributes)) {
    const name = storableText(key, keyCharsMax)
    if (told === 'late' && (status.facts.get(name)?.seq ?? 0) > seq) continue
    status.facts.delete(name)
    status.facts.set(name, {
      value: typeof value === 'string' ? storableText(value, textCharsMax) : value,
      seq,
    })
  }
  // What is told late belongs before what later uplinks told.
  if (told === 'late')
    status.facts = new Map([...status.facts].sort(([, a], [, b]) => a.seq - b.seq))
  for (const name of status.facts.keys()) {
    if (status.facts.size <= factsPerDeviceMax) break
    status.facts.delete(name)
  }
}

/** Everybody is disconnected by the start of the broker at this position. */
export async function disconnectAll(tx: Writing, seq: number, told: Told): Promise<void> {
  const everybody = tx.updateTable('status').set({ connected: 0 }).where('connected', '=', 1)
  if (told === 'newest') {
    await everybody.execute()
    await tx.updateTable('broker_start').set({ seq }).execute()
  } else {
    await everybody.where('connected_seq', '<', seq).execute()
    await tx.updateTable('broker_start').set({ seq }).where('seq', '<', seq).execute()
  }
}

async function brokerStart(tx: Writing): Promise<number> {
  const row = await tx.selectFrom('broker_start').select('seq').executeTakeFirst()
  return row?.seq ?? 0
}

export async function statusOf(
  db: Kysely<LedgerSchema>,
  devices: readonly string[],
): Promise<ReadonlyMap<string, DeviceStatus>> {
  const known = await readStatus(db, devices)
  return new Map(
    [...known].map(([device, { lastSeenAt, connected, facts }]) => {
      const attributes = Object.fromEntries([...facts].map(([key, { value }]) => [key, value]))
      return [device, { device, lastSeenAt, connected, attributes }]
    }),
  )
}

async function readStatus(
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
        connectedSeq: row.connected_seq,
        facts: factsOf(row.attributes),
      })
    }
  }
  return found
}

/** Rows of older versions do not tell the position. */
function factsOf(attributes: string): Map<string, Fact> {
  const list: [string, Fact['value'], number?][] = JSON.parse(attributes)
  return new Map(list.map(([key, value, seq = 0]) => [key, { value, seq }]))
}

function rowOf(device: string, status: Merging): StatusTable {
  const facts = [...status.facts].map(([key, { value, seq }]) => [key, value, seq])
  return {
    device,
    last_seen_at: status.lastSeenAt,
    connected: status.connected ? 1 : 0,
    connected_seq: status.connectedSeq,
    attributes: JSON.stringify(facts),
  }
}
