/**
 * The registry followed from any thread or process, for any SQL backend.
 *
 * `refresh` first asks the file whether anybody has committed (microseconds); only then does it read the
 * list of changes and the items on it, all from one snapshot, and takes them over in one step: whoever
 * looks in between sees the registry as it stood before or after, never half of a change.
 */

import type { Kysely, Transaction } from 'kysely'
import { chunks, idsPerQuery } from './chunks.ts'
import type { EntityKind, RegistryView } from './registry.ts'
import { createRegistryMemory, type RegistryUpdate, type StoredEntity } from './registry-memory.ts'
import { placementsOf, readPlacements } from './registry-placements.ts'
import type { RegistrySchema } from './registry-schema.ts'

/** Beyond this many changes everything is read again, which is faster then. */
const changesMax = 10_000
const rowsPerPage = 10_000

type Reading = Transaction<RegistrySchema>

export async function createRegistryView(options: {
  db: Kysely<RegistrySchema>
  /** Changes when somebody else has committed. */
  dataVersion: () => number
  close: () => Promise<void>
}): Promise<RegistryView> {
  const { db, dataVersion, close } = options
  const memory = createRegistryMemory()
  const snapshot = <Result>(steps: (tx: Reading) => Promise<Result>) =>
    db.transaction().setAccessMode('read only').execute(steps)
  let version = 0
  let seen = dataVersion()
  /** The refresh under way, if any. */
  let turn: Promise<unknown> | null = null

  async function follow(everything: boolean): Promise<boolean> {
    const current = dataVersion()
    const { head, update } = await snapshot((tx) => readUpdate(tx, everything ? null : version))
    const changed = head !== version
    if (update !== null) memory.apply(update)
    version = head
    seen = current
    return changed
  }

  await follow(true)
  const { apply: _apply, ...lookups } = memory
  return {
    ...lookups,
    async refresh() {
      // Each caller is promised what was committed before it asked: a refresh under way may have looked before that.
      while (turn !== null) await turn
      if (dataVersion() === seen) return false
      const mine = follow(false)
      turn = mine.catch(() => undefined)
      try {
        return await mine
      } finally {
        turn = null
      }
    },
    get version() {
      return version
    },
    close,
  }
}

/** What happened after `version`; null for everything. */
async function readUpdate(
  tx: Reading,
  version: number | null,
): Promise<{ head: number; update: RegistryUpdate | null }> {
  const head = await changeAt(tx, 'desc')
  if (head === version) return { head, update: null }
  const first = await changeAt(tx, 'asc')
  if (version === null || first > version + 1 || head - version > changesMax) {
    const present = await readAll(tx)
    const placements = placementsOf(await readPlacements(tx))
    return { head, update: { touched: 'everything', present, placements } }
  }
  const touched = await tx
    .selectFrom('change')
    .select(['kind', 'id'])
    .distinct()
    .where('seq', '>', version)
    .execute()
  const devices = touched.flatMap(({ kind, id }) => (kind === 'device' ? [id] : []))
  const placements = placementsOf(await readPlacements(tx, devices))
  return { head, update: { touched, present: await readSome(tx, touched), placements } }
}

/** The newest or the oldest change that is listed, 0 when none is. */
async function changeAt(tx: Reading, end: 'asc' | 'desc'): Promise<number> {
  const change = await tx
    .selectFrom('change')
    .select('seq')
    .orderBy('seq', end)
    .limit(1)
    .executeTakeFirst()
  return change?.seq ?? 0
}

async function readAll(tx: Reading): Promise<readonly StoredEntity[]> {
  const all: StoredEntity[] = []
  for (let last: StoredEntity | undefined; ; ) {
    const after = last
    const page = await tx
      .selectFrom('entity')
      .select(['kind', 'id', 'hash', 'body'])
      .$if(after !== undefined, (query) =>
        query.where(({ eb, refTuple, tuple }) =>
          eb(refTuple('kind', 'id'), '>', tuple(after?.kind ?? 'site', after?.id ?? '')),
        ),
      )
      .orderBy('kind')
      .orderBy('id')
      .limit(rowsPerPage)
      .execute()
    for (const row of page) all.push(row)
    last = page.at(-1)
    if (page.length < rowsPerPage) return all
  }
}

async function readSome(
  tx: Reading,
  touched: readonly Pick<StoredEntity, 'kind' | 'id'>[],
): Promise<readonly StoredEntity[]> {
  const idsByKind = new Map<EntityKind, string[]>()
  for (const { kind, id } of touched) {
    const ids = idsByKind.get(kind)
    if (ids === undefined) idsByKind.set(kind, [id])
    else ids.push(id)
  }
  const found: StoredEntity[] = []
  for (const [kind, ids] of idsByKind) {
    for (const part of chunks(ids, idsPerQuery)) {
      const rows = await tx
        .selectFrom('entity')
        .select(['kind', 'id', 'hash', 'body'])
        .where('kind', '=', kind)
        .where('id', 'in', part)
        .execute()
      found.push(...rows)
    }
  }
  return found
}
