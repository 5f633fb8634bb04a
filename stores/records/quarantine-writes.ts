/**
 * Refused messages on their way in and out.
 *
 * Recording the same message again changes nothing and counts nothing. What is kept is bounded: entries per message;
 * messages per device and age, or bytes per device for those that wait for a person. What is counted is not.
 */

import type { Kysely, Transaction } from 'kysely'
import type { Refusal } from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { chunks, idsPerQuery, rowsPerInsert } from './chunks.ts'
import type { EntryTable, LedgerSchema } from './ledger-schema.ts'
import { countRefused, noPositions, type Positions, type Refused } from './quarantine-counts.ts'
import { type Candidate, candidateOf, giveBack, giveRoom } from './quarantine-kept.ts'
import { storableText } from './storable-text.ts'

type Writing = Transaction<LedgerSchema>

/** Refusals of one message that are listed; the last one listed says how many more there were. */
export const entriesPerMessageMax = 100
const nameCharsMax = 128
export const reasonCharsMax = 500

export interface Recorded {
  /** For each device that owns some of the messages, how many it has that do not wait for a person. */
  messages: ReadonlyMap<string, number>
  /** Devices that have no room left for messages that wait, as of now. */
  filled: readonly string[]
}

export async function recordRefused(
  tx: Writing,
  items: readonly Refused[],
  { open = noPositions, keptBytesMax }: { open?: Positions | undefined; keptBytesMax: number },
): Promise<Recorded> {
  const counted = await countRefused(tx, items, open)
  const known = await knownMessages(tx, items)
  const listed = items.map(({ uplink, refused }) => entriesOf(uplink, refused))
  const candidates = listed.flatMap((entries, i) => {
    const candidate = candidateOf(entries, items[i]?.uplink.payload.length ?? 0)
    return candidate === undefined ? [] : [candidate]
  })
  const { kept, filled } = await giveRoom(tx, candidates, {
    ...{ known, counted },
    bytesMax: keptBytesMax,
  })
  for (const part of chunks(items, rowsPerInsert)) {
    await tx
      .insertInto('message')
      .values(part.map(({ uplink }) => messageOf(uplink, kept.get(uplink.seq))))
      .onConflict((conflict) => conflict.column('seq').doNothing())
      .execute()
  }
  const entries = listed
    .flat()
    .map((entry) => (kept.has(entry.seq) ? { ...entry, kept: 1 } : entry))
  for (const part of chunks(entries, rowsPerInsert)) await insertEntries(tx, part)
  for (const [seq, candidate] of kept) {
    if (known.get(seq) === null) await keepKnown(tx, candidate)
  }
  await askAgain(tx, items)
  return { messages: messagesByOwner(entries), filled }
}

/** Who has room for those of the messages that are there already. */
async function knownMessages(
  tx: Writing,
  items: readonly Refused[],
): Promise<ReadonlyMap<number, string | null>> {
  const known = new Map<number, string | null>()
  for (const part of chunks(items, idsPerQuery)) {
    const seqs = part.map(({ uplink }) => uplink.seq)
    const rows = await tx
      .selectFrom('message')
      .select(['seq', 'kept_by'])
      .where('seq', 'in', seqs)
      .execute()
    for (const { seq, kept_by } of rows) known.set(seq, kept_by)
  }
  return known
}

/** A message that is there waits from now on, because more of it was refused. */
async function keepKnown(tx: Writing, { seq, owner, bytes }: Candidate): Promise<void> {
  const given = { kept_by: owner, kept_bytes: bytes }
  await tx.updateTable('message').set(given).where('seq', '=', seq).execute()
  await tx.updateTable('entry').set({ kept: 1 }).where('seq', '=', seq).execute()
}

function messagesByOwner(entries: readonly EntryTable[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>()
  let last: EntryTable | undefined
  for (const entry of entries) {
    if (entry.kept === 0 && (last?.seq !== entry.seq || last.owner !== entry.owner)) {
      counts.set(entry.owner, (counts.get(entry.owner) ?? 0) + 1)
    }
    last = entry
  }
  return counts
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

function messageOf(uplink: Uplink, kept: Candidate | undefined): LedgerSchema['message'] {
  return {
    seq: uplink.seq,
    sender: storableText(uplink.device, nameCharsMax),
    kind: uplink.kind,
    received_at: uplink.receivedAt,
    payload: uplink.payload,
    readings: uplink.readings,
    kept_by: kept?.owner ?? null,
    kept_bytes: kept?.bytes ?? 0,
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
      kept: 0,
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

/** Drops all but the newest messages of this device, and leaves those that wait for a person. */
export async function dropOldest(tx: Writing, owner: string, messagesMax: number): Promise<void> {
  const cut = await tx
    .selectFrom('entry')
    .select('seq')
    .distinct()
    .where('owner', '=', owner)
    .where('kept', '=', 0)
    .orderBy('seq', 'desc')
    .offset(messagesMax)
    .limit(1)
    .executeTakeFirst()
  if (cut === undefined) return
  const dropped = await tx
    .deleteFrom('entry')
    .where('owner', '=', owner)
    .where('kept', '=', 0)
    .where('seq', '<=', cut.seq)
    .returning('seq')
    .execute()
  await countDropped(tx, await dropUnlisted(tx, [...new Set(dropped.map(({ seq }) => seq))]))
}

async function countDropped(tx: Writing, messages: number): Promise<void> {
  await tx
    .updateTable('dropped')
    .set((eb) => ({ messages: eb('messages', '+', messages) }))
    .execute()
}

/** Drops those of these messages that no entry refers to any more, and returns how many these were. */
export async function dropUnlisted(tx: Writing, seqs: readonly number[]): Promise<number> {
  let messages = 0
  for (const part of chunks(seqs, idsPerQuery)) {
    const gone = await tx
      .deleteFrom('message')
      .where('seq', 'in', part)
      .where(({ eb, not, exists }) =>
        not(
          exists(
            eb.selectFrom('entry').select('entry.seq').whereRef('entry.seq', '=', 'message.seq'),
          ),
        ),
      )
      .returning(['kept_by', 'kept_bytes'])
      .execute()
    await giveBack(tx, gone)
    messages += gone.length
  }
  return messages
}

/** Drops messages received before `olderThan` that wait for nobody, a part per transaction so that others can write in between. */
export async function expireMessages(db: Kysely<LedgerSchema>, olderThan: number): Promise<void> {
  for (let more = true; more; ) {
    more = await db.transaction().execute(async (tx) => {
      const old = await tx
        .selectFrom('message')
        .select('seq')
        .where('received_at', '<', olderThan)
        .where('kept_by', 'is', null)
        .limit(idsPerQuery)
        .execute()
      const seqs = old.map(({ seq }) => seq)
      if (seqs.length === 0) return false
      await tx.deleteFrom('entry').where('seq', 'in', seqs).execute()
      await tx.deleteFrom('message').where('seq', 'in', seqs).execute()
      await countDropped(tx, seqs.length)
      return seqs.length === idsPerQuery
    })
  }
}
