/**
 * Refused messages on their way in and out.
 *
 * Recording the same message again changes nothing and counts nothing. What is kept is bounded three ways:
 * entries per message, messages per device, age; what is counted is not.
 */

import { type Kysely, sql, type Transaction } from 'kysely'
import type { Refusal, RefusalCode } from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { chunks, idsPerQuery, rowsPerInsert } from './chunks.ts'
import type { EntryTable, LedgerSchema } from './ledger-schema.ts'
import { storableText } from './storable-text.ts'

type Writing = Transaction<LedgerSchema>

/** After `from` up to `to`. */
interface Positions {
  from: number
  to: number
}
const noPositions: Positions = { from: 0, to: 0 }

export interface Refused {
  uplink: Uplink
  refused: readonly Refusal[]
}

/** Refusals of one message that are listed; the last one listed says how many more there were. */
export const entriesPerMessageMax = 100
const nameCharsMax = 128
export const reasonCharsMax = 500
/** How far back a replay of the journal is known not to be counted twice. Beyond it nothing is counted again. */
const countedMessages = 100_000

/** Writes the messages and returns, for each device that owns some of them, how many. */
export async function recordRefused(
  tx: Writing,
  items: readonly Refused[],
  open: Positions = noPositions,
): Promise<ReadonlyMap<string, number>> {
  await count(tx, items, open)
  for (const part of chunks(items, rowsPerInsert)) {
    await tx
      .insertInto('message')
      .values(part.map(({ uplink }) => messageOf(uplink)))
      .onConflict((conflict) => conflict.column('seq').doNothing())
      .execute()
  }
  const entries = items.flatMap(({ uplink, refused }) => entriesOf(uplink, refused))
  for (const part of chunks(entries, rowsPerInsert)) await insertEntries(tx, part)
  await askAgain(tx, items)
  const messagesByOwner = new Map<string, number>()
  let last: EntryTable | undefined
  for (const entry of entries) {
    if (last?.seq !== entry.seq || last.owner !== entry.owner) {
      messagesByOwner.set(entry.owner, (messagesByOwner.get(entry.owner) ?? 0) + 1)
    }
    last = entry
  }
  return messagesByOwner
}

/** Requests of what is tried again without being asked for. */
async function askAgain(tx: Writing, items: readonly Refused[]): Promise<void> {
  const wanted = items.flatMap(({ uplink: { seq }, refused }) =>
    refused.slice(0, entriesPerMessageMax).flatMap(({ again, code, device }, idx) => {
      if (again !== true) return []
      return [{ seq, idx, code, device: storableText(device, nameCharsMax), by_itself: 1 }]
    }),
  )
  for (const part of chunks(wanted, idsPerQuery)) {
    const seqs = [...new Set(part.map(({ seq }) => seq))]
    const open = await tx
      .selectFrom('retry')
      .select(['seq', 'idx'])
      .where('outcome', 'is', null)
      .where('seq', 'in', seqs)
      .execute()
    const known = new Set(open.map(({ seq, idx }) => `${seq}-${idx}`))
    const rows = part.filter(({ seq, idx }) => !known.has(`${seq}-${idx}`))
    for (const few of chunks(rows, rowsPerInsert)) {
      await tx.insertInto('retry').values(few).execute()
    }
  }
}

function messageOf(uplink: Uplink): LedgerSchema['message'] {
  return {
    seq: uplink.seq,
    sender: storableText(uplink.device, nameCharsMax),
    kind: uplink.kind,
    received_at: uplink.receivedAt,
    payload: uplink.payload,
    readings: uplink.readings,
  }
}

/** Rows of a message's refusals, from `firstIdx` on. */
export function entriesOf(
  uplink: Pick<Uplink, 'seq' | 'device' | 'receivedAt'>,
  refused: readonly Refusal[],
  firstIdx = 0,
): EntryTable[] {
  const listed = refused.slice(0, entriesPerMessageMax)
  const unlisted = refused.length - listed.length
  return listed.map((refusal, i) => {
    const more =
      unlisted > 0 && i === listed.length - 1
        ? ` (${unlisted} more refused readings of this message are counted but not listed)`
        : ''
    return {
      seq: uplink.seq,
      idx: firstIdx + i,
      code: refusal.code,
      reason: storableText(refusal.reason, reasonCharsMax) + more,
      device: storableText(refusal.device, nameCharsMax),
      key: refusal.key === undefined ? null : storableText(refusal.key, nameCharsMax),
      owner: storableText(ownerOf(uplink.device, refusal), nameCharsMax),
      received_at: uplink.receivedAt,
    }
  })
}

/**
 * A gateway can name any number of devices that do not exist or are not its own: those messages take the
 * gateway's share. A registered device behind it has a share of its own, so that a broken neighbour does
 * not push its messages out.
 */
function ownerOf(sender: string, refusal: Refusal): string {
  const strange = refusal.code === 'unknown_device' || refusal.code === 'not_allowed'
  return strange ? sender : refusal.device
}

