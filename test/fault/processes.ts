/** Starts, kills and restarts real server processes of the build, one a role or one for all. */

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

const root = new URL('../..', import.meta.url).pathname

export interface ProcessSpec {
  name: string
  /** Arguments of node. */
  args: readonly string[]
  env: Readonly<Record<string, string>>
}

export interface Running {
  name: string
  restart(): Promise<void>
  /** SIGKILL: nothing of the process runs after this. */
  kill(): Promise<void>
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>
}

export const serveArgs = [join(root, 'dist/cli/bellwether.js'), 'serve']

export async function startProcess(spec: ProcessSpec, logDir: string): Promise<Running> {
  const log = createWriteStream(join(logDir, `${spec.name}.log`), { flags: 'a' })
  let child = await launch(spec, log)
  return {
    name: spec.name,
    async restart() {
      child = await launch(spec, log)
    },
    async kill() {
      child.kill('SIGKILL')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    },
    async stop() {
      child.kill('SIGTERM')
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
      return child.exitCode
    },
  }
}

/** Resolves when the process has said that it is ready. */
async function launch(spec: ProcessSpec, log: WriteStream): Promise<ChildProcess> {
  const child = spawn(process.execPath, spec.args, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...spec.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  child.stderr.pipe(log, { end: false })
  const lines = createInterface({ input: child.stdout })
  await new Promise<void>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.includes('"msg":"ready"')) resolve()
    })
    child.once('exit', (code) =>
      reject(new Error(`${spec.name} ended with ${code} before it was ready`)),
    )
  })
  return child
}

/** A port that was free a moment ago; restarts need the same one again. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
