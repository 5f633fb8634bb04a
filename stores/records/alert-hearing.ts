/**
 * What each endpoint has heard of each open alert, in the transaction of the deliveries that tell it. So no crash
 * loses the end of an alert whose beginning was told, and none tells an end that had no beginning.
 *
 * What cannot be told when it happens (a silence is on, the endpoint is switched off, or it is new and asks for
 * what is open) is *owed*, and settled later with one message that says where the alert stands then.
 */

import { createHash } from 'node:crypto'
import type { AlertChange, AlertChangeType, AlertView } from '../../domain/alert.ts'
import { alertMessage, laterMessage } from '../../domain/alert-message.ts'
import { type AlertLevel, alertLevels } from '../../domain/rule.ts'
import type { Webhook } from '../../domain/webhook.ts'
import {
  type Audience,
  type Debt,
  isConcerned,
  isFor,
  isOfLevel,
  mutedBy,
} from '../../domain/webhook-route.ts'
import type { SqliteDatabase } from '../sqlite.ts'
import type { Listener, OwedPlace } from './alert-log.ts'
import type { HeardTable } from './alert-log-schema.ts'
import type { Outbox } from './alert-outbox.ts'

type Heard = Pick<HeardTable, 'webhook' | 'level' | 'owed'>
type Owed = HeardTable & { resolved: number; view: string; owed: Debt }

const owedPerRound = 200

export class Hearing {
  readonly #outbox: Outbox
  readonly #ofAlert
  readonly #save
  readonly #drop
  readonly #dropWebhook
  readonly #dropOld
  readonly #owed
  readonly #lastChange
  readonly #end
  readonly #lastDelivered
  readonly #toldOf
  readonly #listeners
  readonly #saveListener
  readonly #dropListener
  readonly #open

