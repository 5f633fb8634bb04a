/** `bellwether quality`: the flags of stored readings, computed again after plans or defaults have changed. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { qualityTests } from '../../domain/quality.ts'
import {
  type Reevaluation,
  type ReevaluationWish,
  reevaluateStored,
} from '../../operations/stored-flags.ts'
import { systemClock, systemTimers } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'
import { timeOption } from '../time-option.ts'

export const qualityCommand: Command = {
  name: 'quality',
  help: `Usage: bellwether quality reevaluate --from TIME [--to TIME] [--site ID] [--device ID] [--property CODE]
                                     [--dry-run]

Runs the quality tests again on the stored readings observed from --from to --to (exclusive), with the plans and
defaults as they are now, and writes the flags that come out otherwise. Readings are judged in the order in which they
were observed, also those that came late. Values never change, alerts that were raised stay, and readings of devices
that are no longer registered are left alone. Works on the readings of BELLWETHER_READINGS, whether the server runs or
not (with InfluxDB: only --dry-run while it runs), and may be repeated at will.

  --from TIME      a time with its zone, such as 2026-11-21T08:00:00+08:00, or a day (from 00:00 UTC)
  --to TIME        the same; now unless given
  --site ID        only readings that were taken at this site
  --device ID      only readings of this device
  --property CODE  only readings of this property
  --dry-run        say what would change, and change nothing
`,
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        from: { type: 'string' },
        to: { type: 'string' },
        site: { type: 'string' },
        device: { type: 'string' },
        property: { type: 'string' },
        'dry-run': { type: 'boolean', default: false },
      },
    })
    if (positionals.length !== 1 || positionals[0] !== 'reevaluate') {
      throw new UsageError('say "reevaluate"')
    }
    if (values.from === undefined) throw new UsageError('--from is required')
    const from = timeOption('from', values.from)
    const to = values.to === undefined ? systemClock.now() : timeOption('to', values.to)
    if (from >= to) throw new UsageError('--from must be before --to')
    const { site, device, property, 'dry-run': isDry } = values
    const choice = Object.entries({ site, device, property }).filter(([, id]) => id !== undefined)
    const wish: ReevaluationWish = { from, to, isDry, ...Object.fromEntries(choice) }
    const done = await reevaluateStored(loadConfig(), wish, {
      clock: systemClock,
      timers: systemTimers,
    })
    process.stdout.write(report(done, wish))
    return 0
  },
}

function report(done: Reevaluation, { from, to, isDry }: ReevaluationWish): string {
  const [first, end] = [from, to].map((ms) => new Date(ms).toISOString())
  const lines = [
    `looked at ${done.looked} readings of ${done.series} series from ${first} to ${end}`,
    `${isDry ? 'would change' : 'changed'} ${isDry ? done.changed : done.written} of them`,
  ]
  if (!isDry && done.written < done.changed) {
    lines.push(`passed over ${done.changed - done.written} that were replaced meanwhile`)
  }
  for (const test of qualityTests) {
    const count = done.byTest.get(test)
    if (count !== undefined) lines.push(`  ${test.padEnd(18)}${count}`)
  }
  return `${lines.join('\n')}\n`
}
