/**
 * The ledger in one SQLite file. Ingest writes; the API reads and asks for retries on a connection of its own.
 */

import { disconnectAll, mergeStatus, statusOf } from './device-status.ts'
import { type Migrations, openRecordsFile } from './kysely.ts'
import type { Ledger } from './ledger.ts'
import type { LedgerSchema } from './ledger-schema.ts'
import { awaiting } from './quarantine-kept.ts'
import { countsByCode, countsByDevice, findEntry, listEntries } from './quarantine-reads.ts'
import {
  answeredRetries,
  answerRetry,
  discardEntry,
  pendingRetries,
  requestRetry,
  retryOutcome,
} from './quarantine-retries.ts'
import { createShares } from './quarantine-shares.ts'
import { expireMessages, recordRefused } from './quarantine-writes.ts'

const migrations: Migrations = [
  `
  CREATE TABLE message (
    seq INTEGER PRIMARY KEY,
    sender TEXT NOT NULL,
    kind TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    payload BLOB NOT NULL,
    readings INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX message_by_age ON message (received_at);

  CREATE TABLE entry (
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    code TEXT NOT NULL,
    reason TEXT NOT NULL,
    device TEXT NOT NULL,
    key TEXT,
    owner TEXT NOT NULL,
    received_at INTEGER NOT NULL,
    PRIMARY KEY (seq, idx)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entry_by_device ON entry (device, seq, idx);
  CREATE INDEX entry_by_owner ON entry (owner, seq);
  CREATE INDEX entry_by_code ON entry (code, seq, idx);

  CREATE TABLE counted (seq INTEGER PRIMARY KEY) STRICT;
  CREATE TABLE tally (code TEXT PRIMARY KEY, readings INTEGER NOT NULL) STRICT;

  CREATE TABLE retry (
    request INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    idx INTEGER NOT NULL,
    code TEXT NOT NULL,
    device TEXT NOT NULL,
    outcome TEXT
  ) STRICT;
  CREATE INDEX retry_open ON retry (seq, idx) WHERE outcome IS NULL;

  CREATE TABLE status (
    device TEXT PRIMARY KEY,
    last_seen_at INTEGER,
    connected INTEGER NOT NULL,
    attributes TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  `
  ALTER TABLE status ADD COLUMN connected_seq INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE broker_start (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL) STRICT;
  INSERT INTO broker_start VALUES (1, 0);
  `,
  `
  ALTER TABLE retry ADD COLUMN by_itself INTEGER NOT NULL DEFAULT 0;
  `,
  // Of messages that were counted before, all refusals are.
  `
  ALTER TABLE counted ADD COLUMN refusals INTEGER NOT NULL DEFAULT 1000000;
  `,
  // What waits for a person from now on; of older messages at most the newest of each device are there.
  `
  ALTER TABLE message ADD COLUMN kept_by TEXT;
  ALTER TABLE message ADD COLUMN kept_bytes INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE entry ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;
  DROP INDEX message_by_age;
  CREATE INDEX message_by_age ON message (received_at) WHERE kept_by IS NULL;
  DROP INDEX entry_by_owner;
  CREATE INDEX entry_by_owner ON entry (owner, seq) WHERE kept = 0;
  CREATE TABLE kept (
    owner TEXT PRIMARY KEY,
    messages INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    overflow INTEGER NOT NULL,
    is_full INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE dropped (id INTEGER PRIMARY KEY CHECK (id = 1), messages INTEGER NOT NULL) STRICT;
  INSERT INTO dropped VALUES (1, 0);
  `,
]

export interface LedgerOptions {
  path: string
  /** Refused messages of a device that are kept, the newest, of those that wait for nobody. */
  messagesPerDeviceMax: number
  /** Room of a device for messages that wait for a person. */
  keptBytesPerDeviceMax?: number
  /** Called when a device has no room left: later messages of it may be lost to newer ones. */
  onFull?: (device: string) => void
}

export const keptBytesPerDeviceDefault = 32 * 1_048_576

export function openLedger(options: LedgerOptions): Ledger {
  const { db, close } = openRecordsFile<LedgerSchema>(options.path, migrations)
  const shares = createShares(options.messagesPerDeviceMax)
  const keptBytesMax = options.keptBytesPerDeviceMax ?? keptBytesPerDeviceDefault
  return {
    async quarantine(items, open) {
      const refused = items.filter((item) => item.refused.length > 0)
      if (refused.length === 0) return
      const filled = await db.transaction().execute(async (tx) => {
        const recorded = await recordRefused(tx, refused, { open, keptBytesMax })
        await shares.keep(tx, recorded.messages)
        return recorded.filled
      })
      for (const device of filled) options.onFull?.(device)
    },
    awaiting: () => awaiting(db),
    discard: (id) => db.transaction().execute((tx) => discardEntry(tx, id)),
    expire: (olderThan) => expireMessages(db, olderThan),
    list: async (query) => listEntries(db, query),
    get: (id) => findEntry(db, id),
    counts: () => countsByCode(db),
    entryCounts: (devices) => countsByDevice(db, devices),
    requestRetry: (id) => db.transaction().execute((tx) => requestRetry(tx, id)),
    pendingRetries: () => pendingRetries(db),
    answerRetry: (request, entry, outcome) =>
      db.transaction().execute((tx) => answerRetry(tx, request, { entry, outcome })),
    retryOutcome: (request) => retryOutcome(db, request),
    answeredRetries: (after) => answeredRetries(db, after),
    async updateStatus(changes, told = 'newest') {
      if (changes.length > 0) await db.transaction().execute((tx) => mergeStatus(tx, changes, told))
    },
    disconnectAll: (seq = 0, told = 'newest') =>
      db.transaction().execute((tx) => disconnectAll(tx, seq, told)),
    status: (devices) => statusOf(db, devices),
    close,
  }
}
