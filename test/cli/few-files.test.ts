/** The built server, with a thread for each role, where the system lets a process open few files. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { serveArgs } from '../fault/processes.ts'
import { startLimitMs } from './time-limits.ts'

test(
  'all roles start within 520 open files',
  async () => {
    const dir = mkdtempSync(join(tmpdir(), 'bellwether-few-files-'))
    const shell = 'ulimit -n 520; exec "$@"'
    const child = spawn('bash', ['-c', shell, 'bash', process.execPath, ...serveArgs], {
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
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  },
  startLimitMs,
)
