/** `bellwether demo`: the server over `./data/demo`, a simulated city, and a webhook receiver that prints. */

import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { newSecret } from '../../runtime/secret.ts'
import { serve } from '../../server/supervisor.ts'
import { runDemo } from '../../simulators/demo.ts'
import { systemClock, systemRandom, systemTimers } from '../../runtime/system.ts'
import type { Command } from '../command.ts'
import { stopSignal } from '../stop-signal.ts'

const print = (line: string) => process.stdout.write(`${line}\n`)

export const demoCommand: Command = {
  name: 'demo',
  help: `Usage: bellwether demo

Runs the server over ./data/demo (or BELLWETHER_DATA_DIR), registers a simulated city of about sixty devices that
publish over MQTT, and prints what duty staff would get. Ctrl-C ends it; it can be started again.
`,
  async run(argv) {
    parseArgs({ args: [...argv], options: {} })
    const config = loadConfig({
      defaults: {
        DATA_DIR: './data/demo',
        WEBHOOK_ALLOW: '127.0.0.1',
        LOG_LEVEL: 'warn',
        ADMIN_TOKEN: newSecret(systemRandom, 'bwt_'),
      },
    })
    const { adminToken = '' } = config
    const signal = stopSignal()
    const server = await serve(config)
    print(`TOKEN=${adminToken}`)
    await runDemo({
      apiUrl: server.httpUrl ?? '',
      mqttUrl: server.mqttUrl ?? '',
      adminToken,
      stateDir: join(config.dataDir, 'simulator'),
      ports: { clock: systemClock, timers: systemTimers, random: systemRandom },
      print,
      signal,
    })
    await server.stop()
    return 0
  },
}
