/** Reads of the alert log: alerts, their history, deliveries with their attempts, and where things stand. */

import { type ExpressionBuilder, type Kysely, sql } from 'kysely'
import type { AlertChange, AlertState, AlertView } from '../../domain/alert.ts'
import type { Delivery, DeliveryAttempt } from '../../domain/webhook.ts'
import type { AlertLog, AlertQuery, DeliveryQuery } from './alert-log.ts'
import type { AlertLogSchema, DeliveryTable } from './alert-log-schema.ts'

export type AlertQueries = Pick<
  AlertLog,
  | 'cursor'
  | 'retries'
  | 'levels'
  | 'watches'
  | 'open'
  | 'list'
  | 'get'
  | 'history'
  | 'changesAfter'
  | 'lastPosition'
  | 'deliveries'
> & { delivery(id: string): Promise<Delivery | undefined> }

type Db = Kysely<AlertLogSchema>
type AlertBuilder = ExpressionBuilder<AlertLogSchema, 'alert'>

export function createAlertQueries(db: Db): AlertQueries {
  return {
    async cursor() {
      const row = await db.selectFrom('progress').select('cursor').executeTakeFirstOrThrow()
      return row.cursor
    },
    async retries() {
      const row = await db.selectFrom('progress').select('retries').executeTakeFirstOrThrow()
      return row.retries
    },
    levels: (of, from) => levels(db, of, from),
    watches: () => db.selectFrom('watch').selectAll().execute(),
    async open() {
      const rows = await db.selectFrom('alert').select('view').where('resolved', '=', 0).execute()
      return rows.map(viewOf)
    },
    list: (query) => list(db, query),
    async get(alert) {
      const row = await db
        .selectFrom('alert')
        .select('view')
        .where('id', '=', alert)
        .executeTakeFirst()
      return row === undefined ? undefined : viewOf(row)
    },
    async history(alert) {
      const rows = await db
        .selectFrom('alert_change')
        .select(['body', 'withdrawn_at'])
        .where('alert', '=', alert)
        .orderBy('position')
        .execute()
      return rows.map((row) => ({
        ...changeOf(row),
        ...(row.withdrawn_at === null ? {} : { withdrawnAt: row.withdrawn_at }),
      }))
    },
    async changesAfter(position, limit) {
      const rows = await db
        .selectFrom('alert_change')
        .select(['position', 'body'])
        .where('position', '>', position)
        .orderBy('position')
        .limit(limit)
        .execute()
      return rows.map((row) => ({ position: row.position, change: changeOf(row) }))
    },
    async lastPosition() {
      const row = await db
        .selectFrom('alert_change')
        .select((eb) => eb.fn.max('position').as('last'))
        .executeTakeFirst()
      return row?.last ?? 0
    },
    deliveries: (query) => deliveries(db, query),
    async delivery(id) {
      const row = await db
        .selectFrom('delivery')
        .select(shown)
        .where('id', '=', id)
        .executeTakeFirst()
      return row === undefined ? undefined : (await withAttempts(db, [row]))[0]
    },
  }
}

const changesOfLevel = ['alert.raised', 'alert.escalated', 'alert.deescalated', 'alert.resolved']

async function levels(
  db: Db,
  { rule, device, property }: Parameters<AlertLog['levels']>[0],
  from: number,
): Promise<readonly AlertChange[]> {
  const standing = db
    .selectFrom('alert_change')
    .select(['body', 'observed_at', 'position'])
    .where('rule', '=', rule)
    .where('device', '=', device)
    .where('property', '=', property)
    .where('withdrawn_at', 'is', null)
    .where('type', 'in', changesOfLevel)
  const later = await standing
    .where('observed_at', '>=', from)
    .orderBy('observed_at')
    .orderBy('position')
    .execute()
  const before = await standing
    .where('observed_at', '<', from)
    .orderBy('observed_at', 'desc')
    .orderBy('position', 'desc')
    .limit(1)
    .execute()
  return [...before, ...later].map(changeOf)
}

async function list(db: Db, query: AlertQuery): Promise<readonly AlertView[]> {
  return (await listed(db, query).execute()).map(viewOf)
}

/**
 * The rows of a list. Which they are is found in an index alone: a view takes a page of the file, and on the way to the
 * few that were open in a short time long ago all that began before are passed over.
 */
