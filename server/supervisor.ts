/**
 * Runs the configured roles, each in a thread of its own (or all in this one), and stops them in order.
 *
 * A thread that dies is started again after a pause that doubles up to ten seconds: a role holds no truth in
 * memory, so it goes on where the stores say. A role that cannot even start once ends the whole start.
 */

import { Worker } from 'node:worker_threads'
import type { Config, RoleName } from '../config.ts'
import type { Ports } from '../domain/ports.ts'
import type { RunningRole } from '../runtime/role.ts'
import { systemPorts } from '../runtime/system.ts'
import { Registry } from 'prom-client'
import { lockRole } from '../stores/role-lock.ts'
import { ensureAdminToken } from './admin-token.ts'
import { openDataFolder } from '../runtime/data-folder.ts'
import { layoutOf } from '../runtime/data-layout.ts'
import { checkListening } from '../runtime/listening.ts'
import { settleRestore } from '../operations/restore.ts'
import {
  descriptorLimit,
  loadsTogether,
  requireDescriptors,
  withinDescriptors,
} from './descriptors.ts'
import { openRoleContext } from './role-context.ts'
import type { ThreadMessage, ThreadStart } from './role-thread.ts'

export interface Server {
  /** Where it listens; absent for roles that this process does not run. */
  mqttUrl?: string
  mqttsUrl?: string
  httpUrl?: string
  /** Shown once by the first start. */
  newAdminToken: string | null
  stop(): Promise<void>
}

type Listening = Omit<RunningRole, 'stop'>

/** The broker first, so that nothing more is accepted; then those that finish what was. */
const stopOrder: readonly RoleName[] = ['broker', 'api', 'ingest', 'alerts']
const startOrder: readonly RoleName[] = ['alerts', 'ingest', 'api', 'broker']
const restartPauseMs = { first: 200, most: 10_000 }
/** When one role cannot start, how long the others may take to end in order. */
const giveUpMs = 1_000

/**
 * Starts the roles. Throws `ConfigError` when a setting cannot be used, `Fault` when the world does not let it start;
 * both say in one line what to do.
 */
export async function serve(settings: Config): Promise<Server> {
  const openFilesMax = descriptorLimit()
  requireDescriptors(openFilesMax)
  openDataFolder(settings.dataDir)
  await settleRestore(settings.dataDir)
  const ports = systemPorts(settings.logLevel, 'main', new Registry())
  const config = withinDescriptors(settings, openFilesMax, ports.log)
  checkLocks(config)
  await checkListening(config, ports.timers)
  const newAdminToken = await ensureAdminToken(config, ports)
  const roles = config.threads
    ? await startThreads(config, ports, loadsTogether(openFilesMax))
    : await startInline(config, ports)
  const listening: Listening = Object.assign(
    {},
    ...[...roles.values()].map((role) => role.listening),
  )
  return {
    ...urlsOf(config, listening),
    newAdminToken,
    async stop() {
      for (const name of stopOrder) await roles.get(name)?.stop()
    },
  }
}

/** Whoever runs on this data folder has its ports as well, so this is asked first. */
function checkLocks({ dataDir, roles }: Config): void {
  for (const role of roles) lockRole(layoutOf(dataDir).run, role)()
}

function urlsOf(config: Config, at: Listening): Omit<Server, 'newAdminToken' | 'stop'> {
  const host = (name: string) => (name.includes(':') ? `[${name}]` : name)
  const mqttHost = host(config.mqttHost)
  return {
    ...(at.mqttPort === undefined ? {} : { mqttUrl: `mqtt://${mqttHost}:${at.mqttPort}` }),
    ...(at.mqttsPort === undefined ? {} : { mqttsUrl: `mqtts://${mqttHost}:${at.mqttsPort}` }),
    ...(at.httpPort === undefined
      ? {}
      : { httpUrl: `http://${host(config.httpHost)}:${at.httpPort}` }),
  }
}

interface Supervised {
  listening: Listening
  stop(): Promise<void>
}

async function startInline(config: Config, ports: Ports): Promise<Map<RoleName, Supervised>> {
  const { startRole } = await import('../main.ts')
  const context = openRoleContext('all', config)
  const roles = new Map<RoleName, Supervised>()
  let running = 0
  try {
    for (const name of startOrder.filter((role) => config.roles.includes(role))) {
      const { stop, ...listening } = await startRole(name, context)
      running++
      roles.set(name, {
        listening,
        async stop() {
          await stop()
          if (--running === 0) context.close()
        },
      })
    }
  } catch (error) {
    await stopWithin(giveUpMs, roles, ports)
    context.close()
    throw error
  }
  return roles
}

