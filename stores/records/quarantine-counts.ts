/** How many readings were ever refused, by code: each message is counted once, however often it runs. */

import { sql, type Transaction } from 'kysely'
import type { Refusal, RefusalCode } from '../../domain/quarantine.ts'
import type { Uplink } from '../../domain/uplink.ts'
import { chunks, idsPerQuery, rowsPerInsert } from './chunks.ts'
import type { LedgerSchema } from './ledger-schema.ts'

type Writing = Transaction<LedgerSchema>

/** After `from` up to `to`. */
export interface Positions {
  from: number
  to: number
}
export const noPositions: Positions = { from: 0, to: 0 }

export interface Refused {
  uplink: Uplink
  refused: readonly Refusal[]
}

/** How far back a replay of the journal is known not to be counted twice. Beyond it nothing is counted again. */
const countedMessages = 100_000

/** Counts what was not counted before, by message, also when the message itself is long dropped; returns these. */
export async function countRefused(
  tx: Writing,
  items: readonly Refused[],
  open: Positions,
): Promise<ReadonlySet<number>> {
  const fresh = await notCounted(tx, items, open)
  if (fresh.size === 0) return new Set()
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
  return new Set(fresh.keys())
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
