/**
 * The outbox: deliveries to be made and what became of each. After every write the line of an alert at a
 * webhook is put in order again: its first pending delivery is due some time, all behind it wait.
 */

import { createHash } from 'node:crypto'
import type { AlertChange } from '../../domain/alert.ts'
import { Fault } from '../../domain/errors.ts'
import type { DeliveryAttempt, DeliveryState } from '../../domain/webhook.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { DueDelivery } from './alert-log.ts'
import type { DeliveryTable } from './alert-log-schema.ts'

/** What follows from an attempt; `missed`: it was given up because the endpoint is switched off. */
export interface AfterAttempt {
  state: DeliveryState
  nextAttemptAt: number | null
  missed?: boolean
}

export interface Outbox {
  /** Inside the caller's transaction. One that was put before and given up is due again, as it was. */
  put(
    webhook: string,
    change: Pick<AlertChange, 'id' | 'alert' | 'type' | 'recordedAt'>,
    body: string,
  ): void
  due(now: number, limit: number, skip: readonly string[]): readonly DueDelivery[]
  nextDueAt(): number | null
  pending(): { deliveries: number; oldestAt: number | null }
  /** Inside the caller's transaction; returns where the delivery belongs. */
  attempted(
    delivery: string,
    attempt: DeliveryAttempt,
    next: AfterAttempt,
  ): Pick<Line, 'webhook' | 'alert'>
  /** Gives up what waits to be sent of one alert at the endpoint, or of all, with the reason on record. */
  giveUp(of: { webhook: string; alert: string | null; at: number; reason: string }): void
  enqueueTest(delivery: {
    id: string
    webhook: string
    messageId: string
    body: string
    at: number
  }): void
  retry(delivery: string, now: number): void
  prune(olderThan: number, limit: number): number
}

type Line = Pick<DeliveryTable, 'seq' | 'webhook' | 'alert' | 'attempts'>

export function createOutbox(db: SqliteDatabase): Outbox {
  const insert = db.prepare(
    `INSERT INTO delivery (id, webhook, alert, message_id, type, state, attempts, next_at, created_at, body)
     VALUES (@id, @webhook, @alert, @messageId, @type, 'pending', 0, @at, @at, @body)
     ON CONFLICT (id) DO UPDATE SET state = 'pending', next_at = excluded.next_at`,
  )
  const findDue = db.prepare<[number, string, number], DueDelivery>(
    `SELECT id, webhook, alert, message_id AS messageId, type, body, attempts FROM delivery
     WHERE next_at IS NOT NULL AND next_at <= ? AND webhook NOT IN (SELECT value FROM json_each(?))
     ORDER BY next_at, seq LIMIT ?`,
  )
  const findNext = db.prepare<[], { at: number | null }>(
    'SELECT min(next_at) AS at FROM delivery WHERE next_at IS NOT NULL',
  )
  const countPending = db.prepare<[], { deliveries: number; oldestAt: number | null }>(
    `SELECT deliveries, (SELECT created_at FROM delivery WHERE seq = first) AS oldestAt
     FROM (SELECT count(*) AS deliveries, min(seq) AS first FROM delivery WHERE state = 'pending')`,
  )
  const find = db.prepare<[string], Line>(
    'SELECT seq, webhook, alert, attempts FROM delivery WHERE id = ?',
  )
  const update = db.prepare(
    'UPDATE delivery SET state = @state, next_at = @nextAt, attempts = @attempts WHERE seq = @seq',
  )
  const insertAttempt = db.prepare(
    `INSERT INTO attempt (delivery, number, at, status, answer, duration_ms)
     VALUES (@seq, @number, @at, @status, @answer, @durationMs)`,
  )
  const findHead = db.prepare<[string, string], { seq: number }>(
    `SELECT seq FROM delivery WHERE state = 'pending' AND webhook = ? AND alert = ?
     ORDER BY seq LIMIT 1`,
  )
  const wakeHead = db.prepare('UPDATE delivery SET next_at = coalesce(next_at, ?) WHERE seq = ?')
  const hastenHead = db.prepare('UPDATE delivery SET next_at = ? WHERE seq = ?')
  const holdOthers = db.prepare(
    `UPDATE delivery SET next_at = NULL
     WHERE state = 'pending' AND webhook = ? AND alert = ? AND seq > ? AND next_at IS NOT NULL`,
  )
  const waiting = `state = 'pending' AND webhook = @webhook AND alert = coalesce(@alert, alert)`
  const explain = db.prepare(
    `INSERT INTO attempt (delivery, number, at, status, answer, duration_ms)
     SELECT seq, attempts + 1, @at, NULL, @reason, 0 FROM delivery WHERE ${waiting}`,
  )
  const giveUp = db.prepare(
    `UPDATE delivery SET state = 'failed', next_at = NULL, attempts = attempts + 1 WHERE ${waiting}`,
  )
  const removeOld = db.prepare(
    `DELETE FROM delivery WHERE seq IN
       (SELECT seq FROM delivery WHERE state <> 'pending' AND created_at < ? LIMIT ?)`,
  )

  /** Returns the head, if any is pending. */
  function order({ webhook, alert }: Pick<Line, 'webhook' | 'alert'>, now: number): number | null {
    if (alert === null) return null
    const head = findHead.get(webhook, alert)
    if (head === undefined) return null
    holdOthers.run(webhook, alert, head.seq)
    wakeHead.run(now, head.seq)
    return head.seq
  }

  function mustFind(id: string): Line {
    const line = find.get(id)
    if (line === undefined) throw new Fault('not_found', `There is no delivery ${id}.`)
    return line
  }

  return {
    put(webhook, change, body) {
      const { alert, type, recordedAt: at } = change
      const id = deliveryId(change.id, webhook)
      insert.run({ id, webhook, alert, messageId: change.id, type, at, body })
      order({ webhook, alert }, at)
    },
    due: (now, limit, skip) => findDue.all(now, JSON.stringify(skip), limit),
    nextDueAt: () => findNext.get()?.at ?? null,
    pending: () => countPending.get() ?? { deliveries: 0, oldestAt: null },
    attempted(delivery, attempt, next) {
      const line = mustFind(delivery)
      const number = line.attempts + 1
      const nextAt = next.state === 'pending' ? next.nextAttemptAt : null
      const durationMs = Math.round(attempt.durationMs)
      insertAttempt.run({ seq: line.seq, number, ...attempt, durationMs })
      update.run({ seq: line.seq, state: next.state, nextAt, attempts: number })
      order(line, attempt.at + durationMs)
      return line
    },
    giveUp({ webhook, alert, at, reason }) {
      explain.run({ webhook, alert, at, reason })
      giveUp.run({ webhook, alert })
    },
    enqueueTest({ id, webhook, messageId, body, at }) {
      insert.run({ id, webhook, alert: null, messageId, type: 'webhook.test', at, body })
    },
    retry: db.transaction<Outbox['retry']>((delivery, now) => {
      const { seq, webhook, alert, attempts } = mustFind(delivery)
      update.run({ seq, state: 'pending', nextAt: now, attempts })
      // Order goes before haste: one that waits behind another is hastened by hastening that other.
      const head = order({ webhook, alert }, now)
      if (head !== null) hastenHead.run(now, head)
    }).immediate,
    prune: (olderThan, limit) => removeOld.run(olderThan, limit).changes,
  }
}

/** The same for the same change and webhook, so that a change computed twice cannot be sent as two. */
function deliveryId(change: string, webhook: string): string {
  const hash = createHash('sha256').update(`${change}\n${webhook}`).digest('base64url')
  return `dlv_${hash.slice(0, 22)}`
}
