/**
 * Messages that wait for a person (`awaitingCodes`). They neither age nor give way to newer ones; what bounds them is
 * bytes per device. Beyond that a message is kept like any other refused one, among the newest, and that is counted and
 * told: nothing that was acknowledged vanishes silently.
 */

import type { Kysely, Transaction } from 'kysely'
import { awaitingCodes } from '../../domain/quarantine.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { EntryTable, LedgerSchema } from './ledger-schema.ts'

type Writing = Transaction<LedgerSchema>

export interface Awaiting {
  /** Messages that wait, and what they take on disk. */
  messages: number
  bytes: number
  /** Messages that came when their device had no room left, ever. */
  overflow: number
  /** Devices that have none now. */
  full: readonly string[]
  /** Messages that did not wait and were dropped by number or age, ever. */
  dropped: number
}

/** About what one entry takes beside the payload of its message. */
const entryBytes = 400

/** One message that waits, and the device that has the room for it. */
export interface Candidate {
  seq: number
  owner: string
  bytes: number
}

/** The message of these entries, if any of them waits; the first such one names the device. */
export function candidateOf(
  entries: readonly EntryTable[],
  payloadBytes: number,
): Candidate | undefined {
  const waiting = entries.find(({ code }) => awaitingCodes.has(code))
  if (waiting === undefined) return undefined
  const { seq, owner } = waiting
  return { seq, owner, bytes: payloadBytes + entries.length * entryBytes }
}

export interface Room {
  /** Messages that may stay, those that did before among them, and the device that has room for each. */
  kept: ReadonlyMap<number, Candidate>
  /** Devices that have no room left as of now. */
  filled: readonly string[]
}

/**
 * Gives room to the candidates in order. `known` are messages that are there, with who has room for them; `counted` those
 * that come for the first time.
 */
export async function giveRoom(
  tx: Writing,
  candidates: readonly Candidate[],
  {
    bytesMax,
    known,
    counted,
  }: {
    bytesMax: number
    known: ReadonlyMap<number, string | null>
    counted: ReadonlySet<number>
  },
): Promise<Room> {
  if (candidates.length === 0) return { kept: new Map(), filled: [] }
  const kept = new Map<number, Candidate>()
  const shares = await sharesOf(tx, candidates)
  const filled: string[] = []
  for (const candidate of candidates) {
    const { seq, owner, bytes } = candidate
    if (typeof known.get(seq) === 'string') {
      kept.set(seq, candidate)
      continue
    }
    const share = shares.get(owner) ?? { owner, messages: 0, bytes: 0, overflow: 0, is_full: 0 }
    shares.set(owner, share)
    if (share.bytes + bytes <= bytesMax) {
      share.messages += 1
      share.bytes += bytes
      kept.set(seq, candidate)
      continue
    }
    if (share.is_full === 0) filled.push(owner)
    share.is_full = 1
    if (counted.has(seq)) share.overflow += 1
  }
  for (const share of shares.values()) {
    await tx
      .insertInto('kept')
      .values(share)
      .onConflict((conflict) => conflict.column('owner').doUpdateSet(share))
      .execute()
  }
  return { kept, filled }
}

async function sharesOf(tx: Writing, candidates: readonly Candidate[]) {
  const owners = [...new Set(candidates.map(({ owner }) => owner))]
  const shares = new Map<string, LedgerSchema['kept']>()
  for (const part of chunks(owners, idsPerQuery)) {
    const rows = await tx.selectFrom('kept').selectAll().where('owner', 'in', part).execute()
    for (const row of rows) shares.set(row.owner, row)
  }
  return shares
}

/** The room of messages that are gone. */
export async function giveBack(
  tx: Writing,
  gone: readonly Pick<LedgerSchema['message'], 'kept_by' | 'kept_bytes'>[],
): Promise<void> {
  for (const { kept_by, kept_bytes } of gone) {
    if (kept_by === null) continue
    await tx
      .updateTable('kept')
      .set((eb) => ({
        messages: eb('messages', '-', 1),
        bytes: eb('bytes', '-', kept_bytes),
        is_full: 0,
      }))
      .where('owner', '=', kept_by)
      .execute()
  }
}

const fullShown = 20

export async function awaiting(db: Kysely<LedgerSchema>): Promise<Awaiting> {
  const sums = await db
    .selectFrom('kept')
    .select(({ fn }) => [
      fn.sum<number | null>('messages').as('messages'),
      fn.sum<number | null>('bytes').as('bytes'),
      fn.sum<number | null>('overflow').as('overflow'),
    ])
    .executeTakeFirst()
  const full = await db
    .selectFrom('kept')
    .select('owner')
    .where('is_full', '=', 1)
    .orderBy('owner')
    .limit(fullShown)
    .execute()
  const dropped = await db.selectFrom('dropped').select('messages').executeTakeFirst()
  const { messages, bytes, overflow } = sums ?? {}
  return {
    messages: messages ?? 0,
    bytes: bytes ?? 0,
    overflow: overflow ?? 0,
    full: full.map(({ owner }) => owner),
    dropped: dropped?.messages ?? 0,
  }
}
