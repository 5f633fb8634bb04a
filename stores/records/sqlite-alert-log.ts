/**
 * The alert log in one SQLite file. Writes are prepared statements in short immediate transactions, because
 * an alert waits for them; reads go through Kysely. Both share one connection, which is safe because each
 * transaction begins and ends within one turn of the event loop.
 */

import { Kysely, SqliteDialect } from 'kysely'
import type { AlertChange, AlertView } from '../../domain/alert.ts'
import { Fault } from '../../domain/errors.ts'
import type { Delivery, DeliveryAttempt } from '../../domain/webhook.ts'
import type { Audience } from '../../domain/webhook-route.ts'
import { migrate } from '../migrate.ts'
import { isStorageFault, openSqlite } from '../sqlite.ts'
import { Hearing } from './alert-hearing.ts'
import type { AlertLog, Listener, OwedPlace } from './alert-log.ts'
import { type AlertLogSchema, alertLogMigrations } from './alert-log-schema.ts'
import { type AfterAttempt, createOutbox } from './alert-outbox.ts'
import { createAlertQueries } from './alert-queries.ts'
import { createRecording } from './alert-recording.ts'

/** Another thread's transaction takes a few milliseconds; longer than this something is wrong. */
const busyTimeoutMs = 2_000

export function openAlertLog({ path }: { path: string }): AlertLog {
  const database = openSqlite(path, { synchronous: 'FULL', busyTimeoutMs })
  migrate(database, path, alertLogMigrations)
  const db = new Kysely<AlertLogSchema>({ dialect: new SqliteDialect({ database }) })
  const queries = createAlertQueries(db)
  const outbox = createOutbox(database)
  const hearing = new Hearing(database, outbox)
  const recording = createRecording(database, hearing)
  const attempted = database.transaction(
    (delivery: string, attempt: DeliveryAttempt, next: AfterAttempt) => {
      const { webhook, alert } = outbox.attempted(delivery, attempt, next)
      if (next.missed === true && alert !== null) hearing.missed({ alert, webhook, at: attempt.at })
    },
  ).immediate
  const attend = database.transaction((listeners: readonly Listener[], now: number) =>
    hearing.attend(listeners, now),
  ).immediate
  const settle = database.transaction((audience: Audience, now: number, after: OwedPlace) =>
    hearing.settle(audience, now, after),
  ).immediate
  const prune = database.transaction((olderThan: number, limit: number) => {
    hearing.prune(olderThan, limit)
    return outbox.prune(olderThan, limit)
  }).immediate

  async function mustFind(id: string): Promise<Delivery> {
    const delivery = await queries.delivery(id)
    if (delivery === undefined) throw new Fault('not_found', `There is no delivery ${id}.`)
    return delivery
  }

  return {
    ...queries,
    record: async (all): Promise<readonly AlertChange[]> => kept(() => recording.record(all)),
    acknowledge: async (alert, by, audience): Promise<AlertView> =>
      kept(() => recording.acknowledge(alert, by, audience)),
    attend: async (listeners, now) => kept(() => attend(listeners, now)),
    settle: async (audience, now, after) => kept(() => settle(audience, now, after)),
    due: async (now, limit, skip = []) => kept(() => outbox.due(now, limit, skip)),
    nextDueAt: async () => kept(() => outbox.nextDueAt()),
    pending: async () => kept(() => outbox.pending()),
    attempted: async (...all) => kept(() => attempted(...all)),
    enqueueTest: async (delivery) => kept(() => outbox.enqueueTest(delivery)),
    async retry(delivery, now) {
      kept(() => outbox.retry(delivery, now))
      return mustFind(delivery)
    },
    prune: async (olderThan, limit) => kept(() => prune(olderThan, limit)),
    close: () => db.destroy(),
  }
}

/** A full or broken disk is the world's fault: nothing was written, and the caller may try again. */
function kept<Result>(work: () => Result): Result {
  try {
    return work()
  } catch (cause) {
    if (!isStorageFault(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new Fault('store_unavailable', `The alert log answers: ${reason}`, { cause })
  }
}
