/**
 * The audit trail: who did what, when, from where, and whether it was done. Rows are only ever added. A change is
 * written down before it is made, in a table beside the trail, so that a process that is killed in its middle leaves
 * a trace.
 *
 * Each row carries SHA-256 over the hash before it and its own content, and the newest id and hash are kept
 * beside the rows, so that a changed, inserted or removed row is found by walking the chain, also at its
 * end. Who can rewrite the whole file can rewrite the chain: against that, keep `head` somewhere else.
 */

import { createHash } from 'node:crypto'
import type { Kysely, Transaction } from 'kysely'
import type { AuditEntry, BegunChange } from './registry.ts'
import type { AuditTable, RegistrySchema } from './registry-schema.ts'
import { storableText } from './storable-text.ts'

const textMax = 1_000
const rowsPerPage = 5_000
/** The hash before the first row. */
export const auditOrigin = '0'.repeat(64)

export async function appendAudit(
  tx: Transaction<RegistrySchema>,
  entry: AuditEntry,
): Promise<void> {
  const head = await tx.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()
  const row = {
    id: head.id + 1,
    at: entry.at,
    actor: storableText(entry.actor, textMax),
    action: storableText(entry.action, textMax),
    target: storableText(entry.target, textMax),
    result: entry.result,
    origin: storableText(entry.from, textMax),
  }
  const hash = chained(head.hash, row)
  await tx
    .insertInto('audit')
    .values({ ...row, hash })
    .execute()
  await tx.updateTable('audit_head').set({ id: row.id, hash }).execute()
}

export async function beginAudit(
  tx: Transaction<RegistrySchema>,
  { at, from, ...texts }: BegunChange,
): Promise<number> {
  const { id } = await tx
    .insertInto('audit_begun')
    .values({
      at,
      actor: storableText(texts.actor, textMax),
      action: storableText(texts.action, textMax),
      target: storableText(texts.target, textMax),
      origin: storableText(from, textMax),
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  return id
}

export async function endAudit(
  tx: Transaction<RegistrySchema>,
  begun: number,
  entry: AuditEntry,
): Promise<void> {
  await tx.deleteFrom('audit_begun').where('id', '=', begun).execute()
  await appendAudit(tx, entry)
}

/** Pages, so that the memory it takes does not depend on how many there are. */
export async function settleAudit(tx: Transaction<RegistrySchema>): Promise<number> {
  let settled = 0
  for (;;) {
    const rows = await tx
      .selectFrom('audit_begun')
      .selectAll()
      .orderBy('id')
      .limit(rowsPerPage)
      .execute()
    for (const { id, origin, ...change } of rows) {
      await endAudit(tx, id, { ...change, from: origin, result: 'unknown' })
    }
    settled += rows.length
    if (rows.length < rowsPerPage) return settled
  }
}

/** Newest first; `before` is the id of the last entry of the page before. */
export async function auditTrail(
  db: Kysely<RegistrySchema>,
  limit: number,
  before?: number,
): Promise<readonly (AuditEntry & { id: number })[]> {
  const rows = await db
    .selectFrom('audit')
    .select(['id', 'at', 'actor', 'action', 'target', 'result', 'origin as from'])
    .$if(before !== undefined, (query) => query.where('id', '<', before ?? 0))
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows
}

export interface AuditCheck {
  entries: number
  /** Hash of the newest entry: keep it elsewhere to be sure of everything up to here. */
  head: string
  /** The first entry that is not what was written, or null when the chain is whole. */
  brokenAt: number | null
}

/** Walks the whole chain. */
export async function checkAudit(db: Kysely<RegistrySchema>): Promise<AuditCheck> {
  // Read before the rows: entries that are added meanwhile are checked as well, and are no fault.
  const newest = await db.selectFrom('audit_head').selectAll().executeTakeFirstOrThrow()
  let entries = 0
  let head = auditOrigin
  for (;;) {
    const rows = await db
      .selectFrom('audit')
      .selectAll()
      .where('id', '>', entries)
      .orderBy('id')
      .limit(rowsPerPage)
      .execute()
    for (const { hash, ...row } of rows) {
      const next = entries + 1
      const whole = row.id === next && hash === chained(head, row)
      if (!whole || (row.id === newest.id && hash !== newest.hash)) {
        return { entries, head, brokenAt: next }
      }
      entries = row.id
      head = hash
    }
    if (rows.length < rowsPerPage) break
  }
  return { entries, head, brokenAt: entries < newest.id ? entries + 1 : null }
}

/** JSON keeps the fields apart, so that no two different rows have the same text. */
function chained(previous: string, row: Omit<AuditTable, 'hash'>): string {
  const content = [row.id, row.at, row.actor, row.action, row.target, row.result, row.origin]
  return createHash('sha256')
    .update(JSON.stringify([previous, ...content]))
    .digest('hex')
}
