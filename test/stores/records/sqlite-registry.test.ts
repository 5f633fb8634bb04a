import { cp, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Fault } from '../../../domain/errors.ts'
import { qualityPlanSchema } from '../../../domain/quality-plan.ts'
import {
  openRegistry,
  openRegistryView,
  verifyAudit,
} from '../../../stores/records/sqlite-registry.ts'
import { openSqlite } from '../../../stores/sqlite.ts'
import { systemClock } from '../../../runtime/system.ts'
import {
  auditEntry,
  device,
  hash,
  type RegistryBackend,
  registryConformance,
  site,
} from '../../conformance/registry.ts'
import { placementsConformance } from '../../conformance/registry-placements.ts'

const folders: string[] = []

async function newPath(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'bellwether-registry-'))
  folders.push(folder)
  return join(folder, 'data', 'registry.db')
}

afterAll(async () => {
  for (const folder of folders) await rm(folder, { recursive: true })
})

const plan = qualityPlanSchema.parse({ id: 'p', property: 'pm25', tests: {} })

/** The file as the first version of the schema made it: without the kinds that came later. */
function asVersion1(path: string): void {
  const raw = openSqlite(path)
  raw.unsafeMode(true)
  raw.pragma('writable_schema = ON')
  raw.exec('DROP TABLE audit_begun')
  raw.exec(`UPDATE sqlite_schema SET sql = replace(sql, ', ''quality-plan''', '')`)
  raw.exec(`UPDATE sqlite_schema SET sql = replace(sql, ', ''unknown''', '')`)
  raw.pragma('writable_schema = RESET')
  raw.exec('DROP TABLE placement')
  raw.pragma('user_version = 1')
  expect(() =>
    raw.exec("INSERT INTO entity (kind, id, body) VALUES ('quality-plan', 'p', '{}')"),
  ).toThrow(/CHECK/)
  raw.close()
}

async function start(): Promise<RegistryBackend> {
  const path = await newPath()
  const opened: { close(): Promise<void> }[] = []
  const keep = <T extends { close(): Promise<void> }>(store: T): T => {
    opened.push(store)
    return store
  }
  return {
    open: async (clock = systemClock) => keep(openRegistry({ path, clock })),
    openView: async () => keep(await openRegistryView({ path })),
    async remove() {
      for (const store of opened.splice(0)) await store.close()
    },
  }
}

registryConformance(start)
placementsConformance(start)

