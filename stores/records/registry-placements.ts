/**
 * Where devices have stood. A device that has stood at one site ever since has no rows, and that are nearly all of
 * them; of the others each row says at which site it stands from a moment on, until the next one.
 *
 * A device that is made stands at its site since ever: its backlog was taken there. One that was removed stands
 * nowhere from then on, and begins a new placement when it is registered again; at the same site the old one goes on.
 */

import type { Kysely, Transaction } from 'kysely'
import type { Device } from '../../domain/device.ts'
import { Fault } from '../../domain/errors.ts'
import {
  alwaysAt,
  type Placement,
  type Placements,
  placed,
  placementAt,
} from '../../domain/placement.ts'
import { chunks, idsPerQuery, rowsPerInsert } from './chunks.ts'
import type { PlacementChange } from './registry.ts'
import type { PlacementTable, RegistrySchema } from './registry-schema.ts'

type Writing = Transaction<RegistrySchema>

/** The first moment a date can name: "since ever". */
const everMs = -8_640_000_000_000_000

/** Of devices before a write. */
export interface Standing {
  /** Site of each that is registered. */
  sites: ReadonlyMap<string, string | null>
  /** Of those that have moved or were removed. */
  placements: ReadonlyMap<string, Placements>
}

export async function standingOf(tx: Writing, ids: readonly string[]): Promise<Standing> {
  const sites = new Map<string, string | null>()
  for (const part of chunks(ids, idsPerQuery)) {
    const rows = await tx
      .selectFrom('entity')
      .select(['id', 'site'])
      .where('kind', '=', 'device')
      .where('id', 'in', part)
      .execute()
    for (const { id, site } of rows) sites.set(id, site)
  }
  return { sites, placements: placementsOf(await readPlacements(tx, ids)) }
}

/** All of them, or those of some devices; each device's rows side by side, rising. */
export async function readPlacements(
  db: Kysely<RegistrySchema>,
  ids?: readonly string[],
): Promise<PlacementTable[]> {
  const query = db.selectFrom('placement').selectAll().orderBy('device').orderBy('since')
  if (ids === undefined) return query.execute()
  const rows: PlacementTable[] = []
  for (const part of chunks(ids, idsPerQuery)) {
    rows.push(...(await query.where('device', 'in', part).execute()))
  }
  return rows
}

export function placementsOf(rows: readonly PlacementTable[]): Map<string, Placements> {
  const found = new Map<string, Placement[]>()
  for (const { device, since, site } of rows) {
    const own = found.get(device) ?? []
    found.set(device, own)
    const from = since <= everMs ? Number.NEGATIVE_INFINITY : since
    const last = own.at(-1)
    if (last !== undefined) last.until = from
    own.push({ site, from, until: Number.POSITIVE_INFINITY })
  }
  return found
}

interface Stands {
  id: string
  site: string | null
}

/** What these devices, just written, have moved by; `from`: when that was, unless it is now. */
export async function followSites(
  tx: Writing,
  devices: readonly Stands[],
  { before, now, from }: { before: Standing; now: number; from?: number | undefined },
): Promise<void> {
  if (from !== undefined && from > now) {
    throw new Fault(
      'impossible',
      'placedAt: lies in the future; a device is placed when it is there',
      {
        field: 'placedAt',
      },
    )
  }
  const changed = new Map<string, Placements>()
  for (const device of devices) {
    const known = before.placements.get(device.id)
    const stood = before.sites.get(device.id)
    const isSame = stood === undefined ? known === undefined : stood === device.site
    if (isSame && from === undefined) continue
    changed.set(device.id, movedTo(device, { known, stood, now, from }))
  }
  await savePlacements(tx, changed, new Map(devices.map(({ id, site }) => [id, site])))
}

interface Move {
  known: Placements | undefined
  /** Undefined: it was not registered. */
  stood: string | null | undefined
  now: number
  from: number | undefined
}

function movedTo({ site }: Stands, { known, stood, now, from }: Move): Placements {
  const before = known ?? alwaysAt(stood ?? null)
  const change = { site, from: from ?? now, until: Number.POSITIVE_INFINITY }
  if (stood !== undefined || from !== undefined || site === null) return placed(before, change)
  const removed = before.at(-1)
  const isBack = removed?.site === null && before.at(-2)?.site === site
  return placed(before, isBack ? { ...change, from: removed.from } : change)
}

