/**
 * The tables of the alert log. An alert's state is three flags, because two writers set them: the alerts role
 * (stale, resolved) and the API (acknowledged); what is shown follows from all three.
 *
 * Of the deliveries of one alert to one webhook only the first pending one has a `next_at`; the others wait
 * behind it. So what is due is one short index range, however much history or waiting there is.
 */

import type { AlertLevel } from '../../domain/rule.ts'
import type { DeliveryState } from '../../domain/webhook.ts'
import type { Debt } from '../../domain/webhook-route.ts'
import type { Migrations } from '../migrate.ts'

export interface AlertTable {
  id: string
  rule: string
  device: string
  property: string
  site: string | null
  level: AlertLevel
  raised_at: number
  acknowledged: number
  stale: number
  resolved: number
  /** When it ended, milliseconds since 1970 UTC; null while it is open. */
  ended_at: number | null
  /** 1: nothing of it holds any more, it is kept for those who were told. */
  withdrawn: number
  /** JSON of `AlertView` after the last change. */
  view: string
}

export interface AlertChangeTable {
  position: number
  id: string
  alert: string
  rule: string
  device: string
  property: string
  observed_at: number
  type: string
  /** JSON of `AlertChange`, as it was recorded. */
  body: string
  /** Since when it is known that it did not happen, milliseconds since 1970 UTC. */
  withdrawn_at: number | null
}

export interface WatchTable {
  rule: string
  device: string
  property: string
  state: string
}

export interface DeliveryTable {
  seq: number
  id: string
  webhook: string
  alert: string | null
  message_id: string
  type: string
  state: DeliveryState
  attempts: number
  next_at: number | null
  created_at: number
  body: string
}

export interface AttemptTable {
  delivery: number
  number: number
  at: number
  status: number | null
  answer: string
  duration_ms: number
}

/** What an endpoint has heard of an alert, in the transaction of its deliveries; kept until it has heard the end. */
export interface HeardTable {
  alert: string
  webhook: string
  /** That it was told last; null when it was told nothing yet. */
  level: AlertLevel | null
  /** Why it was not told what came after. */
  owed: Debt | null
}

/** Endpoints as the alerts role has met them. */
export interface ListenerTable {
  webhook: string
  /** SHA-256 of the secret: another endpoint of the same id has another one. */
  print: string
  caught_up: number
}

export interface AlertLogSchema {
  alert: AlertTable
  alert_change: AlertChangeTable
  watch: WatchTable
  /** `retries`: up to which request of the ledger retries from quarantine are seen. */
  progress: { id: number; cursor: number; retries: number }
  delivery: DeliveryTable
  attempt: AttemptTable
  heard: HeardTable
  listener: ListenerTable
}

