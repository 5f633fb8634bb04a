/**
 * The registered things as one role holds them in memory: by id, by hash of their secret, and in order.
 * It knows no database: rows come in, items can be looked up.
 */

import { type Placements, placementAt } from '../../domain/placement.ts'
import type { Token } from '../../domain/token.ts'
import type { Entities, EntityKind, RegisteredDevice, RegistryView } from './registry.ts'
import type { EntityTable } from './registry-schema.ts'
import { createSortedTable, type SortedTable } from './sorted-table.ts'

export type StoredEntity = Pick<EntityTable, 'kind' | 'id' | 'hash' | 'body'>

/** What changed at once. */
export interface RegistryUpdate {
  touched: readonly Pick<StoredEntity, 'kind' | 'id'>[] | 'everything'
  /** Those of the touched that exist now. */
  present: readonly StoredEntity[]
  /** Of the touched devices, also of those that do not exist any more. */
  placements: ReadonlyMap<string, Placements>
}

type Lookups = Pick<
  RegistryView,
  | 'device'
  | 'deviceByTokenHash'
  | 'site'
  | 'tokenByHash'
  | 'all'
  | 'get'
  | 'placements'
  | 'siteAt'
  | 'placed'
>

export interface RegistryMemory extends Lookups {
  /** All or nothing: a row that cannot be read throws before anything is taken over. */
  apply(update: RegistryUpdate): void
}

export function createRegistryMemory(): RegistryMemory {
  const tables: { [K in EntityKind]: SortedTable<Entities[K]> } = {
    site: createSortedTable(),
    device: createSortedTable(),
    rule: createSortedTable(),
    webhook: createSortedTable(),
    token: createSortedTable(),
    silence: createSortedTable(),
    'quality-plan': createSortedTable(),
  }
  const deviceHashes = new Map<string, string>()
  const devicesByHash = new Map<string, string>()
  const tokensByHash = new Map<string, Token>()
  /** Made when first asked for: only some roles need them, and of some devices only. */
  const registered = new Map<string, RegisteredDevice>()
  /** Of the few that have moved or were removed. */
  const placements = new Map<string, Placements>()

  function clear(): void {
    for (const table of Object.values(tables)) table.clear()
    for (const index of [deviceHashes, devicesByHash, tokensByHash, registered]) index.clear()
    placements.clear()
  }

  function forget(kind: EntityKind, id: string): void {
    if (kind === 'device') {
      devicesByHash.delete(deviceHashes.get(id) ?? '')
      deviceHashes.delete(id)
      registered.delete(id)
      placements.delete(id)
    }
    if (kind === 'token') tokensByHash.delete(tables.token.get(id)?.hash ?? '')
    tables[kind].delete(id)
  }

  function take({ kind, id, hash, item }: ReturnType<typeof parsed>): void {
    if (kind === 'token') {
      tokensByHash.set(hash ?? '', item)
      tables.token.set(id, { ...item, hash: hash ?? '' })
      return
    }
    if (kind === 'device' && hash !== null) {
      deviceHashes.set(id, hash)
      devicesByHash.set(hash, id)
    }
    tables[kind].set(id, item)
  }

  function device(id: string): RegisteredDevice | undefined {
    const known = registered.get(id)
    if (known !== undefined) return known
    const plain = tables.device.get(id)
    if (plain === undefined) return undefined
    const made = { ...plain, tokenHash: deviceHashes.get(id) ?? null }
    registered.set(id, made)
    return made
  }

  return {
    apply({ touched, present, placements: stood }) {
      const rows = present.map(parsed)
      if (touched === 'everything') clear()
      else for (const { kind, id } of touched) forget(kind, id)
      for (const row of rows) take(row)
      for (const [id, own] of stood) placements.set(id, own)
    },
    device,
    deviceByTokenHash(hash) {
      const id = devicesByHash.get(hash)
      return id === undefined ? undefined : device(id)
    },
    site: (id) => tables.site.get(id),
    placements: (id) => placements.get(id),
    siteAt(id, at) {
      const own = placements.get(id)
      return (own === undefined ? tables.device.get(id) : placementAt(own, at))?.site ?? null
    },
    placed: () => placements.keys(),
    tokenByHash: (hash) => tokensByHash.get(hash),
    all: (kind) => tables[kind].all(),
    get: (kind, id) => tables[kind].get(id),
  }
}

/** Bodies were checked when they were written; they are taken as they are. */
function parsed({ kind, id, hash, body }: StoredEntity) {
  return { kind, id, hash, item: JSON.parse(body) }
}
