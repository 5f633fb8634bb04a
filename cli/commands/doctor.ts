/** `bellwether doctor`: what is wrong, or will be, with settings, machine and stores, and what to do about it. */

import { parseArgs } from 'node:util'
import { ConfigError, loadConfig, secretFiles } from '../../config.ts'
import { examine, type Finding } from '../../operations/doctor/doctor.ts'
import type { Command } from '../command.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  help: `Usage: bellwether doctor [--config FILE] [--json]

Looks at what a server needs and changes nothing: settings, data folder and its rights, disk, clock, ports, readings
store (InfluxDB: version, sign-in, rights). Works beside a running server, and without one. One line for each:
"ok", "warn" (works, and is not as it should be) or "fail" (does not start, or cannot keep what it promises), and
what to do. Exit code 0, or 1 when something fails.

  --config FILE   settings in YAML; environment variables win
  --json          {"ok": …, "findings": [{"check", "status", "found", "advice"}]}
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    })
    const findings = await look(values.config)
    const isWell = findings.every(({ status }) => status !== 'fail')
    if (values.json) {
      process.stdout.write(`${JSON.stringify({ ok: isWell, findings }, null, 2)}\n`)
    } else for (const finding of findings) process.stdout.write(lineOf(finding))
    return isWell ? 0 : 1
  },
}

async function look(file: string | undefined): Promise<Finding[]> {
  try {
    const config = loadConfig(file === undefined ? {} : { file })
    return await examine(config, secretFiles())
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    const advice = 'Until the settings can be read, nothing else is looked at.'
    return [{ check: 'settings', status: 'fail', found: error.message, advice }]
  }
}

function lineOf({ check, status, found, advice }: Finding): string {
  const next = advice === null ? '' : ` → ${advice}`
  return `${status.padEnd(4)}  ${check.padEnd(11)}  ${found}${next}\n`
}