async function startThreads(
  config: Config,
  ports: Ports,
  together: boolean,
): Promise<Map<RoleName, Supervised>> {
  const roles = new Map<RoleName, Supervised>()
  const names = startOrder.filter((role) => config.roles.includes(role))
  const start = async (name: RoleName) =>
    roles.set(name, await superviseThread(name, config, ports))
  // One after another would add their start times up; they meet only in stores that any of them can open.
  const started = together ? await Promise.allSettled(names.map(start)) : await inTurn(names, start)
  const failure = started.find((result) => result.status === 'rejected')
  if (failure === undefined) return roles
  await stopWithin(giveUpMs, roles, ports)
  throw failure.reason
}

/** Ends at the first that fails. */
async function inTurn<T>(
  names: readonly RoleName[],
  start: (name: RoleName) => Promise<T>,
): Promise<PromiseSettledResult<T>[]> {
  const started: PromiseSettledResult<T>[] = []
  for (const name of names) {
    const [outcome] = await Promise.allSettled([start(name)])
    if (outcome !== undefined) started.push(outcome)
    if (outcome?.status === 'rejected') break
  }
  return started
}

async function stopWithin(
  withinMs: number,
  roles: ReadonlyMap<RoleName, Supervised>,
  { timers }: Ports,
): Promise<void> {
  const all = Promise.allSettled([...roles.values()].map((role) => role.stop()))
  await Promise.race([all, new Promise<void>((resolve) => void timers.after(withinMs, resolve))])
}

async function superviseThread(role: RoleName, config: Config, ports: Ports): Promise<Supervised> {
  let stopping = false
  let pauseMs = restartPauseMs.first
  let current = await startThread(role, config)

  function watch(thread: RoleThread): void {
    thread.ended.then(
      (reason) => {
        if (stopping) return
        ports.log.error({ role, reason, pauseMs }, 'A role ended by itself; it is started again.')
        ports.timers.after(pauseMs, () => void restart())
        pauseMs = Math.min(pauseMs * 2, restartPauseMs.most)
      },
      () => {},
    )
  }

  async function restart(): Promise<void> {
    if (stopping) return
    try {
      // The same ports as before, so that devices and people find it again.
      current = await startThread(role, fixPorts(config, current.listening))
      pauseMs = restartPauseMs.first
      watch(current)
    } catch (error) {
      ports.log.error(
        { role, reason: (error as Error).message, pauseMs },
        'A role could not be started again.',
      )
      ports.timers.after(pauseMs, () => void restart())
      pauseMs = Math.min(pauseMs * 2, restartPauseMs.most)
    }
  }

  watch(current)
  return {
    listening: current.listening,
    async stop() {
      stopping = true
      await current.stop()
    },
  }
}

function fixPorts(config: Config, at: Listening): Config {
  return {
    ...config,
    mqttPort: at.mqttPort ?? config.mqttPort,
    mqttsPort: at.mqttsPort ?? config.mqttsPort,
    httpPort: at.httpPort ?? config.httpPort,
  }
}

interface RoleThread {
  listening: Listening
  /** Resolves with the reason when the thread has ended, wanted or not. */
  ended: Promise<string>
  stop(): Promise<void>
}

function startThread(role: RoleName, config: Config): Promise<RoleThread> {
  const worker = new Worker(new URL('./role-thread.js', import.meta.url), {
    workerData: { role, config } satisfies ThreadStart,
    name: role,
  })
  let lastError = ''
  worker.on('error', (error) => {
    lastError = error.stack ?? error.message
  })
  const ended = new Promise<string>((resolve) => {
    worker.once('exit', (code) => resolve(lastError || `exit code ${code}`))
  })
  return new Promise<RoleThread>((resolve, reject) => {
    worker.once('message', (message: ThreadMessage) => {
      if (message.type === 'started') {
        const stopped = new Promise<void>((resolve) => worker.once('message', () => resolve()))
        const stop = async () => {
          worker.postMessage('stop')
          await Promise.race([stopped, ended])
          // It has finished; whatever still waits for an answer from outside need not be waited for.
          await worker.terminate()
        }
        resolve({ listening: message.ports, ended, stop })
      } else if (message.type === 'failed') {
        // What it left open must not keep it alive: its locks and ports are for the next attempt.
        void worker.terminate()
        reject(Object.assign(new Error(message.reason), { code: message.code }))
      }
    })
    void ended.then((reason) =>
      reject(new Error(`The role "${role}" ended while starting: ${reason}`)),
    )
  })
}
