/**
 * The registry's writes, for any SQL backend: each is one transaction that also lists what it changed.
 * A write that is refused leaves nothing behind. A device that is replaced keeps its token.
 */

import { type Kysely, sql, type Transaction } from 'kysely'
import type { Device } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import type { Clock } from '../../domain/ports.ts'
import type { Site } from '../../domain/site.ts'
import type { WrittenSites } from '../../domain/written-sites.ts'
import { appendAudit, auditTrail, beginAudit, endAudit, settleAudit } from './audit.ts'
import { chunks, idsPerQuery } from './chunks.ts'
import type { Entities, EntityKind, PlacementChange, Registry, SecretHash } from './registry.ts'
import {
  correctPlacement,
  endPlacement,
  followSites,
  type Standing,
  standingOf,
} from './registry-placements.ts'
import { placeAsWritten } from './registry-written.ts'
import { checkDevices, checkUnused } from './registry-references.ts'
import { type EntityRow, type RegistrySchema, rowOf } from './registry-schema.ts'

type Writing = Transaction<RegistrySchema>

/** A view that is further behind than this loads everything again. */
const changesKept = 200_000
/** Items of one transaction of an import: other writers wait no longer than this takes. */
const itemsPerTransaction = 1_000

export function createRegistry(
  db: Kysely<RegistrySchema>,
  clock: Pick<Clock, 'now'>,
  close: () => Promise<void>,
): Registry {
  const write = <Result>(steps: (tx: Writing) => Promise<Result>) => db.transaction().execute(steps)
  const moment = (from?: number): Moment => ({ now: clock.now(), from })
  return {
    insert: (kind, item, placedAt) => write((tx) => insert(tx, kind, item, moment(placedAt))),
    replace: (kind, item, placedAt) => write((tx) => replace(tx, kind, item, moment(placedAt))),
    remove: (kind, id) => write((tx) => remove(tx, kind, id, clock.now())),
    place: (change) => write((tx) => place(tx, change, clock.now())),
    placeAsWritten: (written) => write((tx) => placeWritten(tx, written, clock.now())),
    async upsertAll(sites, devices) {
      for (const [kind, rows] of importOrder(sites, devices)) {
        for (const part of chunks(rows, itemsPerTransaction)) {
          await write((tx) => upsert(tx, kind, part, moment()))
        }
      }
    },
    setDeviceToken: (device, hash) => write((tx) => setDeviceToken(tx, device, hash)),
    async setDeviceTokens(hashes) {
      for (const part of chunks([...hashes], itemsPerTransaction)) {
        await write((tx) => setDeviceTokens(tx, part))
      }
    },
    audit: (entry) => write((tx) => appendAudit(tx, entry)),
    beginAudit: (change) => write((tx) => beginAudit(tx, change)),
    endAudit: (begun, entry) => write((tx) => endAudit(tx, begun, entry)),
    settleAudit: () => write(settleAudit),
    auditTrail: (limit, before) => auditTrail(db, limit, before),
    close,
  }
}

/** When a write happens, and since when its device stands where it says. */
interface Moment {
  now: number
  from?: number | undefined
}

async function insert<K extends EntityKind>(
  tx: Writing,
  kind: K,
  item: Entities[K],
  moment: Moment,
) {
  const row = rowOf(kind, item)
  await checkHash(tx, row)
  const before = await standingBefore(tx, kind, [row])
  const done = await tx
    .insertInto('entity')
    .values(row)
    .onConflict((conflict) => conflict.columns(['kind', 'id']).doNothing())
    .executeTakeFirst()
  if (done.numInsertedOrUpdatedRows === 0n) {
    throw new Fault('conflict', `${kind} "${item.id}" exists already`, { field: 'id' })
  }
  await wrote(tx, kind, [row], { ...moment, before })
}

async function replace<K extends EntityKind>(
  tx: Writing,
  kind: K,
  item: Entities[K],
  moment: Moment,
) {
  const row = rowOf(kind, item)
  const { kind: _kind, id, ...values } = row
  await checkHash(tx, row)
  const before = await standingBefore(tx, kind, [row])
  const done = await tx
    .updateTable('entity')
    .set(values)
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  if (done.numUpdatedRows === 0n) throw notFound(kind, id)
  await wrote(tx, kind, [row], { ...moment, before })
}

async function remove(tx: Writing, kind: EntityKind, id: string, now: number): Promise<boolean> {
  await checkUnused(tx, kind, id)
  if (kind === 'device') await endPlacement(tx, id, now)
  const done = await tx
    .deleteFrom('entity')
    .where('kind', '=', kind)
    .where('id', '=', id)
    .executeTakeFirst()
  if (done.numDeletedRows === 0n) return false
  await listChanges(tx, kind, [id])
  return true
}

async function place(tx: Writing, change: PlacementChange, now: number): Promise<void> {
  await correctPlacement(tx, change, now)
  await listChanges(tx, 'device', [change.device])
}

async function placeWritten(tx: Writing, written: readonly WrittenSites[], now: number) {
  const placed = await placeAsWritten(tx, written, now)
  if (placed.length > 0) await listChanges(tx, 'device', placed)
  return placed
}

