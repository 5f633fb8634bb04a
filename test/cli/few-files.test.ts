/** The built server, with a thread for each role, where the system lets a process open few files. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openFilesMin } from '../../server/descriptors.ts'
import { serveArgs } from '../fault/processes.ts'
import { startLimitMs } from './time-limits.ts'

function serveWithin(openFiles: number) {
  const dir = mkdtempSync(join(tmpdir(), 'bellwether-few-files-'))
  const shell = `ulimit -n ${openFiles}; exec "$@"`
  const child = spawn('sh', ['-c', shell, 'sh', process.execPath, ...serveArgs], {
    env: {
      PATH: process.env.PATH ?? '',
      BELLWETHER_DATA_DIR: join(dir, 'data'),
      BELLWETHER_MQTT_PORT: '0',
      BELLWETHER_HTTP_PORT: '0',
    },
  })
  onTestFinished(async () => {
    if (child.exitCode === null && child.kill('SIGKILL')) await once(child, 'exit')
    rmSync(dir, { recursive: true, force: true })
  })
  return child
}

test.each([520, openFilesMin])(
  'all roles start within %i open files, and it is told that they bound the connections',
  async (openFiles) => {
    const child = serveWithin(openFiles)
    let out = ''
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    const ready = new Promise<void>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        out += chunk.toString()
        if (out.includes('"msg":"ready"')) resolve()
      })
    })
    await Promise.race([ready, once(child, 'exit')])
    expect(err).not.toContain('EMFILE')
    expect(out).toContain('"msg":"ready"')
    expect(err).toContain(`"openFilesMax":${openFiles}`)
    expect(err).toContain('ulimit -n, LimitNOFILE')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  },
  startLimitMs,
)

test.each([180, openFilesMin - 1])(
  'with %i it says at once which limit to raise',
  async (openFiles) => {
    const child = serveWithin(openFiles)
    let err = ''
    child.stderr.on('data', (chunk: Buffer) => {
      err += chunk.toString()
    })
    expect(await once(child, 'close')).toEqual([1, null])
    expect(err).toMatch(
      /^bellwether serve: the limit of open files .*ulimit -n 65536.*LimitNOFILE=65536 [^\n]*\n$/,
    )
  },
  startLimitMs,
)