export function listed(db: Db, query: AlertQuery) {
  let rows = db.selectFrom('alert').select(['id', 'raised_at'])
  const { state, level, site, rule, from, to, after } = query
  if (query.withdrawn !== true) rows = rows.where('withdrawn', '=', 0)
  if (state !== undefined) rows = rows.where((eb) => eb.or(state.map((s) => isInState(eb, s))))
  if (level !== undefined) rows = rows.where('level', 'in', level)
  if (site !== undefined) rows = rows.where('site', '=', site)
  if (rule !== undefined) rows = rows.where('rule', '=', rule)
  if (from !== undefined) {
    // One that began and ended in one moment was open in that moment.
    rows = rows.where((eb) =>
      eb.or([eb('ended_at', 'is', null), eb('ended_at', '>', from), eb('raised_at', '>=', from)]),
    )
  }
  if (to !== undefined) rows = rows.where('raised_at', '<', to)
  if (after !== undefined) {
    rows = rows.where(
      sql<boolean>`(raised_at, id) < (SELECT raised_at, id FROM alert WHERE id = ${after})`,
    )
  }
  const found = rows.orderBy('raised_at', 'desc').orderBy('id', 'desc').limit(query.limit)
  return (
    db
      .selectFrom(found.as('found'))
      // SQLite does not reorder a cross join: first what was found, then its view.
      .crossJoin('alert')
      .whereRef('alert.id', '=', 'found.id')
      .select('alert.view')
      .orderBy('found.raised_at', 'desc')
      .orderBy('found.id', 'desc')
  )
}

/** The same order of flags as `stateOf` of domain/alert-message.ts. */
function isInState(eb: AlertBuilder, state: AlertState) {
  const resolved = eb('resolved', '=', state === 'resolved' ? 1 : 0)
  if (state === 'resolved') return resolved
  const stale = eb('stale', '=', state === 'stale' ? 1 : 0)
  if (state === 'stale') return eb.and([resolved, stale])
  return eb.and([resolved, stale, eb('acknowledged', '=', state === 'acknowledged' ? 1 : 0)])
}

const shown = [
  'seq',
  'id',
  'webhook',
  'alert',
  'message_id',
  'type',
  'state',
  'next_at',
  'created_at',
] as const
type DeliveryRow = Pick<DeliveryTable, (typeof shown)[number]>

/** Newest first. */
async function deliveries(db: Db, query: DeliveryQuery): Promise<readonly Delivery[]> {
  let rows = db.selectFrom('delivery').select(shown)
  const { webhook, alert, state, after } = query
  if (webhook !== undefined) rows = rows.where('webhook', '=', webhook)
  if (alert !== undefined) rows = rows.where('alert', '=', alert)
  if (state !== undefined) rows = rows.where('state', '=', state)
  if (after !== undefined) {
    rows = rows.where('seq', '<', (eb) =>
      eb.selectFrom('delivery as last').select('last.seq').where('last.id', '=', after),
    )
  }
  return withAttempts(db, await rows.orderBy('seq', 'desc').limit(query.limit).execute())
}

async function withAttempts(db: Db, rows: readonly DeliveryRow[]): Promise<Delivery[]> {
  if (rows.length === 0) return []
  const seqs = JSON.stringify(rows.map((row) => row.seq))
  const found = await db
    .selectFrom('attempt')
    .selectAll()
    .where(sql<boolean>`delivery IN (SELECT value FROM json_each(${seqs}))`)
    .orderBy('number')
    .execute()
  const attempts = new Map<number, DeliveryAttempt[]>(rows.map((row) => [row.seq, []]))
  for (const { delivery, at, status, answer, duration_ms } of found) {
    attempts.get(delivery)?.push({ at, status, answer, durationMs: duration_ms })
  }
  return rows.map((row) => ({
    id: row.id,
    webhook: row.webhook,
    alert: row.alert,
    messageId: row.message_id,
    type: row.type,
    state: row.state,
    attempts: attempts.get(row.seq) ?? [],
    nextAttemptAt: row.next_at,
    createdAt: row.created_at,
  }))
}

/** What earlier versions have written holds no `endedBy`. */
function viewOf(row: { view: string }): AlertView {
  return withEnder(JSON.parse(row.view) as AlertView)
}

function withEnder(view: AlertView): AlertView {
  return view.endedBy === undefined ? { ...(view as AlertView), endedBy: null } : view
}

function changeOf(row: { body: string }): AlertChange {
  const change = JSON.parse(row.body) as AlertChange
  return { ...change, view: withEnder(change.view) }
}