export const alertLogMigrations: Migrations = [
  `
  CREATE TABLE alert (
    id TEXT PRIMARY KEY,
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    property TEXT NOT NULL,
    site TEXT,
    level TEXT NOT NULL,
    raised_at INTEGER NOT NULL,
    acknowledged INTEGER NOT NULL,
    stale INTEGER NOT NULL,
    resolved INTEGER NOT NULL,
    view TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX alert_open ON alert (rule, device, property) WHERE resolved = 0;
  CREATE INDEX alert_by_age ON alert (raised_at, id);
  CREATE INDEX alert_by_site ON alert (site, raised_at, id);
  CREATE INDEX alert_by_rule ON alert (rule, raised_at, id);

  CREATE TABLE alert_change (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL REFERENCES alert (id),
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    property TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (rule, device, property, observed_at, type)
  ) STRICT;
  CREATE INDEX alert_change_by_alert ON alert_change (alert, position);

  CREATE TABLE watch (
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    property TEXT NOT NULL,
    state TEXT NOT NULL,
    PRIMARY KEY (rule, device, property)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE progress (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    cursor INTEGER NOT NULL
  ) STRICT;
  INSERT INTO progress VALUES (1, 0);

  CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    webhook TEXT NOT NULL,
    alert TEXT REFERENCES alert (id),
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'delivered', 'failed')),
    attempts INTEGER NOT NULL,
    next_at INTEGER CHECK (next_at IS NULL OR state = 'pending'),
    created_at INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT;
  CREATE INDEX delivery_due ON delivery (next_at, seq) WHERE next_at IS NOT NULL;
  CREATE INDEX delivery_line ON delivery (webhook, alert, seq) WHERE state = 'pending';
  CREATE INDEX delivery_done ON delivery (created_at) WHERE state <> 'pending';
  CREATE INDEX delivery_by_webhook ON delivery (webhook, seq);
  CREATE INDEX delivery_by_alert ON delivery (alert, seq);

  CREATE TABLE attempt (
    delivery INTEGER NOT NULL REFERENCES delivery (seq) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    at INTEGER NOT NULL,
    status INTEGER,
    answer TEXT NOT NULL,
    duration_ms INTEGER NOT NULL,
    PRIMARY KEY (delivery, number)
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE alert ADD COLUMN ended_at INTEGER;
  UPDATE alert SET ended_at = coalesce(
    (SELECT observed_at FROM alert_change WHERE alert = alert.id AND type = 'alert.resolved'), raised_at)
    WHERE resolved = 1;
  CREATE INDEX alert_by_end ON alert (ended_at);

  CREATE TABLE heard (
    alert TEXT NOT NULL REFERENCES alert (id),
    webhook TEXT NOT NULL,
    level TEXT,
    owed TEXT CHECK (owed IN ('silence', 'switched_off', 'catch_up')),
    PRIMARY KEY (alert, webhook)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX heard_owed ON heard (alert, webhook) WHERE owed IS NOT NULL;
  CREATE INDEX heard_by_webhook ON heard (webhook);
  INSERT INTO heard (alert, webhook, level)
    SELECT delivery.alert, delivery.webhook, json_extract(delivery.body, '$.data.alert.level')
    FROM delivery JOIN alert ON alert.id = delivery.alert AND alert.resolved = 0
    WHERE delivery.seq = (SELECT max(seq) FROM delivery AS last
      WHERE last.alert = delivery.alert AND last.webhook = delivery.webhook);

  CREATE TABLE listener (
    webhook TEXT PRIMARY KEY,
    print TEXT NOT NULL,
    caught_up INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE alert ADD COLUMN withdrawn INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE progress ADD COLUMN retries INTEGER NOT NULL DEFAULT 0;

  CREATE TABLE change (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    alert TEXT NOT NULL REFERENCES alert (id),
    rule TEXT NOT NULL,
    device TEXT NOT NULL,
    property TEXT NOT NULL,
    observed_at INTEGER NOT NULL,
    type TEXT NOT NULL,
    body TEXT NOT NULL,
    withdrawn_at INTEGER
  ) STRICT;
  INSERT INTO change SELECT *, NULL FROM alert_change ORDER BY position;
  DROP TABLE alert_change;
  ALTER TABLE change RENAME TO alert_change;
  CREATE INDEX alert_change_by_alert ON alert_change (alert, position);
  CREATE UNIQUE INDEX alert_change_once ON alert_change (rule, device, property, observed_at, type)
    WHERE withdrawn_at IS NULL AND type <> 'alert.corrected';
  `,
  // All that a list asks for, so that what it passes over costs none of the rows with their views.
  `
  DROP INDEX alert_by_age;
  DROP INDEX alert_by_site;
  DROP INDEX alert_by_rule;
  CREATE INDEX alert_by_age ON alert
    (raised_at, id, ended_at, withdrawn, resolved, stale, acknowledged, level);
  CREATE INDEX alert_by_site ON alert
    (site, raised_at, id, ended_at, withdrawn, resolved, stale, acknowledged, level, rule);
  CREATE INDEX alert_by_rule ON alert
    (rule, raised_at, id, ended_at, withdrawn, resolved, stale, acknowledged, level);
  `,
]
