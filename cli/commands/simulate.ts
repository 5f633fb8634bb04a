/** `bellwether simulate` and `bellwether simulate replay`: simulated devices, from outside, over MQTT. */

import { parseArgs } from 'node:util'
import { loadConfig } from '../../config.ts'
import { durationMs, durationSchema } from '../../domain/text.ts'
import { ApiRefusal } from '../../simulators/api-client.ts'
import { parseEpisode, parseFaults } from '../../simulators/plan.ts'
import { recordings } from '../../simulators/recordings.ts'
import { replay } from '../../simulators/replay.ts'
import { type Surroundings, simulate } from '../../simulators/simulate.ts'
import { systemClock, systemRandom, systemTimers } from '../../runtime/system.ts'
import { type Command, UsageError } from '../command.ts'
import { stopSignal } from '../stop-signal.ts'

const shared = {
  api: { type: 'string' },
  mqtt: { type: 'string' },
  state: { type: 'string', default: './data/simulator' },
  speed: { type: 'string' },
  'no-rules': { type: 'boolean', default: false },
} as const

const help = `Usage: bellwether simulate [options]
       bellwether simulate replay RECORDING [options]

Registers devices through the API and publishes over MQTT until Ctrl-C. The admin token is taken from
BELLWETHER_ADMIN_TOKEN (or BELLWETHER_ADMIN_TOKEN_FILE).

  --api URL          default: http:// and BELLWETHER_HTTP_HOST, _HTTP_PORT
  --mqtt URL         default: mqtt:// and BELLWETHER_MQTT_HOST, _MQTT_PORT
  --state FOLDER     where device tokens are kept (mode 0600); default ./data/simulator
  --speed N          times as fast as the clock; default 1, for replay 600
  --no-rules         leave the alert rules alone

A simulated city:
  --seed N           same seed, same city, same messages; default 1
  --devices N        1 to 50000; default 60
  --connections N    at most so many MQTT connections; default 200
  --history 3d       begin so far in the past and catch up
  --episode E        cloudburst, pollution or spill, "@" when, "*" how strong, like cloudburst@2h*0.8;
                     may be given several times
  --faults F         none (default), some, many, or shares such as spike=0.01,outage=0.1
  --for 10m          stop by itself

A recorded episode (RECORDING is one of
${recordings.map(({ id }) => `  ${id}`).join('\n')}):
  --history-mode     shift it so that it ends now, and send it as fast as it is taken
`

interface Place {
  api?: string
  mqtt?: string
  state: string
}

function surroundings(values: Place, signal: AbortSignal): Surroundings {
  const config = loadConfig()
  if (config.adminToken === undefined) {
    throw new UsageError('set BELLWETHER_ADMIN_TOKEN to a token of role admin')
  }
  return {
    apiUrl: values.api ?? `http://${config.httpHost}:${config.httpPort}`,
    mqttUrl: values.mqtt ?? `mqtt://${config.mqttHost}:${config.mqttPort}`,
    adminToken: config.adminToken,
    stateDir: values.state,
    ports: { clock: systemClock, timers: systemTimers, random: systemRandom },
    print: (line) => process.stdout.write(`${line}\n`),
    signal,
  }
}

function numberOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  if (!Number.isFinite(value)) throw new UsageError(`--${name} must be a number, not "${text}"`)
  return value
}

function durationOf(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  if (!durationSchema.safeParse(text).success) {
    throw new UsageError(`--${name} must be a duration such as 30m or 3d, not "${text}"`)
  }
  return durationMs(text)
}

/** Leaves out what was not given, so that the defaults stand where they are documented. */
function given<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(options).filter(([, value]) => value !== undefined)
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> }
}

async function runReplay(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...argv],
    allowPositionals: true,
    options: { ...shared, 'history-mode': { type: 'boolean', default: false } },
  })
  const [recording] = positionals
  if (recording === undefined || !recordings.some(({ id }) => id === recording)) {
    throw new UsageError(`name a recording: ${recordings.map(({ id }) => id).join(', ')}`)
  }
  await replay({
    ...surroundings(values, signal),
    recording,
    mode: values['history-mode'] ? 'history' : 'live',
    rules: !values['no-rules'],
    ...given({ speed: numberOf('speed', values.speed) }),
  })
  return 0
}

async function runCity(argv: readonly string[], signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...shared,
      seed: { type: 'string' },
      devices: { type: 'string' },
      connections: { type: 'string' },
      history: { type: 'string' },
      episode: { type: 'string', multiple: true },
      faults: { type: 'string' },
      for: { type: 'string' },
    },
  })
  const historyMs = durationOf('history', values.history)
  await simulate({
    ...surroundings(values, signal),
    rules: !values['no-rules'],
    ...given({
      seed: numberOf('seed', values.seed),
      devices: numberOf('devices', values.devices),
      connections: numberOf('connections', values.connections),
      speed: numberOf('speed', values.speed),
      historyDays: historyMs === undefined ? undefined : historyMs / 86_400_000,
      episodes: values.episode?.map(parseEpisode),
      faults: values.faults === undefined ? undefined : parseFaults(values.faults),
      durationMs: durationOf('for', values.for),
    }),
  })
  return 0
}

export const simulateCommand: Command = {
  name: 'simulate',
  help,
  async run(argv) {
    const signal = stopSignal()
    try {
      const [first, ...rest] = argv
      return await (first === 'replay' ? runReplay(rest, signal) : runCity(argv, signal))
    } catch (error) {
      // Who is told to end does not mind that the server did not answer meanwhile.
      if (signal.aborted && error instanceof ApiRefusal) return 0
      if (error instanceof RangeError) throw new UsageError(error.message)
      throw error
    }
  },
}
