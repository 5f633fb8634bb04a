/** What an error of the SQLite driver means to the journal: bytes that are broken, or a world that is. */

import { driverCode } from '../sqlite.ts'

/** Broken bytes stay broken: they are reported and left out. Anything else may be different next time. */
const damageCode =
  /^SQLITE_(CORRUPT|NOTADB|FORMAT|ERROR|TOOBIG|MISMATCH|IOERR_(SHORT_READ|CORRUPTFS|DATA))/
/** After these the file itself is as good as before, and writing can go on in it. */
const passingCode = /^SQLITE_(FULL|BUSY)/

/** Codes of the operating system, such as ENOSPC or EIO. */
const systemCode = /^E[A-Z0-9]+$/

export function isDamage(error: unknown): boolean {
  return damageCode.test(driverCode(error) ?? '')
}

export function isPassing(error: unknown): boolean {
  return passingCode.test(driverCode(error) ?? '')
}

/** True for every error that comes from the driver or the file system, false for our own mistakes. */
export function isOfTheWorld(error: unknown): boolean {
  if (driverCode(error) !== undefined) return true
  return (
    error instanceof Error &&
    'code' in error &&
    typeof error.code === 'string' &&
    systemCode.test(error.code)
  )
}

/** True when a file is not there any more. */
export function isMissing(error: unknown): boolean {
  return (
    driverCode(error) === 'SQLITE_CANTOPEN' ||
    (error instanceof Error && 'code' in error && error.code === 'ENOENT')
  )
}