/** The device is gone: what it has said stays where it was taken. */
export async function endPlacement(tx: Writing, id: string, now: number): Promise<void> {
  const { sites, placements } = await standingOf(tx, [id])
  const before = placements.get(id) ?? alwaysAt(sites.get(id) ?? null)
  const ended = placed(before, { site: null, from: now, until: Number.POSITIVE_INFINITY })
  await savePlacements(tx, new Map([[id, ended]]), new Map())
}

/** The device's own entry follows when the correction concerns today. */
export async function correctPlacement(
  tx: Writing,
  change: PlacementChange,
  now: number,
): Promise<void> {
  const { device, site, from, until, force } = change
  if (site !== null) await checkSite(tx, site)
  const { sites, placements } = await standingOf(tx, [device])
  const stands = sites.get(device)
  const known = placements.get(device)
  if (stands === undefined && known === undefined && !force) {
    throw new Fault(
      'not_found',
      `there is no device "${device}" and none is known to have been removed; force places readings of one that was removed before placements were kept`,
    )
  }
  const before = known ?? alwaysAt(stands ?? null)
  // A device that was removed is at no site from then on.
  const end = until ?? (stands === undefined ? removedAt(before, now) : Number.POSITIVE_INFINITY)
  checkTime({ from, until: end }, { until, now })
  const after = placed(before, { site, from, until: end })
  if (stands === undefined) return savePlacements(tx, new Map([[device, after]]), new Map())
  const standsNow = placementAt(after, now)?.site ?? null
  await savePlacements(tx, new Map([[device, after]]), new Map([[device, standsNow]]))
  if (standsNow !== stands) await setSite(tx, device, standsNow)
}

async function checkSite(tx: Writing, id: string): Promise<void> {
  const found = await tx
    .selectFrom('entity')
    .where('kind', '=', 'site')
    .where('id', '=', id)
    .select('id')
    .executeTakeFirst()
  if (found === undefined) {
    throw new Fault('impossible', `site: there is no site "${id}"; make it first`, {
      field: 'site',
    })
  }
}

async function setSite(tx: Writing, id: string, site: string | null): Promise<void> {
  const { body } = await tx
    .selectFrom('entity')
    .where('kind', '=', 'device')
    .where('id', '=', id)
    .select('body')
    .executeTakeFirstOrThrow()
  const device: Device = JSON.parse(body)
  await tx
    .updateTable('entity')
    .set({ site, body: JSON.stringify({ ...device, site }) })
    .where('kind', '=', 'device')
    .where('id', '=', id)
    .execute()
}

function removedAt(placements: Placements, now: number): number {
  const last = placements.at(-1)
  return last?.site === null && Number.isFinite(last.from) ? last.from : now
}

function checkTime(
  { from, until }: Pick<Placement, 'from' | 'until'>,
  { until: given, now }: { until: number | null; now: number },
): void {
  if (from > now) throw new Fault('impossible', 'from: lies in the future', { field: 'from' })
  if (given !== null && given > now) {
    throw new Fault(
      'impossible',
      'until: lies in the future; leave it out for a device that is still there',
      {
        field: 'until',
      },
    )
  }
  if (from >= until) throw new Fault('impossible', 'until: must be after from', { field: 'until' })
}

/** Devices of `stands` are registered; those that stand at one site since ever need no rows. */
export async function savePlacements(
  tx: Writing,
  changed: ReadonlyMap<string, Placements>,
  stands: ReadonlyMap<string, string | null>,
): Promise<void> {
  const rows: PlacementTable[] = []
  for (const [device, placements] of changed) {
    const isPlain = placements.length === 1 && placements[0]?.site === (stands.get(device) ?? null)
    if (isPlain) continue
    for (const { site, from } of placements) {
      rows.push({ device, since: Math.max(from, everMs), site })
    }
  }
  for (const part of chunks([...changed.keys()], idsPerQuery)) {
    await tx.deleteFrom('placement').where('device', 'in', part).execute()
  }
  for (const part of chunks(rows, rowsPerInsert)) {
    await tx.insertInto('placement').values(part).execute()
  }
}
