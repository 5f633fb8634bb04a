/** The alert log on SQLite: the conformance suite, and what only files and size show. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Kysely, SqliteDialect } from 'kysely'
import { afterAll, describe, expect, test } from 'vitest'
import { migrate } from '../../../stores/migrate.ts'
import type { AlertQuery } from '../../../stores/records/alert-log.ts'
import {
  type AlertLogSchema,
  alertLogMigrations,
} from '../../../stores/records/alert-log-schema.ts'
import { listed } from '../../../stores/records/alert-queries.ts'
import { openAlertLog } from '../../../stores/records/sqlite-alert-log.ts'
import { openSqlite } from '../../../stores/sqlite.ts'
import { alertLogConformance } from '../../conformance/alert-log.ts'

const folder = mkdtempSync(join(tmpdir(), 'alert-log-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let files = 0
const newPath = () => join(folder, `alerts-${files++}.db`)

describe('conformance', () => {
  let path = ''
  alertLogConformance({
    async open() {
      path = newPath()
      return openAlertLog({ path })
    },
    again: async () => openAlertLog({ path }),
  })
})

describe('plans', () => {
  /** The statements of the hot path, as SQLite plans them: history must not be walked. */
  test.each([
    [
      'due',
      `SELECT id FROM delivery WHERE next_at IS NOT NULL AND next_at <= 5
       AND webhook NOT IN (SELECT value FROM json_each('[]')) ORDER BY next_at, seq LIMIT 5`,
      'delivery_due',
    ],
    ['next', 'SELECT min(next_at) FROM delivery WHERE next_at IS NOT NULL', 'delivery_due'],
    [
      'head of a line',
      `SELECT seq FROM delivery WHERE state = 'pending' AND webhook = 'w' AND alert = 'a'
       ORDER BY seq LIMIT 1`,
      'delivery_line',
    ],
    [
      'old ones',
      `SELECT seq FROM delivery WHERE state <> 'pending' AND created_at < 5 LIMIT 5`,
      'delivery_done',
    ],
  ])('%s uses its index and sorts nothing', async (_, sql, index) => {
    const path = newPath()
    await openAlertLog({ path }).close()
    const db = openSqlite(path)
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[]
    db.close()
    const text = plan.map((step) => step.detail).join('\n')
    expect(text).toContain(index)
    expect(text).not.toContain('TEMP B-TREE')
  })
})

describe('lists', () => {
  const span = { from: 1_000, to: 2_000, limit: 100 }
  /** How SQLite plans to find the rows of a list, in a file without statistics, as ours are. */
  async function planOf(query: AlertQuery): Promise<string[]> {
    const path = newPath()
    await openAlertLog({ path }).close()
    const database = openSqlite(path)
    const db = new Kysely<AlertLogSchema>({ dialect: new SqliteDialect({ database }) })
    const { sql, parameters } = listed(db, query).compile()
    const plan = database.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters)
    await db.destroy()
    return (plan as { detail: string }[]).map(({ detail }) => detail)
  }

  test.each<[string, AlertQuery, string]>([
    ['all', { limit: 100 }, 'alert_by_age'],
    ['open within a span', span, 'alert_by_age'],
    ['withdrawn ones too', { ...span, withdrawn: true }, 'alert_by_age'],
    ['states', { ...span, state: ['firing', 'acknowledged', 'stale'] }, 'alert_by_age'],
    ['levels', { ...span, level: ['orange', 'red'] }, 'alert_by_age'],
    ['the next page', { ...span, after: 'a' }, 'alert_by_age'],
    ['of a site', { ...span, site: 's', state: ['resolved'], level: ['red'] }, 'alert_by_site'],
    ['of a rule', { ...span, rule: 'r', state: ['stale'], level: ['red'] }, 'alert_by_rule'],
    ['of a rule at a site', { ...span, site: 's', rule: 'r' }, 'alert_by_site'],
  ])('%s: what is passed over costs no row, and nothing is sorted', async (_, query, index) => {
    const steps = await planOf(query)
    expect(steps).not.toContainEqual(expect.stringContaining('TEMP B-TREE'))
    const [first] = steps.filter((step) => /^(SEARCH|SCAN) alert /.test(step))
    expect(first).toContain(`USING COVERING INDEX ${index}`)
    expect(steps.at(-1)).toBe('SEARCH alert USING PRIMARY KEY (id=?)')
  })
})

describe('files', () => {
  test('a file of the program before is taken over with the same lists', async () => {
    const path = newPath()
    const before = openSqlite(path)
    migrate(before, path, alertLogMigrations.slice(0, 3))
    const add = before.prepare(
      `INSERT INTO alert (id, rule, device, property, site, level, raised_at, acknowledged, stale,
         resolved, ended_at, withdrawn, view)
       VALUES (?, 'r', ?, 'pm25', 's', 'red', ?, 0, 0, ?, ?, 0, ?)`,
    )
    const rows = [
      { id: 'long', from: 1_000, to: 9_000 },
      { id: 'over', from: 1_500, to: 2_000 },
      { id: 'open', from: 2_000, to: null },
      { id: 'short', from: 5_000, to: 5_000 },
      { id: 'later', from: 8_000, to: 9_500 },
    ]
    for (const { id, from, to } of rows) {
      add.run(id, id, from, to === null ? 0 : 1, to, JSON.stringify({ id }))
    }
    before.close()
    const log = openAlertLog({ path })
    const idsOf = async (query: Partial<AlertQuery>) =>
      (await log.list({ from: 5_000, to: 6_000, limit: 10, ...query })).map(({ id }) => id)
    expect(await idsOf({})).toEqual(['short', 'open', 'long'])
    expect(await idsOf({ site: 's' })).toEqual(['short', 'open', 'long'])
    expect(await idsOf({ rule: 'r', state: ['resolved'] })).toEqual(['short', 'long'])
    expect(await idsOf({ limit: 1, after: 'short' })).toEqual(['open'])
    await log.close()
  })

  test('a file of a newer program is refused', async () => {
    const path = newPath()
    await openAlertLog({ path }).close()
    const db = openSqlite(path)
    db.pragma('user_version = 99')
    db.close()
    expect(() => openAlertLog({ path })).toThrow(/newer|version/)
  })

  test('a locked file is a fault to wait for, and nothing is written', async () => {
    const path = newPath()
    const log = openAlertLog({ path })
    const other = openSqlite(path)
    other.exec('BEGIN IMMEDIATE')
    const all = log.record({ cursor: 5, watches: [], changes: [] })
    await expect(all).rejects.toMatchObject({ code: 'store_unavailable' })
    other.exec('ROLLBACK')
    other.close()
    expect(await log.cursor()).toBe(0)
    await log.close()
  })
})
