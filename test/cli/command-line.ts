/**
 * The command line over a data folder: as a person runs it, in a process of its own, or in this one, which is a second
 * quicker and all that most commands need.
 */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { vi } from 'vitest'
import { runCommandLine } from '../../cli/run.ts'

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

  /** The same without a process. Not for what waits for signals. */
  async function runHere(args: readonly string[], env: Record<string, string> = {}) {
    const said = { out: '', err: '' }
    const hear = (where: 'out' | 'err') => (chunk: unknown) => {
      said[where] += String(chunk)
      return true
    }
    const spies = [
      vi.spyOn(process.stdout, 'write').mockImplementation(hear('out')),
      vi.spyOn(process.stderr, 'write').mockImplementation(hear('err')),
    ]
    for (const name of Object.keys(process.env)) {
      if (name.startsWith('BELLWETHER_')) vi.stubEnv(name, undefined)
    }
    const settings = { BELLWETHER_DATA_DIR: dataDir(), ...env }
    for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value)
    try {
      return { code: await runCommandLine(args), ...said }
    } finally {
      vi.unstubAllEnvs()
      for (const spy of spies) spy.mockRestore()
    }
  }

  return { start, run, runHere }
}
