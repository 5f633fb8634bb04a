/** `bellwether replay`: a lost or damaged readings store, built again from what was received. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { type Replayed, type ReplayWish, replayHistory } from '../../operations/replay.ts'
import { systemClock } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'
import { timeOption } from '../time-option.ts'

/** Stretches and devices that are listed one by one. */
const listedMax = 10

export const replayCommand: Command = {
  name: 'replay',
  help: `Usage: bellwether replay [--from TIME] [--replace] [--restart]
       bellwether replay --into FOLDER [--from TIME] [--to TIME] [--restart]

Reads every uplink that is still there (the archive, if BELLWETHER_JOURNAL_ARCHIVE_DAYS keeps one, then the journal),
judges it as when it came but by the registry as it is now, and stores its readings in a new store. The server may run
meanwhile. If none runs at the end, the new store takes the place of the old one, and the server that is started next
goes on where the replay ended; else stop the server and run the same command again: it does the rest. Interrupted, it
goes on where it was. Alerts are not raised again.

  --from TIME    only what was received since then: a time with its zone, or a day (from 00:00 UTC)
  --to TIME      only what was received before; only with --into
  --into FOLDER  make an embedded store there, and replace nothing
  --replace      replace a store although it holds readings; it is kept beside the new one
  --restart      begin anew instead of going on with an interrupted replay

Exit code 0 when the new store is in place (or in FOLDER), 1 when a server runs and something is left to do.
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        into: { type: 'string' },
        replace: { type: 'boolean', default: false },
        restart: { type: 'boolean', default: false },
      },
    })
    const wish: ReplayWish = {
      from: values.from === undefined ? null : timeOption('from', values.from),
      to: values.to === undefined ? null : timeOption('to', values.to),
      into: values.into ?? null,
      isReplacing: values.replace,
      isRestarted: values.restart,
    }
    checkWish(wish)
    const done = await replayHistory(loadConfig(), wish, {
      now: systemClock.now,
      onContinued: (position) => note(`going on behind position ${position}`),
      onProgress: ({ position, receivedAt }) =>
        note(`position ${position}, received ${new Date(receivedAt).toISOString()}`),
    })
    process.stdout.write(report(done))
    return done.isInPlace ? 0 : 1
  },
}

function note(line: string): void {
  process.stderr.write(`${line}\n`)
}

function checkWish({ from, to, into, isReplacing }: ReplayWish): void {
  if (to !== null && into === null) throw new UsageError('--to goes only with --into')
  if (into !== null && isReplacing) throw new UsageError('--into replaces nothing; omit --replace')
  if (from !== null && to !== null && from >= to) throw new UsageError('--from must be before --to')
}

function report(done: Replayed): string {
  const { progress, missing, counts, file, keptAs, isInPlace } = done
  const { received, stored, duplicate, quarantined, seq } = progress
  const lines = [
    `replayed up to position ${seq}, ${counts.uplinks} uplinks in this run`,
    `received ${received} = stored ${stored} + duplicate ${duplicate} + refused ${quarantined}`,
  ]
  for (const [code, devices] of counts.refused) lines.push(`  refused ${code}: ${named(devices)}`)
  const gone = missing.reduce((sum, { from, to }) => sum + to - from, 0)
  if (gone > 0) lines.push(`${gone} positions are missing: dropped from the journal, or damaged`)
  for (const { from, to } of missing.slice(0, listedMax)) lines.push(`  ${from + 1} to ${to}`)
  if (missing.length > listedMax) lines.push(`  and ${missing.length - listedMax} more stretches`)
  if (!isInPlace) {
    lines.push(
      'A server runs. Stop it and run this again: it does the rest and replaces the store.',
    )
  } else {
    lines.push(`the new store is ${file}`)
    if (keptAs !== null)
      lines.push(`the old store is kept as ${keptAs}; delete it when all is well`)
  }
  return `${lines.join('\n')}\n`
}

/** Those with the most refused readings first. */
function named(devices: ReadonlyMap<string, number>): string {
  const sum = [...devices.values()].reduce((total, count) => total + count, 0)
  const most = [...devices].sort(([, a], [, b]) => b - a).slice(0, listedMax)
  const list = most.map(([device, count]) => `${device || 'others'} ${count}`).join(', ')
  return `${sum} (${list}${devices.size > most.length ? ', …' : ''})`
}
