/** The numbers of the alerts role; names and meanings as in `/metrics`. */

import type { Meter } from '../domain/ports.ts'

export type DeliveryOutcome = 'delivered' | 'retry' | 'failed'

export interface AlertMeters {
  changed(type: string): void
  /** From the receipt of the uplink to the record of the change it caused. */
  recorded(seconds: number): void
  /** Age of the newest uplink judged, when it was judged. */
  lag(seconds: number): void
  open(count: number): void
  fault(what: string): void
  /** A stretch of the past was gone through again. `changed`: it had been told otherwise. */
  lookedAgain(changed: boolean): void
  /** Second looks that wait, for the readings store or for their turn. */
  due(count: number): void
  delivered(outcome: DeliveryOutcome): void
  answered(seconds: number): void
  /** How long the oldest delivery has been due. */
  outboxAge(seconds: number): void
}

export function createAlertMeters(meter: Meter): AlertMeters {
  const changes = meter.counter('bellwether_alert_changes_total', 'Alert changes recorded.', [
    'type',
  ])
  const faults = meter.counter('bellwether_alert_faults_total', 'Faults that alerts met.', ['what'])
  const looks = meter.counter(
    'bellwether_alert_second_looks_total',
    'Second looks at the past of a series, by whether alerts changed.',
    ['changed'],
  )
  const deliveries = meter.counter(
    'bellwether_webhook_attempts_total',
    'Attempts to deliver to webhooks, by what follows from them.',
    ['outcome'],
  )
  return {
    changed: (type) => changes(1, { type }),
    recorded: meter.histogram(
      'bellwether_alert_recorded_seconds',
      'From the receipt of an uplink to the record of the alert change it caused.',
    ),
    lag: meter.gauge(
      'bellwether_alert_lag_seconds',
      'Age of the newest uplink judged for alerts, when it was judged.',
    ),
    open: meter.gauge('bellwether_alerts_open', 'Alerts that are not resolved.'),
    fault: (what) => faults(1, { what }),
    lookedAgain: (changed) => looks(1, { changed: String(changed) }),
    due: meter.gauge(
      'bellwether_alert_second_looks_due',
      'Rules on series of which late readings are still to be judged.',
    ),
    delivered: (outcome) => deliveries(1, { outcome }),
    answered: meter.histogram(
      'bellwether_webhook_answer_seconds',
      'From the begin of an attempt to its answer or failure.',
    ),
    outboxAge: meter.gauge(
      'bellwether_outbox_age_seconds',
      'How long the oldest delivery that is due has been waiting.',
    ),
  }
}
