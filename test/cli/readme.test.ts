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
  'the blocks end with an alert that names place, value and bound, and with a webhook for it',
  async () => {
    const readme = readFileSync(join(root, 'README.md'), 'utf8')
    const [, section = ''] = readme.split('\n## A first alert\n')
    const [block = '', webhook = ''] = [...section.matchAll(/```sh\n([\s\S]*?)```/g)].map(
      ([, commands = '']) => commands,
    )
    // Only the ports are other ones, because others may listen on those.
    const [http, mqtt] = [await freePort(), await freePort()]
    const script = `${block}echo; ${webhook}`
      .replaceAll(':8080', `:${http}`)
      .replace('npx mqtt pub', `npx mqtt pub -p ${mqtt}`)
      // It may take longer than a second on a busy machine until the alert is raised.
      .replace('sleep 1\n', 'sleep 15\n')
    expect(script).toContain(`-p ${mqtt}`)
    const folder = mkdtempSync(join(tmpdir(), 'bw-readme-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const { stdout } = await promisify(execFile)('bash', ['-c', `${script}\nkill %1; wait`], {
      cwd: root,
      timeout: startLimitMs - 5_000,
      env: {
        ...process.env,
        TMPDIR: folder,
        BELLWETHER_HTTP_PORT: String(http),
        BELLWETHER_MQTT_PORT: String(mqtt),
      },
    })
    const [summary = '', ...answers] = stdout.split('\n').filter((line) => line !== '')
    expect(summary).toMatch(/^"summary":\{"en":"Yellow: .* at Quay is 10\.1 m, at or above 9\.3 m"/)
    expect(readme).toContain(summary.replace(/,"zh".*/, ''))
    // The endpoint with its secret, then its deliveries, without a line end between them.
    expect(answers.join('')).toMatch(/"id":"duty".*"secret":"whsec_.*\}\{"items":\[/)
  },
  startLimitMs,
)
