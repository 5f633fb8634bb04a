/** `influx.db` as a version wrote it that kept no placements. */

import { renameSync, rmSync } from 'node:fs'
import { migrate } from '../../../stores/migrate.ts'
import { migrations } from '../../../stores/readings/influx/file/schema.ts'
import { openSqlite } from '../../../stores/sqlite.ts'

/** Of the schema before `place.history`. */
const earlierVersion = 4

/** Puts such a file, which knows the same, in the place of one that is closed. */
export function makeEarlier(path: string): void {
  const earlier = `${path}.earlier`
  const db = openSqlite(earlier)
  migrate(db, earlier, migrations.slice(0, earlierVersion))
  const tables = namesOf(db.prepare("select name from sqlite_master where type = 'table'").all())
  db.prepare('attach ? as present').run(path)
  for (const table of tables.filter((name) => !name.startsWith('sqlite_'))) {
    const columns = namesOf(db.prepare(`select name from pragma_table_info('${table}')`).all())
    db.exec(`
      delete from main.${table};
      insert into main.${table} (${columns.join()}) select ${columns.join()} from present.${table}`)
  }
  db.close()
  for (const end of ['', '-wal', '-shm']) rmSync(`${path}${end}`, { force: true })
  renameSync(earlier, path)
}

function namesOf(rows: unknown[]): string[] {
  return rows.map((row) => (row as { name: string }).name)
}
