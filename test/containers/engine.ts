/**
 * A container engine for tests: the one that answers, or one of our own (`dockerd`, package docker.io on Debian),
 * started as root on a socket and with images in a temporary folder, so that nothing on this machine is touched. Without
 * either the tests fail, unless BELLWETHER_TEST_SKIP_SERVERS is 1 or names `containers`.
 */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

const startWithinSeconds = 120
const outputBytesMax = 64 * 1024 * 1024

export interface Engine {
  /** Whether it was made for this run, empty: its images are ours to name. */
  isOwn: boolean
  /** `docker …`; answers its standard output, throws with its error output. */
  docker(...args: string[]): string
  /** `docker compose …`, or `docker-compose …` where that is what there is; in `folder`. */
  compose(folder: string, environment: Record<string, string>, ...args: string[]): string
  stop(): Promise<void>
}

export function isLeftOut(): boolean {
  const left = (process.env.BELLWETHER_TEST_SKIP_SERVERS ?? '').split(',')
  return left.includes('1') || left.includes('containers')
}

export async function findEngine(): Promise<Engine> {
  if (answers({})) return engineAt({}, false, async () => {})
  if (process.getuid?.() !== 0 || !exists('dockerd')) {
    throw new Error(
      'This test needs a container engine: start one, or install docker.io and run it as root, or set BELLWETHER_TEST_SKIP_SERVERS=containers to leave it out.',
    )
  }
  return startOwn()
}

async function startOwn(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'bw-engine-'))
  const host = `unix://${folder}/docker.sock`
  const log = join(folder, 'log')
  const child = spawn(
    'dockerd',
    [
      ...['--data-root', join(folder, 'data'), '--exec-root', join(folder, 'exec')],
      ...['--pidfile', join(folder, 'pid'), '--host', host],
    ],
    { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] },
  )
  const environment = { DOCKER_HOST: host }
  for (let waited = 0; !answers(environment); waited += 1) {
    if (child.exitCode !== null || waited >= startWithinSeconds) {
      await end(child)
      throw new Error(`dockerd did not start: ${readFileSync(log, 'utf8').slice(-2_000)}`)
    }
    await sleep(1_000)
  }
  return engineAt(environment, true, async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  })
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  await once(child, 'exit')
}

function engineAt(own: Record<string, string>, isOwn: boolean, stop: () => Promise<void>): Engine {
  const hasPlugin = runs('docker', ['compose', 'version'], own)
  return {
    isOwn,
    docker: (...args) => output('docker', args, { environment: own }),
    compose(folder, environment, ...args) {
      const [program, first] = hasPlugin ? ['docker', ['compose']] : ['docker-compose', []]
      return output(program, [...first, ...args], {
        folder,
        environment: { ...own, ...environment },
      })
    },
    stop,
  }
}

function output(
  program: string,
  args: readonly string[],
  { folder, environment }: { folder?: string; environment: Record<string, string> },
): string {
  return execFileSync(program, args, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    maxBuffer: outputBytesMax,
    env: { ...process.env, ...environment },
    ...(folder === undefined ? {} : { cwd: folder }),
  })
}

function answers(environment: Record<string, string>): boolean {
  return runs('docker', ['version', '--format', '{{.Server.Version}}'], environment)
}

function exists(program: string): boolean {
  return runs('sh', ['-c', `command -v ${program}`], {})
}

function runs(program: string, args: readonly string[], environment: Record<string, string>) {
  try {
    output(program, args, { environment })
    return true
  } catch {
    return false // No such program, or nothing behind it.
  }
}