describe('the SQLite file', () => {
  test('is readable by its owner only, with everything SQLite keeps beside it', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    await registry.insert('site', site('s'))
    for (const name of [path, `${path}-wal`, `${path}-shm`]) {
      expect([name, (await stat(name)).mode & 0o777]).toEqual([name, 0o600])
    }
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700)
    await registry.close()
  })

  test('holds what was accepted, whatever happens to the process then', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    await registry.insert('site', site('s'))
    await registry.insert('device', device('d', { site: 's' }))
    await registry.setDeviceToken('d', hash(1))
    await registry.audit(auditEntry(1))
    // What lies on disk now is what a killed process would leave.
    const copy = join(await newPath(), '..')
    await cp(join(path, '..'), copy, { recursive: true })
    await registry.close()

    const left = join(copy, 'registry.db')
    const view = await openRegistryView({ path: left })
    expect(view.deviceByTokenHash(hash(1))?.site).toBe('s')
    expect(await verifyAudit({ path: left })).toMatchObject({ entries: 1, brokenAt: null })
    await view.close()
  })

  test('of a newer version is refused and left as it is', async () => {
    const path = await newPath()
    await openRegistry({ path, clock: systemClock }).close()
    const raw = openSqlite(path)
    raw.pragma('user_version = 99')
    raw.close()
    expect(() => openRegistry({ path, clock: systemClock })).toThrow(Fault)
    expect(() => openRegistry({ path, clock: systemClock })).toThrow(/version 99.*newer program/)
    await expect(async () => openRegistryView({ path })).rejects.toThrow(/version 99/)
  })

  test('of version 1 keeps all it holds, and its devices still refer to what must exist', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    await registry.insert('site', site('s'))
    await registry.upsertAll([], [device('g', { site: 's' }), device('behind', { gateway: 'g' })])
    await registry.setDeviceToken('g', hash(7))
    await registry.audit(auditEntry(3))
    await registry.close()
    asVersion1(path)

    const again = openRegistry({ path, clock: systemClock })
    const view = await openRegistryView({ path })
    expect(view.device('g')).toMatchObject({ site: 's', tokenHash: hash(7) })
    expect(view.device('behind')).toMatchObject({ gateway: 'g' })
    await expect(again.remove('site', 's')).rejects.toMatchObject({ code: 'conflict' })
    // As far as is known it has stood there ever since; from its next move on both sites keep what is theirs.
    expect([...view.placed()]).toEqual([])
    expect(view.siteAt('g', 0)).toBe('s')
    await again.insert('site', site('t'))
    await again.replace('device', device('g', { site: 't' }), 1_700_000_000_000)
    await view.refresh()
    expect(view.siteAt('g', 1_699_999_999_999)).toBe('s')
    expect(view.siteAt('g', 1_700_000_000_000)).toBe('t')
    await again.insert('quality-plan', plan)
    await view.refresh()
    expect(view.all('quality-plan')).toEqual([plan])
    await again.audit({ ...auditEntry(4), result: 'unknown' })
    expect(await verifyAudit({ path })).toMatchObject({ entries: 2, brokenAt: null })
    await view.close()
    await again.close()
    const raw = openSqlite(path)
    expect(raw.pragma('foreign_key_check')).toEqual([])
    expect(() => raw.exec("UPDATE entity SET site = 'x' WHERE id = 'g'")).toThrow(/FOREIGN KEY/)
    expect(() =>
      raw.exec("INSERT INTO entity (kind, id, body) VALUES ('moon', 'm', '{}')"),
    ).toThrow(/CHECK/)
    raw.close()
  })

  test('cannot hold a device that refers to nothing, whoever writes to it', async () => {
    const path = await newPath()
    await openRegistry({ path, clock: systemClock }).close()
    const raw = openSqlite(path)
    const insert = (column: string) =>
      raw.exec(`INSERT INTO entity (kind, id, ${column}, body) VALUES ('device', 'd', 'x', '{}')`)
    expect(() => insert('site')).toThrow(/FOREIGN KEY/)
    expect(() => insert('gateway')).toThrow(/FOREIGN KEY/)
    raw.close()
  })

  test('that another process holds for too long is a fault of the world, and nothing is half written', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    const view = await openRegistryView({ path })
    const raw = openSqlite(path)
    raw.exec('BEGIN IMMEDIATE')
    const error = await registry.insert('site', site('s')).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(Fault)
    expect(error).toMatchObject({ code: 'store_unavailable' })
    expect(await view.refresh()).toBe(false)
    raw.exec('ROLLBACK')
    await registry.insert('site', site('s'))
    await view.refresh()
    expect(view.all('site')).toHaveLength(1)
    raw.close()
    await view.close()
    await registry.close()
  })
})

describe('the list of changes', () => {
  test('is kept to the newest 200,000', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    const raw = openSqlite(path)
    raw.exec(`
      WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200500)
      INSERT INTO change (kind, id) SELECT 'site', 'x' FROM n`)
    await registry.insert('site', site('s'))
    const kept = raw.prepare('SELECT count(*) AS n, max(seq) AS last FROM change').get()
    expect(kept).toEqual({ n: 200_000, last: 200_501 })
    raw.close()
    await registry.close()
  })

  test('no longer reaches back to a view that slept: it reads everything again', async () => {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    await registry.insert('site', site('stays'))
    await registry.insert('site', site('goes'))
    const view = await openRegistryView({ path })
    await registry.remove('site', 'goes')
    await registry.insert('site', site('comes'))
    await registry.insert('site', site('too'))
    const raw = openSqlite(path)
    raw.exec('DELETE FROM change WHERE seq < (SELECT max(seq) FROM change)')
    raw.close()
    expect(await view.refresh()).toBe(true)
    expect(view.all('site').map(({ id }) => id)).toEqual(['comes', 'stays', 'too'])
    await view.close()
    await registry.close()
  })
})

