/**
 * The only file that loads the SQLite driver. Every database of ours is opened here, so that every open
 * sets the same pragmas: SQLite forgets `synchronous` between opens, and a journal that is reopened with
 * `NORMAL` would lose acknowledged commits at a power cut.
 *
 * The driver comes in two majors: 12 is built for one version of Node and aborts on Node 24 when a database
 * is collected as garbage; 13 is built on Node-API, comes prebuilt, and crashes on Node 20.
 */

import { closeSync, mkdirSync, openSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname } from 'node:path'
import type Driver from 'better-sqlite3'

export type SqliteDatabase = Driver.Database
export type SqliteStatement = Driver.Statement

/** The major of the driver that runs on this version of Node. */
export const driverName =
  Number.parseInt(process.versions.node, 10) >= 22 ? 'better-sqlite3-napi' : 'better-sqlite3'
const Database: typeof Driver = createRequire(import.meta.url)(driverName)

export interface OpenOptions {
  readonly?: boolean
  /** `FULL` makes each commit survive a power cut; `NORMAL` only for what can be computed again. */
  synchronous?: 'FULL' | 'NORMAL'
  pageSizeBytes?: number
  cacheBytes?: number
  /** How long a statement waits for another connection's write lock; it blocks this thread meanwhile. */
  busyTimeoutMs?: number
  /** A file that only carries a lock: no WAL, so that an exclusive transaction shuts everybody out. */
  lockFile?: boolean
}

/**
 * Opens or creates a database file (`:memory:` for tests) in WAL mode. An error of the driver keeps its code and says
 * which file it is, and what to do.
 */
export function openSqlite(path: string, options: OpenOptions = {}): SqliteDatabase {
  try {
    return open(path, options)
  } catch (error) {
    const advice = adviceOn(error)
    if (error instanceof Error && !error.message.includes(path)) {
      error.message = `${path}: ${error.message}${advice === null ? '' : `. ${advice}`}`
    }
    throw error
  }
}

/** What a person does about a file that cannot be opened; null when the message says enough. */
function adviceOn(error: unknown): string | null {
  const code = driverCode(error) ?? ''
  if (/^SQLITE_(NOTADB|CORRUPT)/.test(code)) {
    return 'It is damaged, or something else was written over it: move it away and bring it back from a backup (docs/operate.md, "Lost or broken files").'
  }
  if (/^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/.test(code)) {
    return 'Its owner must be the user that runs Bellwether, and the file system writable: "ls -ln" shows the owner, chown gives it back.'
  }
  return null
}

function open(path: string, options: OpenOptions): SqliteDatabase {
  const readonly = options.readonly ?? false
  if (path !== ':memory:' && !readonly) makePrivateFile(path)
  const db = new Database(path, { readonly, fileMustExist: readonly })
  db.pragma(`busy_timeout = ${options.busyTimeoutMs ?? 5_000}`)
  if (!readonly) {
    if (options.pageSizeBytes !== undefined) db.pragma(`page_size = ${options.pageSizeBytes}`)
    if (options.lockFile) return db
    enterWal(db, options.busyTimeoutMs ?? 5_000)
    const synchronous = options.synchronous ?? 'FULL'
    db.pragma(`synchronous = ${synchronous}`)
    if (db.pragma('synchronous', { simple: true }) !== (synchronous === 'FULL' ? 2 : 1)) {
      throw new Error(`SQLite did not take synchronous=${synchronous} for ${path}`)
    }
    db.pragma('journal_size_limit = 67108864')
  }
  db.pragma('foreign_keys = ON')
  db.pragma('trusted_schema = OFF')
  if (options.cacheBytes !== undefined) {
    db.pragma(`cache_size = -${Math.ceil(options.cacheBytes / 1024)}`)
  }
  return db
}

/**
 * SQLite would create it readable for everyone; its `-wal` and `-shm` take over the mode of the file.
 * A file that is there is not opened here: closing it would drop the locks that this process holds on it
 * (POSIX), and the next process to close it would take away the log from under us.
 */
function makePrivateFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    closeSync(openSync(path, 'wx', 0o600))
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code !== 'EEXIST') throw error
  }
}

const walRetryMs = 10

/** SQLite does not wait by itself here when several connections make the same new file at once. */
function enterWal(db: SqliteDatabase, timeoutMs: number): void {
  const never = new Int32Array(new SharedArrayBuffer(4))
  for (let waitedMs = 0; ; waitedMs += walRetryMs) {
    try {
      db.pragma('journal_mode = WAL')
      return
    } catch (error) {
      const isBusy = driverCode(error)?.startsWith('SQLITE_BUSY') ?? false
      if (!isBusy || waitedMs >= timeoutMs) throw error
      Atomics.wait(never, 0, 0, walRetryMs)
    }
  }
}

/** `SQLITE_…` when the error comes from the driver. */
export function driverCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  const { code } = error
  return typeof code === 'string' && code.startsWith('SQLITE_') ? code : undefined
}

/** True when the driver says that the disk is full, broken or read-only: the world's fault, worth trying again. */
export function isStorageFault(error: unknown): boolean {
  return /^SQLITE_(FULL|IOERR|READONLY|CANTOPEN|BUSY|LOCKED)/.test(driverCode(error) ?? '')
}
