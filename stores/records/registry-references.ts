/**
 * What devices refer to: a site, and a gateway that stands behind nobody itself.
 *
 * Checked after the rows are written and before the transaction commits, so that one rule serves single
 * writes and imports, whichever order their rows come in. Foreign keys hold the same line below us.
 */

import type { Transaction } from 'kysely'
import { Fault } from '../../domain/errors.ts'
import type { EntityKind } from './registry.ts'
import type { RegistrySchema } from './registry-schema.ts'

type Writing = Transaction<RegistrySchema>

/** Throws `impossible` when one of these devices (at most 500) refers to something that cannot be. */
export async function checkDevices(tx: Writing, ids: readonly string[]): Promise<void> {
  await checkTargets(tx, ids)
  await checkDepth(tx, ids)
}

async function checkTargets(tx: Writing, ids: readonly string[]): Promise<void> {
  const wrong = await tx
    .selectFrom('entity as d')
    .leftJoin('entity as s', (join) => join.onRef('s.id', '=', 'd.site').on('s.kind', '=', 'site'))
    .leftJoin('entity as g', (join) =>
      join.onRef('g.id', '=', 'd.gateway').on('g.kind', '=', 'device'),
    )
    .where('d.kind', '=', 'device')
    .where('d.id', 'in', ids)
    .where((eb) =>
      eb.or([
        eb.and([eb('d.site', 'is not', null), eb('s.id', 'is', null)]),
        eb.and([eb('d.gateway', 'is not', null), eb('g.id', 'is', null)]),
        eb('g.gateway', 'is not', null),
      ]),
    )
    .select(['d.id', 'd.site', 'd.gateway', 's.id as foundSite', 'g.id as foundGateway'])
    .select('g.gateway as gatewayOfGateway')
    .orderBy('d.id')
    .limit(1)
    .executeTakeFirst()
  if (wrong === undefined) return
  if (wrong.site !== null && wrong.foundSite === null) {
    throw impossible(
      'site',
      `device "${wrong.id}": there is no site "${wrong.site}"; make it first`,
    )
  }
  if (wrong.foundGateway === null) {
    throw impossible(
      'gateway',
      `device "${wrong.id}": there is no device "${wrong.gateway}"; make it first`,
    )
  }
  if (wrong.gateway === wrong.id) {
    throw impossible('gateway', `device "${wrong.id}" cannot be its own gateway`)
  }
  throw impossible(
    'gateway',
    `device "${wrong.id}": the gateway "${wrong.gateway}" stands behind "${wrong.gatewayOfGateway}" itself, and gateways do not chain`,
  )
}

/** The other direction: one of these stands behind a gateway now, but is a gateway to others. */
async function checkDepth(tx: Writing, ids: readonly string[]): Promise<void> {
  const wrong = await tx
    .selectFrom('entity as d')
    .innerJoin('entity as child', 'child.gateway', 'd.id')
    .where('child.kind', '=', 'device')
    .where('d.kind', '=', 'device')
    .where('d.id', 'in', ids)
    .where('d.gateway', 'is not', null)
    .select(['d.id', 'child.id as child'])
    .limit(1)
    .executeTakeFirst()
  if (wrong === undefined) return
  throw impossible(
    'gateway',
    `device "${wrong.id}" is the gateway of "${wrong.child}", so it cannot stand behind a gateway itself`,
  )
}

/** Throws `conflict` when devices still refer to this item. */
export async function checkUnused(tx: Writing, kind: EntityKind, id: string): Promise<void> {
  if (kind !== 'site' && kind !== 'device') return
  const users = await tx
    .selectFrom('entity')
    .where('kind', '=', 'device')
    .where(kind === 'site' ? 'site' : 'gateway', '=', id)
    .select((eb) => [eb.fn.countAll<number>().as('count'), eb.fn.min('id').as('first')])
    .executeTakeFirstOrThrow()
  const count = Number(users.count)
  if (count === 0) return
  const bond = kind === 'site' ? 'at this site' : 'behind this gateway'
  const devices = count === 1 ? 'device' : 'devices'
  throw new Fault(
    'conflict',
    `${kind} "${id}" is still in use: ${count} ${devices} ${bond}, first "${users.first}"`,
  )
}

function impossible(field: string, detail: string): Fault {
  return new Fault('impossible', detail, { field })
}
