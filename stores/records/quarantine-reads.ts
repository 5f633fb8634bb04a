/** Refused messages as they are shown: entries newest first, each with the payload it came in. */

import { isUtf8 } from 'node:buffer'
import type { Kysely, Transaction } from 'kysely'
import { Fault } from '../../domain/errors.ts'
import type { RefusalCode } from '../../domain/quarantine.ts'
import { topicOf } from '../../domain/topic.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { QuarantineEntry, QuarantineQuery } from './ledger.ts'
import { type EntryTable, idOf, type LedgerSchema, placeOf } from './ledger-schema.ts'

type Reading = Transaction<LedgerSchema>

/** Throws `bad_request` when `before` is not the id of an entry. */
export function listEntries(
  db: Kysely<LedgerSchema>,
  query: QuarantineQuery,
): Promise<readonly QuarantineEntry[]> {
  const { device, code, from, to, before, limit } = query
  const place = before === undefined ? undefined : placeOf(before)
  if (before !== undefined && place === undefined) {
    throw new Fault('bad_request', `"${before}" is not the id of a quarantine entry`, {
      field: 'before',
    })
  }
  return snapshot(db, async (tx) => {
    let rows = tx.selectFrom('entry').selectAll()
    if (device !== undefined) rows = rows.where('device', '=', device)
    if (code !== undefined) rows = rows.where('code', '=', code)
    if (from !== undefined) rows = rows.where('received_at', '>=', from)
    if (to !== undefined) rows = rows.where('received_at', '<', to)
    if (place !== undefined) {
      rows = rows.where(({ eb, refTuple, tuple }) =>
        eb(refTuple('seq', 'idx'), '<', tuple(place.seq, place.idx)),
      )
    }
    return shown(
      tx,
      await rows.orderBy('seq', 'desc').orderBy('idx', 'desc').limit(limit).execute(),
    )
  })
}

export function findEntry(
  db: Kysely<LedgerSchema>,
  id: string,
): Promise<QuarantineEntry | undefined> {
  return snapshot(db, async (tx) => {
    const place = placeOf(id)
    if (place === undefined) return undefined
    const row = await tx
      .selectFrom('entry')
      .selectAll()
      .where('seq', '=', place.seq)
      .where('idx', '=', place.idx)
      .executeTakeFirst()
    if (row === undefined) return undefined
    const [entry] = await shown(tx, [row])
    return entry
  })
}

export async function countsByCode(
  db: Kysely<LedgerSchema>,
): Promise<ReadonlyMap<RefusalCode, number>> {
  const rows = await db.selectFrom('tally').selectAll().execute()
  return new Map(rows.map(({ code, readings }) => [code, readings]))
}

export async function countsByDevice(
  db: Kysely<LedgerSchema>,
  devices: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>()
  for (const part of chunks(devices, idsPerQuery)) {
    const rows = await db
      .selectFrom('entry')
      .select(['device', (eb) => eb.fn.countAll<number>().as('entries')])
      .where('device', 'in', part)
      .groupBy('device')
      .execute()
    for (const { device, entries } of rows) counts.set(device, entries)
  }
  return counts
}

/** An entry and its message are read from one moment, so that neither is missing. */
function snapshot<Result>(
  db: Kysely<LedgerSchema>,
  steps: (tx: Reading) => Promise<Result>,
): Promise<Result> {
  return db.transaction().setAccessMode('read only').execute(steps)
}

/** Each message is read and turned into text once, however many of its entries are shown. */
async function shown(tx: Reading, rows: readonly EntryTable[]): Promise<QuarantineEntry[]> {
  const messages = new Map<number, Pick<QuarantineEntry, 'topic' | 'payload' | 'encoding'>>()
  const seqs = [...new Set(rows.map(({ seq }) => seq))]
  for (const part of chunks(seqs, idsPerQuery)) {
    const found = await tx
      .selectFrom('message')
      .select(['seq', 'kind', 'payload'])
      .where('seq', 'in', part)
      .execute()
    for (const { seq, kind, payload } of found) {
      messages.set(seq, { topic: topicOf(kind), ...payloadText(payload) })
    }
  }
  return rows.map((row) => {
    const message = messages.get(row.seq)
    if (message === undefined) throw new Error(`quarantine entry ${idOf(row)} has no message`)
    return {
      id: idOf(row),
      code: row.code,
      reason: row.reason,
      device: row.device,
      key: row.key,
      ...message,
      receivedAt: row.received_at,
    }
  })
}

function payloadText(payload: Uint8Array): Pick<QuarantineEntry, 'payload' | 'encoding'> {
  const encoding = isUtf8(payload) ? 'utf8' : 'base64'
  return { payload: Buffer.from(payload).toString(encoding), encoding }
}
