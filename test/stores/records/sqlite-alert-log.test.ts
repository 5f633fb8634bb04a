/** The alert log on SQLite: the conformance suite, and what only files and size show. */

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
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

describe('files', () => {
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
