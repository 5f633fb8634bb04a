/** The body of a role's thread: starts the role, says so, stops it when told. Runs from the build. */

import { parentPort, workerData } from 'node:worker_threads'
import type { Config, RoleName } from '../config.ts'
import { startRole } from '../main.ts'
import type { RunningRole } from '../runtime/role.ts'
import { systemTimers } from '../runtime/system.ts'
import { installNames } from '../runtime/names.ts'
import { openRoleContext } from './role-context.ts'

export interface ThreadStart {
  role: RoleName
  config: Config
}

/** What the thread tells the supervisor. */
export type ThreadMessage =
  | { type: 'started'; ports: Omit<RunningRole, 'stop'> }
  | { type: 'failed'; reason: string; code: string | undefined }
  | { type: 'stopped' }

async function run({ role, config }: ThreadStart): Promise<void> {
  const context = openRoleContext(role, config)
  const tell = (message: ThreadMessage) => parentPort?.postMessage(message)
  let running: RunningRole
  try {
    running = await startRole(role, context)
  } catch (error) {
    const { message, code } = error as Error & { code?: string }
    tell({ type: 'failed', reason: message, code })
    context.close()
    parentPort?.close()
    return
  }
  const { stop, ...ports } = running
  parentPort?.once('message', () => {
    void stop().then(() => {
      context.close()
      tell({ type: 'stopped' })
      parentPort?.close()
    })
  })
  tell({ type: 'started', ports })
}

installNames(systemTimers)
await run(workerData as ThreadStart)
