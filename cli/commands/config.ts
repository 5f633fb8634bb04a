/** `bellwether config`: the effective settings, secrets hidden. */

import { parseArgs } from 'node:util'
import { describeConfig, loadConfig } from '../../config.ts'
import type { Command } from '../command.ts'

export const configCommand: Command = {
  name: 'config',
  help: `Usage: bellwether config [--config FILE] [--json]

Prints every setting with its effective value and its meaning. Exit code 2 if a setting is wrong.

  --config FILE   settings in YAML; environment variables win
  --json          as one JSON object
`,
  async run(argv) {
    const { values } = parseArgs({
      args: [...argv],
      options: { config: { type: 'string' }, json: { type: 'boolean', default: false } },
    })
    const all = describeConfig(
      loadConfig(values.config === undefined ? {} : { file: values.config }),
    )
    if (values.json) {
      const object = Object.fromEntries(all.map(({ name, value }) => [name, value]))
      process.stdout.write(`${JSON.stringify(object, null, 2)}\n`)
    } else {
      for (const { name, value, about } of all)
        process.stdout.write(`# ${about}\n${name}=${value}\n`)
    }
    return 0
  },
}