  constructor(db: SqliteDatabase, outbox: Outbox) {
    this.#outbox = outbox
    this.#ofAlert = db.prepare<[string], Heard>(
      'SELECT webhook, level, owed FROM heard WHERE alert = ?',
    )
    this.#save = db.prepare<[HeardTable]>(
      `INSERT INTO heard (alert, webhook, level, owed) VALUES (@alert, @webhook, @level, @owed)
       ON CONFLICT DO UPDATE SET level = excluded.level, owed = excluded.owed`,
    )
    this.#drop = db.prepare<[string, string]>('DELETE FROM heard WHERE alert = ? AND webhook = ?')
    this.#dropWebhook = db.prepare<[string]>('DELETE FROM heard WHERE webhook = ?')
    this.#dropOld = db.prepare<[number, number]>(
      `DELETE FROM heard WHERE alert IN
         (SELECT alert FROM heard JOIN alert ON alert.id = heard.alert WHERE ended_at < ? LIMIT ?)`,
    )
    this.#owed = db.prepare<[string, string, number], Owed>(
      `SELECT alert, webhook, heard.level, owed, resolved, view
       FROM heard JOIN alert ON alert.id = heard.alert
       WHERE owed IS NOT NULL AND (alert, webhook) > (?, ?) ORDER BY alert, webhook LIMIT ?`,
    )
    this.#lastChange = db.prepare<[string], { body: string }>(
      'SELECT body FROM alert_change WHERE alert = ? ORDER BY position DESC LIMIT 1',
    )
    this.#end = db.prepare<[string], { body: string }>(
      `SELECT body FROM alert_change WHERE alert = ? AND type = 'alert.resolved'`,
    )
    this.#lastDelivered = db.prepare<[string, string], { level: AlertLevel }>(
      `SELECT json_extract(body, '$.data.alert.level') AS level FROM delivery
       WHERE webhook = ? AND alert = ? AND state = 'delivered' ORDER BY seq DESC LIMIT 1`,
    )
    this.#toldOf = db.prepare<[string], { webhook: string }>(
      'SELECT DISTINCT webhook FROM delivery WHERE alert = ?',
    )
    this.#listeners = db.prepare<[], { webhook: string; print: string; caughtUp: number }>(
      'SELECT webhook, print, caught_up AS caughtUp FROM listener',
    )
    this.#saveListener = db.prepare<[string, string, number]>(
      `INSERT INTO listener (webhook, print, caught_up) VALUES (?, ?, ?)
       ON CONFLICT DO UPDATE SET print = excluded.print, caught_up = excluded.caught_up`,
    )
    this.#dropListener = db.prepare<[string]>('DELETE FROM listener WHERE webhook = ?')
    this.#open = db.prepare<[], { view: string }>('SELECT view FROM alert WHERE resolved = 0')
  }

  /** Tells a change that was just recorded; `muted`: a silence is on. */
  tell(change: AlertChange, { webhooks }: Audience, muted: boolean): void {
    const { alert, type, level } = change
    const rows = new Map(this.#ofAlert.all(alert).map((row) => [row.webhook, row]))
    const message = alertMessage(change)
    const isEnd = endsWith(change)
    const told = type === 'alert.corrected' ? this.#everTold(alert) : null
    for (const webhook of webhooks) {
      const heard = rows.get(webhook.id)?.level ?? (told?.has(webhook.id) === true ? level : null)
      if (!isFor(webhook, change, heard)) continue
      const debt = debtOf(webhook, muted && !isEnd)
      if (debt === null) {
        this.#outbox.put(webhook.id, change, message)
        this.#save.run({ alert, webhook: webhook.id, level, owed: null })
        if (isEnd) this.#drop.run(alert, webhook.id)
      } else if ((isOfLevel(type) || isEnd) && (debt === 'silence' || heard !== null)) {
        this.#save.run({ alert, webhook: webhook.id, level: heard, owed: debt })
      }
      rows.delete(webhook.id)
    }
    if (!isEnd) return
    for (const { webhook } of rows.values()) this.#drop.run(alert, webhook)
  }

  /**
   * Takes over which endpoints there are: what one heard that is gone is forgotten, and to one that asks for it
   * what is open is owed.
   */
  attend(listeners: readonly Listener[], now: number): void {
    const known = new Map(this.#listeners.all().map((row) => [row.webhook, row]))
    for (const { webhook, secret, catchUp } of listeners) {
      const print = createHash('sha256').update(secret).digest('hex')
      const before = known.get(webhook.id)
      known.delete(webhook.id)
      const isOther = before !== undefined && before.print !== print
      if (isOther) this.#forget(webhook.id, now)
      if (catchUp && (isOther || before?.caughtUp !== 1)) this.#oweOpen(webhook)
      if (isOther || before === undefined || before.caughtUp !== Number(catchUp)) {
        this.#saveListener.run(webhook.id, print, Number(catchUp))
      }
    }
    for (const webhook of known.keys()) {
      this.#forget(webhook, now)
      this.#dropListener.run(webhook)
    }
  }

  /**
   * Settles what is owed and can be told now, from behind `after` on; returns the place to go on from, or null when
   * that was all. A few at a time, so that other writers need not wait.
   */
  settle(audience: Audience, now: number, after: OwedPlace): OwedPlace | null {
    const webhooks = new Map(audience.webhooks.map((webhook) => [webhook.id, webhook]))
    const rows = this.#owed.all(after.alert, after.webhook, owedPerRound)
    for (const row of rows) {
      const webhook = webhooks.get(row.webhook)
      if (webhook === undefined) this.#drop.run(row.alert, row.webhook)
      else if (!webhook.enabled) continue
      else if (row.resolved === 1) this.#settleEnd(row)
      else this.#settleOpen(row, webhook, audience, now)
    }
    const last = rows.at(-1)
    return rows.length < owedPerRound || last === undefined ? null : last
  }

  /**
   * A delivery was given up because the endpoint is switched off: it has heard what was delivered before. What waits
   * behind it is given up as well, and settled in one message when the endpoint is on again.
   */
  missed({ alert, webhook, at }: OwedPlace & { at: number }): void {
    const level = this.#lastDelivered.get(webhook, alert)?.level ?? null
    this.#outbox.giveUp({ webhook, alert, at, reason: 'The endpoint is switched off.' })
    this.#save.run({ alert, webhook, level, owed: 'switched_off' })
  }

  /** Of alerts that ended before `olderThan` nobody wants to hear any more. */
  prune(olderThan: number, limit: number): void {
    this.#dropOld.run(olderThan, limit)
  }

  /** It is gone: another endpoint of its id is not to get what was meant for this one. */
  #forget(webhook: string, at: number): void {
    this.#outbox.giveUp({ webhook, alert: null, at, reason: 'The endpoint was removed.' })
    this.#dropWebhook.run(webhook)
  }

  /** What an endpoint heard of an alert is forgotten with its end; a correction may come after it. */
  #everTold(alert: string): ReadonlySet<string> {
    return new Set(this.#toldOf.all(alert).map(({ webhook }) => webhook))
  }

  #oweOpen(webhook: Webhook): void {
    for (const row of this.#open.all()) {
      const view = JSON.parse(row.view) as AlertView
      if (!isConcerned(webhook, view)) continue
      const known = this.#ofAlert.all(view.id).find((one) => one.webhook === webhook.id)
      if (known !== undefined) continue
      this.#save.run({ alert: view.id, webhook: webhook.id, level: null, owed: 'catch_up' })
    }
  }

  #settleEnd({ alert, webhook, level }: Owed): void {
    const end = this.#end.get(alert)
    if (level !== null && end !== undefined) {
      const change = JSON.parse(end.body) as AlertChange
      this.#outbox.put(webhook, change, alertMessage(change))
    }
    this.#drop.run(alert, webhook)
  }

  #settleOpen(row: Owed, webhook: Webhook, audience: Audience, now: number): void {
    const { alert, level: heard, owed } = row
    const view = JSON.parse(row.view) as AlertView
    if (heard === view.level || !isConcerned(webhook, view, heard)) {
      if (heard === null) this.#drop.run(alert, webhook.id)
      else this.#save.run({ alert, webhook: webhook.id, level: heard, owed: null })
      return
    }
    if (mutedBy(view, audience.silences, now).length > 0) return
    const type = typeSince(heard, view.level)
    const body = laterMessage({ type, at: now, view: { ...view, previousLevel: heard }, owed })
    const last = this.#lastChange.get(alert)
    const id = laterId([alert, webhook.id, view.level, last === undefined ? '' : idIn(last.body)])
    this.#outbox.put(webhook.id, { id, alert, type, recordedAt: now }, body)
    this.#save.run({ alert, webhook: webhook.id, level: view.level, owed: null })
  }
}

/** A correction ends an alert of which nothing holds, or which turns out to be over. */
function endsWith({ type, view }: AlertChange): boolean {
  return type === 'alert.resolved' || (type === 'alert.corrected' && view.state === 'resolved')
}

function debtOf({ enabled }: Webhook, muted: boolean): Debt | null {
  if (!enabled) return 'switched_off'
  return muted ? 'silence' : null
}

/** To one that has heard nothing it begins; to another it has gone up or down since. */
function typeSince(heard: AlertLevel | null, level: AlertLevel): AlertChangeType {
  if (heard === null) return 'alert.raised'
  const rose = alertLevels.indexOf(level) > alertLevels.indexOf(heard)
  return rose ? 'alert.escalated' : 'alert.deescalated'
}

function idIn(body: string): string {
  return (JSON.parse(body) as AlertChange).id
}

/** Follows from what is told, so that the same message given up once is sent again under its id. */
function laterId(of: readonly string[]): string {
  const hash = createHash('sha256').update(of.join('\n')).digest('base64url')
  return `msg_${hash.slice(0, 22)}`
}