export async function insertEntries(tx: Writing, entries: readonly EntryTable[]): Promise<void> {
  if (entries.length === 0) return
  await tx
    .insertInto('entry')
    .values(entries)
    .onConflict((conflict) => conflict.columns(['seq', 'idx']).doNothing())
    .execute()
}

/** Counts what was not counted before, by message, also when the message itself is long dropped. */
async function count(tx: Writing, items: readonly Refused[], open: Positions): Promise<void> {
  const fresh = await notCounted(tx, items, open)
  if (fresh.size === 0) return
  const readingsByCode = new Map<RefusalCode, number>()
  for (const refused of fresh.values()) {
    for (const { code, readings = 1 } of refused) {
      if (readings === 0) continue
      readingsByCode.set(code, (readingsByCode.get(code) ?? 0) + readings)
    }
  }
  for (const [code, readings] of readingsByCode) {
    await tx
      .insertInto('tally')
      .values({ code, readings })
      .onConflict((conflict) =>
        conflict.column('code').doUpdateSet({
          readings: sql<number>`tally.readings + excluded.readings`,
        }),
      )
      .execute()
  }
  const refusalsBySeq = new Map(items.map(({ uplink, refused }) => [uplink.seq, refused.length]))
  for (const part of chunks([...fresh.keys()], rowsPerInsert)) {
    await tx
      .insertInto('counted')
      .values(part.map((seq) => ({ seq, refusals: refusalsBySeq.get(seq) ?? 0 })))
      .onConflict((conflict) =>
        conflict.column('seq').doUpdateSet({ refusals: (eb) => eb.ref('excluded.refusals') }),
      )
      .execute()
  }
}

async function notCounted(
  tx: Writing,
  items: readonly Refused[],
  open: Positions,
): Promise<ReadonlyMap<number, readonly Refusal[]>> {
  const fresh = new Map(items.map(({ uplink, refused }) => [uplink.seq, refused]))
  const newest = await tx
    .selectFrom('counted')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst()
  let head = newest?.seq ?? 0
  for (const seq of fresh.keys()) head = Math.max(head, seq)
  const floor = head - countedMessages
  await tx
    .deleteFrom('counted')
    .where('seq', '<=', floor)
    .where(({ or, eb }) => or([eb('seq', '<=', open.from), eb('seq', '>', open.to)]))
    .execute()
  for (const part of chunks([...fresh.keys()], idsPerQuery)) {
    const known = await tx.selectFrom('counted').selectAll().where('seq', 'in', part).execute()
    for (const { seq, refusals } of known) {
      /** The readings store may refuse more of a message whose own refusals are counted: those stand behind them. */
      const added = fresh.get(seq)?.slice(refusals) ?? []
      if (added.length > 0) fresh.set(seq, added)
      else fresh.delete(seq)
    }
  }
  for (const seq of fresh.keys()) {
    const isOpen = seq > open.from && seq <= open.to
    if (seq <= floor && !isOpen) fresh.delete(seq)
  }
  return fresh
}

/** Drops all but the newest messages of this device. */
export async function dropOldest(tx: Writing, owner: string, messagesMax: number): Promise<void> {
  const cut = await tx
    .selectFrom('entry')
    .select('seq')
    .distinct()
    .where('owner', '=', owner)
    .orderBy('seq', 'desc')
    .offset(messagesMax)
    .limit(1)
    .executeTakeFirst()
  if (cut === undefined) return
  const dropped = await tx
    .deleteFrom('entry')
    .where('owner', '=', owner)
    .where('seq', '<=', cut.seq)
    .returning('seq')
    .execute()
  await dropUnlisted(tx, [...new Set(dropped.map(({ seq }) => seq))])
}

/** Drops those of these messages that no entry refers to any more. */
export async function dropUnlisted(tx: Writing, seqs: readonly number[]): Promise<void> {
  for (const part of chunks(seqs, idsPerQuery)) {
    await tx
      .deleteFrom('message')
      .where('seq', 'in', part)
      .where(({ eb, not, exists }) =>
        not(
          exists(
            eb.selectFrom('entry').select('entry.seq').whereRef('entry.seq', '=', 'message.seq'),
          ),
        ),
      )
      .execute()
  }
}

/** Drops messages received before `olderThan`, a part per transaction so that others can write in between. */
export async function expireMessages(db: Kysely<LedgerSchema>, olderThan: number): Promise<void> {
  for (let more = true; more; ) {
    more = await db.transaction().execute(async (tx) => {
      const old = await tx
        .selectFrom('message')
        .select('seq')
        .where('received_at', '<', olderThan)
        .limit(idsPerQuery)
        .execute()
      const seqs = old.map(({ seq }) => seq)
      if (seqs.length === 0) return false
      await tx.deleteFrom('entry').where('seq', 'in', seqs).execute()
      await tx.deleteFrom('message').where('seq', 'in', seqs).execute()
      return seqs.length === idsPerQuery
    })
  }
}
