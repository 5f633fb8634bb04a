/** The README's first alert, pasted as it stands into a checkout that is built: it ends with an alert on the screen. */

import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../fault/processes.ts'
import { startLimitMs } from './time-limits.ts'

const root = join(import.meta.dirname, '../..')

test(
  'the block ends with an alert that names place, value and bound',
  async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const [, section = ''] = readme.split('\n## A first alert\n')
    const block = /```sh\n([\s\S]*?)```/.exec(section)?.[1] ?? ''
    // Only the ports are other ones, because others may listen on those.
    const [http, mqtt] = [await freePort(), await freePort()]
    const script = block
      .replaceAll(':8080', `:${http}`)
      .replace('npx mqtt pub', `npx mqtt pub -p ${mqtt}`)
      // It may take longer than a second on a busy machine until the alert is raised.
      .replace('sleep 1\n', 'sleep 15\n')
    expect(script).toContain(`-p ${mqtt}`)
    const folder = mkdtempSync(join(tmpdir(), 'bw-readme-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const { stdout } = await promisify(execFile)('bash', ['-c', `${script}\nkill %1; wait`], {
      cwd: root,
      env: {
        ...process.env,
        TMPDIR: folder,
        BELLWETHER_HTTP_PORT: String(http),
        BELLWETHER_MQTT_PORT: String(mqtt),
      },
    })
    expect(stdout.trim().split('\n')).toEqual([
      expect.stringMatching(
        /^"summary":\{"en":"Yellow: .* at Quay is 10\.1 m, at or above 9\.3 m"/,
      ),
    ])
    expect(readme).toContain(stdout.trim().replace(/,"zh".*/, ''))
  },
  startLimitMs,
)
