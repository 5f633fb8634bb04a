/**
 * The alert log: alerts, every change of them, and the outbox of deliveries, in one store so that a change
 * and its deliveries are recorded together or not at all.
 *
 * - Written by the alerts role; the API acknowledges and retries.
 * - What each endpoint has heard is kept with the deliveries: whoever was told that an alert began is told that it
 *   ended, once, and nobody else is.
 * - A change is recorded once: of those that stand (rule, device, property, observedAt, type) is unique, so a replay of
 *   the journal records nothing twice. A recorded change is never edited; one that turns out not to have happened is
 *   withdrawn, and kept. For an alert of a site as a whole `/` and the site stand for the device.
 * - `cursor` moves in the same transaction as the changes it stands for.
 */

import type { AlertChange, AlertState, AlertView } from '../../domain/alert.ts'
import type { AlertLevel } from '../../domain/rule.ts'
import type { Delivery, DeliveryAttempt, DeliveryState, Webhook } from '../../domain/webhook.ts'
import type { Audience } from '../../domain/webhook-route.ts'

/** Where one rule stands on one series between changes; JSON of the lifecycle, opaque to the store. */
export interface WatchState {
  rule: string
  /** Or `/` and a site, as `subjectOf` makes it. */
  device: string
  property: string
  state: string
}

/** An endpoint as it is registered; `catchUp`: it asks for what is open now, and is switched on. */
export interface Listener {
  webhook: Webhook
  secret: string
  catchUp: boolean
}

export interface Recording {
  /** Journal position up to which everything is judged; absent for changes by the clock. */
  cursor?: number
  watches: readonly WatchState[]
  /** Watches of rules or devices that no longer exist. */
  forget?: readonly Pick<WatchState, 'rule' | 'device' | 'property'>[]
  changes: readonly AlertChange[]
  /** What was learned late. */
  revisions?: readonly Revision[]
  /** The request up to which retries from quarantine are seen. */
  retries?: number
  /** Who is told of the changes, as is registered when they are recorded; nobody if absent. */
  audience?: Audience
}

/** Of what is owed: an alert at an endpoint; empty texts stand before all. */
export interface OwedPlace {
  alert: string
  webhook: string
}

/** What readings that came late, or in the place of others, change of the past of one rule on one series. */
export interface Revision {
  /** Ids of recorded changes that did not happen. */
  withdrawn: readonly string[]
  /** What happened and was not recorded, and `alert.corrected`. */
  changes: readonly AlertChange[]
  /** Those of them that are told, in that order; the others are for the record only. */
  told: readonly AlertChange[]
  /** The alerts concerned, new ones too, as they stand now; the open one comes last. */
  alerts: readonly RevisedAlert[]
  /** Milliseconds since 1970 UTC. */
  learnedAt: number
}

export interface RevisedAlert {
  /** `state` is `resolved` or `firing`; what people and the clock said of it stays. */
  view: AlertView
  /** Nothing of it holds. */
  isWithdrawn: boolean
  /** Its level is higher than anybody was told: an acknowledgement is asked for again. */
  isRaised: boolean
}

export interface AlertQuery {
  state?: readonly AlertState[]
  level?: readonly AlertLevel[]
  site?: string
  rule?: string
  /** Open at any time from (included) – to (not included), milliseconds since 1970 UTC. */
  from?: number
  to?: number
  /** Those of which nothing holds any more as well; left out unless it is asked for. */
  withdrawn?: boolean
  /** Continue after this alert; newest come first. */
  after?: string
  limit: number
}

export interface DeliveryQuery {
  webhook?: string
  alert?: string
  state?: DeliveryState
  after?: string
  limit: number
}

/** A delivery that is due, with the body to send. */
export interface DueDelivery {
  id: string
  webhook: string
  alert: string | null
  messageId: string
  type: string
  /** JSON text, fixed when the change was recorded, so that every attempt sends the same bytes. */
  body: string
  attempts: number
}

export interface AlertLog {
  cursor(): Promise<number>
  watches(): Promise<readonly WatchState[]>
  /** Alerts that are not resolved. */
  open(): Promise<readonly AlertView[]>
  /** The request up to which retries from quarantine were seen. */
  retries(): Promise<number>
  /**
   * Changes of level that stand, of one rule on one series: those observed at or after `from` and the last one before,
   * rising in time.
   */
  levels(
    of: Pick<WatchState, 'rule' | 'device' | 'property'>,
    from: number,
  ): Promise<readonly AlertChange[]>
  /** One transaction with the deliveries that tell it. Changes already recorded are left out; returns the new ones. */
  record(recording: Recording): Promise<readonly AlertChange[]>
  /**
   * Marks a firing or stale alert as acknowledged and records the change. `not_found` when there is none,
   * `conflict` when it is acknowledged already, `impossible` when it is resolved.
   */
  acknowledge(
    alert: string,
    by: { id: string; actor: string; note: string | null; at: number },
    audience: Audience,
  ): Promise<AlertView>
  /**
   * Takes over which endpoints there are: what one has heard that is gone is forgotten, and to one that asks for it
   * what is open is owed. All of them, each time.
   */
  attend(listeners: readonly Listener[], now: number): Promise<void>
  /**
   * Tells what is owed and can be told at `now`: what a silence has muted, what an endpoint missed that was switched
   * off, what is open to one that asked for it. A part of it, from behind `after` on; the place to go on from, or
   * null when that was all.
   */
  settle(audience: Audience, now: number, after: OwedPlace): Promise<OwedPlace | null>

  list(query: AlertQuery): Promise<readonly AlertView[]>
  get(alert: string): Promise<AlertView | undefined>
  /** In the order recorded, withdrawn changes too. */
  history(alert: string): Promise<readonly AlertChange[]>
  /** Changes in the order recorded, after the position of one (for event streams); `position` is opaque. */
  changesAfter(
    position: number,
    limit: number,
  ): Promise<readonly { position: number; change: AlertChange }[]>
  lastPosition(): Promise<number>

  /**
   * Deliveries due at `now`, oldest first. Of one webhook and one alert only the first that is still pending,
   * so that changes of an alert arrive in order. Those of the webhooks in `skip` are left out: a webhook that
   * has no free slot must not fill the answer.
   */
  due(now: number, limit: number, skip?: readonly string[]): Promise<readonly DueDelivery[]>
  /** When the next pending delivery is due, or null. */
  nextDueAt(): Promise<number | null>
  /** Deliveries still to be made, and when the oldest of them was recorded. */
  pending(): Promise<{ deliveries: number; oldestAt: number | null }>
  /**
   * Records an attempt and what follows from it: delivered, failed for good, or pending until `nextAttemptAt`. What is
   * `missed` failed because the endpoint is switched off: it is owed what it did not hear.
   */
  attempted(
    delivery: string,
    attempt: DeliveryAttempt,
    next: { state: DeliveryState; nextAttemptAt: number | null; missed?: boolean },
  ): Promise<void>
  enqueueTest(delivery: {
    id: string
    webhook: string
    messageId: string
    body: string
    at: number
  }): Promise<void>
  deliveries(query: DeliveryQuery): Promise<readonly Delivery[]>
  /** Makes a delivery due now, whatever its state; `not_found` if there is none. */
  retry(delivery: string, now: number): Promise<Delivery>
  /** Removes up to `limit` finished deliveries made before `olderThan`; returns how many. */
  prune(olderThan: number, limit: number): Promise<number>
  close(): Promise<void>
}
