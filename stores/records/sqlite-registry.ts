/**
 * The registry in one SQLite file. The API writes; every role follows with a view of its own, on a
 * connection of its own, so that it learns of commits by SQLite's `data_version`.
 */

import type { Clock } from '../../domain/ports.ts'
import { type AuditCheck, checkAudit } from './audit.ts'
import { type Migrations, openRecordsFile } from './kysely.ts'
import type { Registry, RegistryView } from './registry.ts'
import type { RegistrySchema } from './registry-schema.ts'
import { createRegistryView } from './registry-view.ts'
import { createRegistry } from './registry-writes.ts'

/**
 * `site_kind` and `gateway_kind` are constants: they let a foreign key point into a table that holds all kinds.
 * Foreign keys are checked at commit, because an import writes rows before what they refer to is checked.
 */
const migrations: Migrations = [
  `
  CREATE TABLE entity (
    kind TEXT NOT NULL CHECK (kind IN ('site', 'device', 'rule', 'webhook', 'token', 'silence')),
    id TEXT NOT NULL,
    site TEXT,
    gateway TEXT,
    hash TEXT,
    body TEXT NOT NULL,
    site_kind TEXT AS ('site'),
    gateway_kind TEXT AS ('device'),
    PRIMARY KEY (kind, id),
    FOREIGN KEY (site_kind, site) REFERENCES entity (kind, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (gateway_kind, gateway) REFERENCES entity (kind, id) DEFERRABLE INITIALLY DEFERRED
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX entity_by_site ON entity (site) WHERE site IS NOT NULL;
  CREATE INDEX entity_by_gateway ON entity (gateway) WHERE gateway IS NOT NULL;
  CREATE UNIQUE INDEX entity_by_hash ON entity (kind, hash) WHERE hash IS NOT NULL;

  CREATE TABLE change (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('done', 'refused')),
    origin TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries cannot be changed'); END;
  CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries cannot be removed'); END;

  CREATE TABLE audit_head (id INTEGER NOT NULL, hash TEXT NOT NULL) STRICT;
  INSERT INTO audit_head VALUES (0, '${'0'.repeat(64)}');
  `,
  // SQLite cannot widen a CHECK: the table is made anew. The list of kinds stays checked, so that a program that
  // does not know a kind refuses the file and never meets an item of it.
  `
  CREATE TABLE entity_made_anew (
    kind TEXT NOT NULL CHECK (kind IN
      ('site', 'device', 'rule', 'webhook', 'token', 'silence', 'quality-plan')),
    id TEXT NOT NULL,
    site TEXT,
    gateway TEXT,
    hash TEXT,
    body TEXT NOT NULL,
    site_kind TEXT AS ('site'),
    gateway_kind TEXT AS ('device'),
    PRIMARY KEY (kind, id),
    FOREIGN KEY (site_kind, site)
      REFERENCES entity_made_anew (kind, id) DEFERRABLE INITIALLY DEFERRED,
    FOREIGN KEY (gateway_kind, gateway)
      REFERENCES entity_made_anew (kind, id) DEFERRABLE INITIALLY DEFERRED
  ) STRICT, WITHOUT ROWID;
  INSERT INTO entity_made_anew (kind, id, site, gateway, hash, body)
    SELECT kind, id, site, gateway, hash, body FROM entity;
  DROP TABLE entity;
  ALTER TABLE entity_made_anew RENAME TO entity;
  CREATE INDEX entity_by_site ON entity (site) WHERE site IS NOT NULL;
  CREATE INDEX entity_by_gateway ON entity (gateway) WHERE gateway IS NOT NULL;
  CREATE UNIQUE INDEX entity_by_hash ON entity (kind, hash) WHERE hash IS NOT NULL;
  `,
  // Changes are written down before they are made, and a third outcome is known. The rows of the trail stay as they
  // are, hashes included.
  `
  CREATE TABLE audit_made_anew (
    id INTEGER PRIMARY KEY,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    result TEXT NOT NULL CHECK (result IN ('done', 'refused', 'unknown')),
    origin TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO audit_made_anew SELECT id, at, actor, action, target, result, origin, hash FROM audit;
  DROP TABLE audit;
  ALTER TABLE audit_made_anew RENAME TO audit;
  CREATE TRIGGER audit_is_final BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries cannot be changed'); END;
  CREATE TRIGGER audit_is_kept BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'audit entries cannot be removed'); END;
  CREATE TABLE audit_begun (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL,
    origin TEXT NOT NULL
  ) STRICT;
  `,
  // Devices that were registered before have stood at their site ever since, as far as is known: they need no rows.
  // No foreign keys: what was taken at a site stays known when the device or the site is removed.
  `
  CREATE TABLE placement (
    device TEXT NOT NULL,
    since INTEGER NOT NULL,
    site TEXT,
    PRIMARY KEY (device, since)
  ) STRICT, WITHOUT ROWID;
  `,
]

/** `clock`: a device that is moved or removed has stood at its site until now. */
export function openRegistry(options: { path: string; clock: Pick<Clock, 'now'> }): Registry {
  const file = openRecordsFile<RegistrySchema>(options.path, migrations)
  return createRegistry(file.db, options.clock, file.close)
}

export function openRegistryView(options: { path: string }): Promise<RegistryView> {
  return createRegistryView(openRecordsFile<RegistrySchema>(options.path, migrations))
}

/** Whether the audit trail of this registry is as it was written. */
export async function verifyAudit(options: { path: string }): Promise<AuditCheck> {
  const file = openRecordsFile<RegistrySchema>(options.path, migrations)
  try {
    return await checkAudit(file.db)
  } finally {
    await file.close()
  }
}
