/** The data folder: ours, private, its files sound at the first look, and nothing left half done. */

import { existsSync, lstatSync, readdirSync, type Stats, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { driverCode, openSqlite } from '../../stores/sqlite.ts'
import { folderTrouble } from '../../runtime/data-folder.ts'
import { layoutOf } from '../../runtime/data-layout.ts'
import { isRestoring } from '../restore.ts'
import { type Finding, fail, messageOf, ok, warn } from './finding.ts'

/** Looks at all, changes nothing. */
export function examineFolder(dataDir: string): Finding[] {
  if (!existsSync(dataDir)) {
    return [ok('data folder', `${dataDir} is not there yet; the first start makes it`)]
  }
  const trouble = folderTrouble(dataDir)
  if (trouble !== null) {
    return [fail('data folder', `${dataDir}: ${trouble}`, 'Nothing can be kept until then.')]
  }
  const findings = [...rights(dataDir), ...unfinished(dataDir), ...files(dataDir)]
  return findings.length > 0 ? findings : [ok('data folder', `${dataDir} is ours and private`)]
}

function rights(dataDir: string): Finding[] {
  const { mode, uid } = statSync(dataDir)
  const findings: Finding[] = []
  if ((mode & 0o077) !== 0) {
    const found = `${dataDir} may be entered by other users; it holds hashes of tokens and secrets of webhooks`
    findings.push(
      warn('data folder', found, `chmod 700 ${dataDir}; the next start does it as well.`),
    )
  }
  const entries = readdirSync(dataDir)
    .filter((name) => name !== 'lost+found')
    .map((name) => ({ path: join(dataDir, name), stats: lookAt(join(dataDir, name)) }))
  const foreign = entries.find(({ stats }) => stats !== null && stats.uid !== uid)
  if (foreign !== undefined) {
    const found = `${foreign.path} belongs to the user with id ${foreign.stats?.uid}, the folder to ${uid}: a command has run as another user`
    findings.push(fail('data folder', found, `chown -R ${uid} ${dataDir}`))
  }
  return findings
}

/** Files of SQLite come and go. */
function lookAt(path: string): Stats | null {
  return lstatSync(path, { throwIfNoEntry: false }) ?? null
}

function unfinished(dataDir: string): Finding[] {
  if (!isRestoring(dataDir)) return []
  const found = `a restore into ${dataDir} is under way or was cut short`
  return [fail('data folder', found, 'Wait for it, or run "bellwether restore" again.')]
}

function files(dataDir: string): Finding[] {
  const { registry, alerts, ledger, readings, influx } = layoutOf(dataDir)
  return [registry, alerts, ledger, readings, influx].filter(existsSync).flatMap((path) => {
    try {
      const db = openSqlite(path, { readonly: true })
      try {
        db.prepare('select count(*) from sqlite_schema').get()
      } finally {
        db.close()
      }
      return []
    } catch (error) {
      const isBroken = /^SQLITE_(NOTADB|CORRUPT)/.test(driverCode(error) ?? '')
      const advice = isBroken
        ? `Move it away and bring it back from a backup (docs/operate.md, "Lost or broken files").`
        : 'Its owner must be the user that runs Bellwether: "ls -ln" shows it.'
      return [fail('data folder', `${basename(path)}: ${messageOf(error)}`, advice)]
    }
  })
}
