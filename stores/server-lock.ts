/** Whether a server runs on a data folder, and keeping one from starting. */

import type { RoleName } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import { lockRole } from './role-lock.ts'

const roles: readonly RoleName[] = ['ingest', 'broker', 'alerts', 'api']

/** Keeps every role from starting, until the function that is returned is called; null when one runs. */
export function lockServer(runDir: string): (() => void) | null {
  const held: (() => void)[] = []
  const unlock = () => {
    for (const letGo of held.splice(0)) letGo()
  }
  try {
    for (const role of roles) held.push(lockRole(runDir, role))
    return unlock
  } catch (error) {
    unlock()
    if (error instanceof Fault && error.code === 'conflict') return null
    throw error
  }
}
