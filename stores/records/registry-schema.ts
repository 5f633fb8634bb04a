/**
 * The registry's tables, the same for every SQL backend.
 *
 * All kinds share one table: the item is kept whole as JSON in `body`, and beside it only what must be
 * unique or must exist. So a new field of an item needs no migration, and one query serves every kind.
 * Hashes of secrets live in their column alone, so that no body shows them by accident.
 */

import type { Generated } from 'kysely'
import type { AuditEntry, Entities, EntityKind, SecretHash } from './registry.ts'

export interface EntityTable {
  kind: EntityKind
  id: string
  site: string | null
  gateway: string | null
  hash: SecretHash | null
  body: string
}

/** Which items were written, in order; readers in other threads follow it. */
export interface ChangeTable {
  seq: Generated<number>
  kind: EntityKind
  id: string
}

/** From `since` (milliseconds since 1970 UTC) until the device's next row it stands at `site`. */
export interface PlacementTable {
  device: string
  since: number
  site: string | null
}

export interface AuditTable {
  id: number
  at: number
  actor: string
  action: string
  target: string
  result: AuditEntry['result']
  origin: string
  /** SHA-256 over the hash before it and this row. */
  hash: string
}

/** Changes that are being made; a row goes when its entry is in the trail. */
export interface AuditBegunTable {
  id: Generated<number>
  at: number
  actor: string
  action: string
  target: string
  origin: string
}

export interface RegistrySchema {
  entity: EntityTable
  change: ChangeTable
  placement: PlacementTable
  audit: AuditTable
  audit_begun: AuditBegunTable
  /** One row: id and hash of the newest entry. */
  audit_head: Pick<AuditTable, 'id' | 'hash'>
}

type Keys = Partial<Pick<EntityTable, 'site' | 'gateway' | 'hash'>>

const noKeys = (): Keys => ({})

/** A device's hash is not among its keys: it is set on its own and survives a replacement. */
const keysOf: { [K in EntityKind]: (item: Entities[K]) => Keys } = {
  site: noKeys,
  device: (device) => ({ site: device.site, gateway: device.gateway }),
  rule: noKeys,
  webhook: noKeys,
  token: (token) => ({ hash: token.hash }),
  silence: noKeys,
  'quality-plan': noKeys,
}

export type EntityRow = Pick<EntityTable, 'kind' | 'id' | 'body'> & Keys

export function rowOf<K extends EntityKind>(kind: K, item: Entities[K]): EntityRow {
  const body = JSON.stringify({ ...item, hash: undefined, tokenHash: undefined })
  return { kind, id: item.id, body, ...keysOf[kind](item) }
}