async function setDeviceToken(tx: Writing, id: string, hash: SecretHash | null) {
  await checkHash(tx, { kind: 'device', id, hash })
  const done = await tx
    .updateTable('entity')
    .set({ hash })
    .where('kind', '=', 'device')
    .where('id', '=', id)
    .executeTakeFirst()
  if (done.numUpdatedRows === 0n) throw notFound('device', id)
  await listChanges(tx, 'device', [id])
}

/** In few statements: an import makes tens of thousands. */
async function setDeviceTokens(tx: Writing, part: readonly (readonly [string, SecretHash])[]) {
  for (const some of chunks(part, idsPerQuery)) {
    const deviceOf = new Map(some.map(([id, hash]) => [hash, id]))
    const holders = await tx
      .selectFrom('entity')
      .where('kind', '=', 'device')
      .where('hash', 'in', [...deviceOf.keys()])
      .select(['id', 'hash'])
      .execute()
    const other = holders.find(({ id, hash }) => deviceOf.get(hash ?? '') !== id)
    if (other !== undefined) throw sameToken('device', other.id)
    const given = sql.join(some.map(([id, hash]) => sql`(${id}, ${hash})`))
    const done = await sql`
      UPDATE entity SET hash = given.column2 FROM (VALUES ${given}) AS given
      WHERE entity.kind = 'device' AND entity.id = given.column1`.execute(tx)
    if (Number(done.numAffectedRows) !== some.length) {
      throw new Fault('not_found', 'a device that should get a token does not exist')
    }
  }
  await listChanges(
    tx,
    'device',
    part.map(([id]) => id),
  )
}

/** Sites first, then what can be a gateway, then what stands behind one; of two with one id the last. */
function importOrder(
  sites: readonly Site[],
  devices: readonly Device[],
): readonly (readonly ['site' | 'device', readonly EntityRow[]])[] {
  const rowsOf = <K extends 'site' | 'device'>(kind: K, items: readonly Entities[K][]) => [
    ...new Map(items.map((item) => [item.id, rowOf(kind, item)])).values(),
  ]
  const deviceRows = rowsOf('device', devices)
  return [
    ['site', rowsOf('site', sites)],
    ['device', deviceRows.filter((row) => row.gateway === null)],
    ['device', deviceRows.filter((row) => row.gateway !== null)],
  ]
}

async function upsert(tx: Writing, kind: EntityKind, rows: readonly EntityRow[], moment: Moment) {
  const before = await standingBefore(tx, kind, rows)
  await tx
    .insertInto('entity')
    .values(rows)
    .onConflict((conflict) =>
      conflict.columns(['kind', 'id']).doUpdateSet((eb) => ({
        body: eb.ref('excluded.body'),
        site: eb.ref('excluded.site'),
        gateway: eb.ref('excluded.gateway'),
      })),
    )
    .execute()
  await wrote(tx, kind, rows, { ...moment, before })
}

const nobody: Standing = { sites: new Map(), placements: new Map() }

async function standingBefore(
  tx: Writing,
  kind: EntityKind,
  rows: readonly EntityRow[],
): Promise<Standing> {
  if (kind !== 'device') return nobody
  return standingOf(
    tx,
    rows.map(({ id }) => id),
  )
}

async function wrote(
  tx: Writing,
  kind: EntityKind,
  rows: readonly EntityRow[],
  moment: Moment & { before: Standing },
) {
  const ids = rows.map(({ id }) => id)
  if (kind === 'device') {
    for (const part of chunks(ids, idsPerQuery)) await checkDevices(tx, part)
    const devices = rows.map(({ id, site = null }) => ({ id, site }))
    await followSites(tx, devices, moment)
  }
  await listChanges(tx, kind, ids)
}

async function listChanges(tx: Writing, kind: EntityKind, ids: readonly string[]) {
  await tx
    .insertInto('change')
    .values(ids.map((id) => ({ kind, id })))
    .execute()
  const { head } = await tx
    .selectFrom('change')
    .select((eb) => eb.fn.max('seq').as('head'))
    .executeTakeFirstOrThrow()
  await tx
    .deleteFrom('change')
    .where('seq', '<=', Number(head) - changesKept)
    .execute()
}

/** One secret opens one door: a token's hash may not be in use by another item of its kind. */
async function checkHash(tx: Writing, row: Pick<EntityRow, 'kind' | 'id' | 'hash'>) {
  if (row.hash === undefined || row.hash === null) return
  const other = await tx
    .selectFrom('entity')
    .where('kind', '=', row.kind)
    .where('hash', '=', row.hash)
    .where('id', '<>', row.id)
    .select('id')
    .executeTakeFirst()
  if (other === undefined) return
  throw sameToken(row.kind, other.id)
}

function sameToken(kind: EntityKind, id: string): Fault {
  return new Fault('conflict', `${kind} "${id}" has the same token already`)
}

function notFound(kind: EntityKind, id: string): Fault {
  return new Fault('not_found', `there is no ${kind} "${id}"`)
}
