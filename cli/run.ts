/** The command line: finds the command, prints help, turns failures into one line and an exit code. */

import { readFileSync } from 'node:fs'
import { ConfigError } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import { type Command, UsageError } from './command.ts'
import { commands, type ListedCommand } from './commands.ts'

/** Exit codes: 0 done, 1 it failed, 2 the command line or a setting is wrong. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const [name, ...rest] = argv
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(overview())
    return name === undefined ? 2 : 0
  }
  if (name === '--version' || name === '-v' || name === 'version') {
    process.stdout.write(`${version()}\n`)
    return 0
  }
  const known = commands.find((one) => one.name === name)
  if (known === undefined) {
    process.stderr.write(`bellwether: there is no command "${name}".\n${overview()}`)
    return 2
  }
  const command = await loaded(known)
  if (command === null) return 1
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(command.help)
    return 0
  }
  return run(command, rest)
}

/** Null when too few files may be open for the files of the command itself; that is told. */
async function loaded({ name, load }: ListedCommand): Promise<Command | null> {
  try {
    return await load()
  } catch (error) {
    if ((error as { code?: unknown }).code !== 'EMFILE') throw error
    process.stderr.write(
      `bellwether ${name}: the limit of open files is too low to load the program. Raise it: "ulimit -n 65536" in the shell, LimitNOFILE=65536 in the systemd unit.\n`,
    )
    return null
  }
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

/** Of package.json, which lies above this file in the checkout and in the build alike, but not as far. */
function version(): string {
  for (const place of ['../package.json', '../../package.json']) {
    const found = versionIn(new URL(place, import.meta.url))
    if (found !== undefined) return found
  }
  return 'unknown'
}

function versionIn(file: URL): string | undefined {
  try {
    const { name, version } = JSON.parse(readFileSync(file, 'utf8'))
    return name === 'bellwether' ? String(version) : undefined
  } catch {
    return undefined // There is none in this place.
  }
}

function overview(): string {
  const rows = commands.map(({ name, about }) => `  ${name.padEnd(10)}${about}`)
  return `Bellwether: the backend a city trusts with its sensors

Usage: bellwether COMMAND [options]
       bellwether --version

${rows.join('\n')}

"bellwether COMMAND --help" tells more. Settings are environment variables BELLWETHER_*;
"bellwether config" lists them all.
`
}
