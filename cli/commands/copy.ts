/** `bellwether copy`: all readings to another store, for the move to it. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import type { CopyTold } from '../../operations/copy/copy.ts'
import { fingerprintText } from '../../operations/copy/fingerprint.ts'
import { type Moved, type MoveWish, moveReadings } from '../../operations/copy/moving.ts'
import { type Command, UsageError } from '../command.ts'

const kinds: readonly MoveWish['to'][] = ['sqlite', 'influx']

export const copyCommand: Command = {
  name: 'copy',
  help: `Usage: bellwether copy readings --to ${kinds.join('|')} [--into FOLDER] [--finish] [--compare]

Copies all readings with their flags from the store of BELLWETHER_READINGS to another one, and what is written
meanwhile, while the server runs; then compares both and mends what differs. It may be interrupted and repeated.

  --to KIND      influx (the settings BELLWETHER_INFLUX_* say where) or sqlite
  --into FOLDER  data folder of the new store; BELLWETHER_DATA_DIR unless given
  --finish       stay in step until the server has been stopped, compare the rest, and let the new store take over
                 position and counts: start the server with the other BELLWETHER_READINGS then, and it goes on there
  --compare      compare everything, also what was found the same before

Exit code 0 when done, 1 when it failed; then the old store is as it was, and it can be repeated.
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        to: { type: 'string' },
        into: { type: 'string' },
        finish: { type: 'boolean', default: false },
        compare: { type: 'boolean', default: false },
      },
    })
    if (positionals.length !== 1 || positionals[0] !== 'readings') {
      throw new UsageError('say "readings"')
    }
    const to = kinds.find((kind) => kind === values.to)
    if (to === undefined) throw new UsageError(`--to must be one of ${kinds.join(', ')}`)
    const { into = null, finish: isFinishing, compare: isComparingAll } = values
    const wish: MoveWish = { to, into, isFinishing, isComparingAll }
    const moved = await moveReadings(loadConfig(), wish, {
      onProgress: (told) => note(lineOf(told)),
      onContinued: () => note('going on with the copy that was begun'),
      onReady: () =>
        note('In step with the server. Stop the server now; this command does the rest.'),
    })
    process.stdout.write(report(moved, wish))
    return 0
  },
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

function lineOf({ until, readings, doing }: CopyTold): string {
  const isDate = Math.abs(until) < 8.64e15
  return `${doing} up to ${isDate ? new Date(until).toISOString() : 'the end'}: ${readings} readings`
}

function report({ source, target, totals, progress }: Moved, { to }: MoveWish): string {
  const { readings, sum, mended, extra, open } = totals
  const lines = [`from ${source}`, `to   ${target}`]
  if (mended > 0) lines.push(`${mended} readings differed when they were compared, and were mended`)
  if (extra > 0) lines.push(`${extra} readings are only in the new store`)
  if (progress === null) {
    lines.push(
      `${readings} readings; ${open} stretches of time have changed since they were compared`,
    )
    lines.push('Run it with --finish, and stop the server when it says so.')
    return `${lines.join('\n')}\n`
  }
  const { seq, received, stored, duplicate, quarantined } = progress
  lines.push(
    `both hold the same ${readings} readings, checksum ${fingerprintText(sum)}`,
    `position ${seq}, received ${received} = stored ${stored} + duplicate ${duplicate} + refused ${quarantined}`,
    `Start the server with BELLWETHER_READINGS=${to} now.`,
  )
  return `${lines.join('\n')}\n`
}
