/**
 * The alert log: alerts, every change of them, and the outbox of deliveries, in one store so that a change
 * and its deliveries are recorded together or not at all.
 *
 * - Written by the alerts role; the API acknowledges and retries.
 * - A change is recorded once: (rule, device, property, observedAt, type) is unique, so a replay of the
 *   journal records nothing twice. For an alert of a site as a whole `/` and the site stand for the device.
 * - `cursor` moves in the same transaction as the changes it stands for.
 */

import type { AlertChange, AlertState, AlertView } from '../../domain/alert.ts'
import type { AlertLevel } from '../../domain/rule.ts'
import type { Delivery, DeliveryAttempt, DeliveryState } from '../../domain/webhook.ts'

/** Where one rule stands on one series between changes; JSON of the lifecycle, opaque to the store. */
export interface WatchState {
  rule: string
  /** Or `/` and a site, as `subjectOf` makes it. */
  device: string
  property: string
  state: string
}

/** A delivery to be made, one per matching webhook of a change. */
export interface OutboxItem {
  webhook: string
  change: AlertChange
}

export interface Recording {
  /** Journal position up to which everything is judged; absent for changes by the clock. */
  cursor?: number
  watches: readonly WatchState[]
  /** Watches of rules or devices that no longer exist. */
  forget?: readonly Pick<WatchState, 'rule' | 'device' | 'property'>[]
  changes: readonly AlertChange[]
  outbox: readonly OutboxItem[]
}

export interface AlertQuery {
  state?: readonly AlertState[]
  level?: readonly AlertLevel[]
  site?: string
  rule?: string
  /** Raised at or after, milliseconds since 1970 UTC. */
  from?: number
  to?: number
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
  /** One transaction. Changes already recorded are left out, with their outbox items; returns the new ones. */
  record(recording: Recording): Promise<readonly AlertChange[]>
  /**
   * Marks a firing or stale alert as acknowledged and records the change. `not_found` when there is none,
   * `conflict` when it is acknowledged already, `impossible` when it is resolved.
   */
  acknowledge(
    alert: string,
    by: { id: string; actor: string; note: string | null; at: number },
    webhooksFor: (view: AlertView) => readonly string[],
  ): Promise<AlertView>

  list(query: AlertQuery): Promise<readonly AlertView[]>
  get(alert: string): Promise<AlertView | undefined>
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
  /** Records an attempt and what follows from it: delivered, failed for good, or pending until `nextAttemptAt`. */
  attempted(
    delivery: string,
    attempt: DeliveryAttempt,
    next: { state: DeliveryState; nextAttemptAt: number | null },
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
