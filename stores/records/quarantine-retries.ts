/**
 * Retries of refused readings: asked for by the API, done by ingest, answered here.
 * A request is answered once; one that nobody can answer any more, because the message was dropped
 * meanwhile, is answered here.
 */

import type { Kysely, Transaction } from 'kysely'
import { Fault } from '../../domain/errors.ts'
import type { Refusal } from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import type { AnsweredRetry, RetryOutcome } from './ledger.ts'
import { idOf, type LedgerSchema, placeOf } from './ledger-schema.ts'
import {
  dropUnlisted,
  entriesOf,
  entriesPerMessageMax,
  insertEntries,
  reasonCharsMax,
} from './quarantine-writes.ts'
import { storableText } from './storable-text.ts'

type Writing = Transaction<LedgerSchema>

/** Requests that are remembered with their outcome. */
const requestsKept = 10_000
const requestsPerRead = 100

/** The number of the request; of one entry only one is open at a time. Throws `not_found`. */
export async function requestRetry(tx: Writing, id: string): Promise<number> {
  const place = placeOf(id)
  const entry = place && (await entryAt(tx, place).select(['code', 'device']).executeTakeFirst())
  if (place === undefined || entry === undefined) {
    throw new Fault('not_found', `there is no quarantine entry "${id}"`)
  }
  const open = await tx
    .selectFrom('retry')
    .select('request')
    .where('outcome', 'is', null)
    .where('seq', '=', place.seq)
    .where('idx', '=', place.idx)
    .executeTakeFirst()
  if (open !== undefined) return open.request
  const { request } = await tx
    .insertInto('retry')
    .values({ ...place, ...entry, outcome: null })
    .returning('request')
    .executeTakeFirstOrThrow()
  await tx
    .deleteFrom('retry')
    .where('request', '<=', request - requestsKept)
    .execute()
  return request
}

/** Open requests, those of people first, with the message each is about. */
export async function pendingRetries(
  db: Kysely<LedgerSchema>,
): Promise<readonly { request: number; entry: string; uplink: Uplink }[]> {
  const rows = await db
    .selectFrom('retry as r')
    .leftJoin('entry as e', (join) =>
      join.onRef('e.seq', '=', 'r.seq').onRef('e.idx', '=', 'r.idx'),
    )
    .leftJoin('message as m', 'm.seq', 'e.seq')
    .select(['r.request', 'r.seq', 'r.idx', 'r.code', 'r.device'])
    .select(['m.sender', 'm.kind', 'm.received_at', 'm.payload', 'm.readings'])
    .where('r.outcome', 'is', null)
    .orderBy('r.by_itself')
    .orderBy('r.request')
    .limit(requestsPerRead)
    .execute()
  const pending: { request: number; entry: string; uplink: Uplink }[] = []
  for (const row of rows) {
    const { request, seq, sender, kind, received_at, payload, readings } = row
    if (sender === null || kind === null || received_at === null || payload === null) {
      const reason = 'the message is no longer in quarantine: it was dropped or stored meanwhile'
      const gone = { code: row.code, device: row.device, reason }
      await db
        .transaction()
        .execute((tx) => setOutcome(tx, request, { stored: 0, refused: [gone] }))
      continue
    }
    const sent = { kind, device: sender, receivedAt: received_at, payload }
    pending.push({ request, entry: idOf(row), uplink: { seq, ...sent, readings: readings ?? 1 } })
  }
  return pending
}