describe('the audit chain', () => {
  async function written(entries: number): Promise<string> {
    const path = await newPath()
    const registry = openRegistry({ path, clock: systemClock })
    for (let n = 1; n <= entries; n++) await registry.audit(auditEntry(n))
    await registry.close()
    return path
  }

  /** As somebody with the file in hand would, past the triggers. */
  function tamper(path: string, sql: string): void {
    const raw = openSqlite(path)
    raw.exec('DROP TRIGGER audit_is_final; DROP TRIGGER audit_is_kept')
    raw.exec(sql)
    raw.close()
  }

  test('is whole when nobody touched it, also when it is empty and over several pages', async () => {
    expect(await verifyAudit({ path: await written(0) })).toMatchObject({
      entries: 0,
      brokenAt: null,
    })
    const path = await written(3)
    const check = await verifyAudit({ path })
    expect(check).toMatchObject({ entries: 3, brokenAt: null })
    expect(check.head).toMatch(/^[0-9a-f]{64}$/)
  })

  test.each([
    ['a changed actor', "UPDATE audit SET actor = 'boarD' WHERE id = 3", 3],
    ['a changed time', 'UPDATE audit SET at = at + 1 WHERE id = 3', 3],
    ['a changed action', "UPDATE audit SET action = action || ' ' WHERE id = 3", 3],
    ['a changed target', "UPDATE audit SET target = 'device/x' WHERE id = 3", 3],
    ['a changed result', "UPDATE audit SET result = 'done' WHERE id = 3", 3],
    ['a changed origin', "UPDATE audit SET origin = '::1' WHERE id = 3", 3],
    ['a changed hash', "UPDATE audit SET hash = replace(hash, 'a', 'b') || '' WHERE id = 3", 3],
    ['a removed entry', 'DELETE FROM audit WHERE id = 3', 3],
    ['a removed end', 'DELETE FROM audit WHERE id >= 4', 4],
    ['an empty trail', 'DELETE FROM audit', 1],
    ['a moved entry', 'UPDATE audit SET id = 9 WHERE id = 3', 3],
    [
      'an invented end',
      'INSERT INTO audit SELECT 6, at, actor, action, target, result, origin, hash FROM audit WHERE id = 5',
      6,
    ],
    [
      'words moved from one field to the next',
      "UPDATE audit SET actor = actor || action, action = '' WHERE id = 3",
      3,
    ],
  ])('shows %s', async (_what, sql, brokenAt) => {
    const path = await written(5)
    tamper(path, sql)
    expect((await verifyAudit({ path })).brokenAt).toBe(brokenAt)
  })

  test('still shows a cut end after new entries were added', async () => {
    const path = await written(5)
    tamper(path, 'DELETE FROM audit WHERE id >= 4')
    const registry = openRegistry({ path, clock: systemClock })
    for (let n = 6; n <= 9; n++) await registry.audit(auditEntry(n))
    await registry.close()
    expect((await verifyAudit({ path })).brokenAt).toBe(4)
  })

  test('cannot be edited by accident', async () => {
    const path = await written(2)
    const raw = openSqlite(path)
    expect(() => raw.exec("UPDATE audit SET actor = 'x'")).toThrow(/cannot be changed/)
    expect(() => raw.exec('DELETE FROM audit')).toThrow(/cannot be removed/)
    raw.close()
    expect((await verifyAudit({ path })).brokenAt).toBeNull()
  })
})
