/** Files and folders that this user may not use: whose they are, and what gives them to us. */

import { type Stats, statSync } from 'node:fs'
import { userInfo } from 'node:os'
import { dirname } from 'node:path'
import { Fault } from '../domain/errors.ts'

export function isForbidden(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code
  return code === 'EACCES' || code === 'EPERM'
}

/** Names the file or, where that cannot even be looked at, the folder above it that is closed to us. */
export function forbidden(path: string, why: string): Fault {
  const me = userInfo()
  let closed = path
  while (statOf(closed) === null && dirname(closed) !== closed) closed = dirname(closed)
  const { uid = 0, mode = 0 } = statOf(closed) ?? {}
  const said = `it belongs to the user with id ${uid} and has mode ${(mode & 0o777).toString(8).padStart(4, '0')}`
  return new Fault(
    'forbidden',
    `${closed} may not be read by ${me.username} (id ${me.uid}): ${said}. ${why} as this user: run it as user ${uid}, or give the files away first: chown -R ${me.uid} ${closed === path ? dirname(path) : closed}`,
  )
}

function statOf(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    return null // Nothing there, or behind a door that is closed.
  }
}