/** When something was stored, the entry makes room for what is still refused of it. */
export async function answerRetry(
  tx: Writing,
  request: number,
  { entry, outcome }: { entry: string; outcome: RetryOutcome },
): Promise<void> {
  if (!(await setOutcome(tx, request, outcome))) return
  const place = placeOf(entry)
  if (place === undefined) return
  if (outcome.stored === 0) {
    await renewReason(tx, place, outcome.refused[0])
    return
  }
  const message = await tx
    .selectFrom('message')
    .select(['sender', 'received_at', 'kept_by'])
    .where('seq', '=', place.seq)
    .executeTakeFirst()
  if (message === undefined) return
  await tx.deleteFrom('entry').where('seq', '=', place.seq).where('idx', '=', place.idx).execute()
  const uplink = { seq: place.seq, device: message.sender, receivedAt: message.received_at }
  const kept = message.kept_by === null ? 0 : 1
  const left = entriesOf(uplink, outcome.refused, await nextIdx(tx, place))
  await insertEntries(
    tx,
    left.map((each) => ({ ...each, kept })),
  )
  await dropUnlisted(tx, [place.seq])
}

/** Somebody decided that it is not wanted; false when there is no such entry. */
export async function discardEntry(tx: Writing, id: string): Promise<boolean> {
  const place = placeOf(id)
  if (place === undefined) return false
  const gone = await tx
    .deleteFrom('entry')
    .where('seq', '=', place.seq)
    .where('idx', '=', place.idx)
    .returning('seq')
    .execute()
  await dropUnlisted(tx, [place.seq])
  return gone.length > 0
}

export async function retryOutcome(
  db: Kysely<LedgerSchema>,
  request: number,
): Promise<RetryOutcome | undefined> {
  const row = await db
    .selectFrom('retry')
    .select('outcome')
    .where('request', '=', request)
    .executeTakeFirst()
  if (row === undefined || row.outcome === null) return undefined
  const { stored, refused }: RetryOutcome = JSON.parse(row.outcome)
  return { stored, refused }
}

/** A ledger that is younger than the request asked for was begun anew, and is read from its beginning. */
export async function answeredRetries(
  db: Kysely<LedgerSchema>,
  after: number,
): Promise<readonly AnsweredRetry[]> {
  const last = await db
    .selectFrom('retry')
    .select((eb) => eb.fn.max('request').as('request'))
    .executeTakeFirst()
  const rows = await db
    .selectFrom('retry')
    .select(['request', 'outcome'])
    .where('request', '>', (last?.request ?? 0) < after ? 0 : after)
    .orderBy('request')
    .limit(requestsPerRead)
    .execute()
  const answered: AnsweredRetry[] = []
  for (const { request, outcome } of rows) {
    if (outcome === null) break
    const { taken = [] }: RetryOutcome = JSON.parse(outcome)
    answered.push({ request, taken })
  }
  return answered
}

/** Why it was refused this time. */
async function renewReason(
  tx: Writing,
  { seq, idx }: { seq: number; idx: number },
  refusal: Refusal | undefined,
): Promise<void> {
  if (refusal === undefined) return
  const { code } = refusal
  const reason = storableText(refusal.reason, reasonCharsMax)
  await tx
    .updateTable('entry')
    .set({ code, reason })
    .where('seq', '=', seq)
    .where('idx', '=', idx)
    .execute()
}

function entryAt(tx: Writing, { seq, idx }: { seq: number; idx: number }) {
  return tx.selectFrom('entry').where('seq', '=', seq).where('idx', '=', idx)
}

/** False when the request was answered before or is forgotten. */
async function setOutcome(tx: Writing, request: number, outcome: RetryOutcome): Promise<boolean> {
  const refused = outcome.refused.slice(0, entriesPerMessageMax)
  const done = await tx
    .updateTable('retry')
    .set({ outcome: JSON.stringify({ stored: outcome.stored, refused, taken: outcome.taken }) })
    .where('request', '=', request)
    .where('outcome', 'is', null)
    .executeTakeFirst()
  return done.numUpdatedRows > 0n
}

/** Places are not used again, not even the one that was just left: an id means one refusal forever. */
async function nextIdx(tx: Writing, left: { seq: number; idx: number }): Promise<number> {
  const last = await tx
    .selectFrom('entry')
    .select((eb) => eb.fn.max('idx').as('idx'))
    .where('seq', '=', left.seq)
    .executeTakeFirst()
  return Math.max(last?.idx ?? 0, left.idx) + 1
}
