/** `bellwether serve`: the server, until it is told to stop. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { serve } from '../../server/supervisor.ts'
import { systemTimers } from '../../runtime/system.ts'
import type { Command } from '../command.ts'
import { aborted, stopSignal } from '../stop-signal.ts'

/** After this a stop that hangs is cut short; what was acknowledged is on disk all the same. */
const stopWithinMs = 9_500

export const serveCommand: Command = {
  name: 'serve',
  help: `Usage: bellwether serve [--config FILE]

Runs the server until SIGINT or SIGTERM. When every role is up, prints one JSON line on stdout:
  {"msg":"ready","mqtt":"mqtt://127.0.0.1:1883","http":"http://127.0.0.1:8080"}
Logs are JSON lines on stderr. Exit code 0 after a stop, 2 for a bad setting, 1 otherwise.

  --config FILE   settings in YAML; environment variables win
`,
  async run(argv) {
    const { values } = parseArgs({ args: [...argv], options: { config: { type: 'string' } } })
    const config = loadConfig(values.config === undefined ? {} : { file: values.config })
    const stop = stopSignal()
    // Counted from the signal, whatever is under way then.
    stop.addEventListener('abort', () => {
      systemTimers.after(stopWithinMs, () => process.exit(0))
    })
    const server = await Promise.race([serve(config), aborted(stop)])
    // What was acknowledged before everything was up is on disk.
    if (server === undefined) process.exit(0)
    if (server.newAdminToken !== null) {
      process.stderr.write(
        `\nAdmin token, shown this once (keep it, or set BELLWETHER_ADMIN_TOKEN):\n  ${server.newAdminToken}\n\n`,
      )
    }
    const { mqttUrl, mqttsUrl, httpUrl } = server
    process.stdout.write(
      `${JSON.stringify({ msg: 'ready', mqtt: mqttUrl, mqtts: mqttsUrl, http: httpUrl })}\n`,
    )
    await aborted(stop)
    await server.stop()
    process.exit(0)
  },
}
