#!/usr/bin/env node
/** The command line: finds the command, prints help, turns failures into one line and an exit code. */

import { ConfigError } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import { installNames } from '../server/names.ts'
import { systemTimers } from '../system.ts'
import { backupCommand, restoreCommand } from './commands/backup.ts'
import { configCommand } from './commands/config.ts'
import { copyCommand } from './commands/copy.ts'
import { demoCommand } from './commands/demo.ts'
import { deviceCommand } from './commands/device.ts'
import { qualityCommand } from './commands/quality.ts'
import { replayCommand } from './commands/replay.ts'
import { rulesCommand } from './commands/rules.ts'
import { serveCommand } from './commands/serve.ts'
import { simulateCommand } from './commands/simulate.ts'
import { tokenCommand } from './commands/token.ts'
import { type Command, UsageError } from './command.ts'

const commands: readonly Command[] = [
  serveCommand,
  demoCommand,
  simulateCommand,
  deviceCommand,
  tokenCommand,
  rulesCommand,
  qualityCommand,
  configCommand,
  backupCommand,
  restoreCommand,
  replayCommand,
  copyCommand,
]

/** Exit codes: 0 done, 1 it failed, 2 the command line or a setting is wrong. */
async function main(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  const command = commands.find((known) => known.name === name)
  if (command === undefined) {
    process.stderr.write(`bellwether: there is no command "${name}".\n${overview()}`)
    return 2
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help)
    return 0
  }
  return run(command, rest)
}

async function run(command: Command, argv: readonly string[]): Promise<number> {
  try {
    return await command.run(argv)
  } catch (error) {
    if (error instanceof UsageError || isParseArgsError(error)) {
      process.stderr.write(
        `bellwether ${command.name}: ${(error as Error).message}\n${command.help}`,
      )
      return 2
    }
    if (error instanceof ConfigError) {
      process.stderr.write(`bellwether: ${error.message}\n`)
      return 2
    }
    const known = error instanceof Fault || typeof (error as { code?: unknown }).code === 'string'
    const text = known ? (error as Error).message : ((error as Error).stack ?? String(error))
    process.stderr.write(`bellwether ${command.name}: ${text}\n`)
    return 1
  }
}

function isParseArgsError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && code.startsWith('ERR_PARSE_ARGS')
}

function overview(): string {
  const rows = commands.map(({ name, about }) => `  ${name.padEnd(10)}${about}`)
  return `Bellwether: the backend a city trusts with its sensors

Usage: bellwether COMMAND [options]

${rows.join('\n')}

"bellwether COMMAND --help" tells more. Settings are environment variables BELLWETHER_*;
"bellwether config" lists them all.
`
}

/** Whoever reads may stop reading, such as `| head`. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
})
installNames(systemTimers)
process.exitCode = await main(process.argv.slice(2))
// What a command left open, such as a connection that is kept for later, does not keep the process.
process.stdout.write('', () => process.exit())
