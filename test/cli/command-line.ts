/** Runs the command line as a person does: a process of its own over a data folder. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'

const root = new URL('../..', import.meta.url).pathname

export function commandLine(dataDir: () => string) {
  function start(args: readonly string[], env: Record<string, string> = {}) {
    return spawn(process.execPath, ['--import', 'tsx', 'cli/bellwether.ts', ...args], {
      cwd: root,
      env: { PATH: process.env.PATH ?? '', BELLWETHER_DATA_DIR: dataDir(), ...env },
    })
  }

  async function run(args: readonly string[], env: Record<string, string> = {}) {
    const child = start(args, env)
    let out = ''
    let err = ''
    child.stdout.on('data', (chunk: Buffer) => {
      out += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    const [code] = (await once(child, 'close')) as [number]
    return { code, out, err }
  }

  return { start, run }
}
