/** `simulate`: registers a city with a server and lets it live until it is stopped. */

import type { Ports } from '../domain/ports.ts'
import { createApiClient } from './api-client.ts'
import { type City, makeCity, registryDevices } from './city.ts'
import { type FaultRates, noFaults } from './faults.ts'
import { connectors, type Fleet, runFleet } from './fleet.ts'
import { episodesFrom, type PlannedEpisode } from './plan.ts'
import { newToken, register, registerRules } from './register.ts'
import { cityRules, usualPatience } from './rules.ts'
import { aborted, pause } from './stop-watch.ts'
import { catchingUp, compressed, type Timeline } from './timeline.ts'
import { tokenFile } from './token-file.ts'

/** What every simulator needs of the world outside. */
export interface Surroundings {
  /** Such as `http://127.0.0.1:8080`. */
  apiUrl: string
  /** Such as `mqtt://127.0.0.1:1883`; also mqtts, ws, wss. */
  mqttUrl: string
  /** An API token of role admin. */
  adminToken: string
  /** Folder for tokens the server tells once (file of mode 0600); made when missing. */
  stateDir: string
  ports: Pick<Ports, 'clock' | 'timers' | 'random'>
  print: (line: string) => void
  /** Aborting it ends the run: no new messages, up to 5 s for acknowledgements, disconnect. */
  signal: AbortSignal
}

export interface SimulateOptions extends Surroundings {
  /** Same seed, same city and same weather. Default 1. */
  seed?: number
  /** Measuring devices, 1 to 50,000. Default 60. */
  devices?: number
  /** Connections at most; the other devices go behind gateways. Default 200. */
  connections?: number
  /** How many times as fast as the clock the city lives, 0.1 to 3,600. Default 1. */
  speed?: number
  /**
   * Days of history to send first, 0 to 6.5: the city starts so far back, stamps its own time and lives `speed` times
   * as fast until it has caught up. Default 0: it starts now, and a faster city stamps real time.
   */
  historyDays?: number
  /** Counted from the start of the run in the city's time. Default none. */
  episodes?: readonly PlannedEpisode[]
  /** Default none. */
  faults?: FaultRates
  /** Whether to register the alert rules too. Default true. */
  rules?: boolean
  /** Ends the run by itself after so long in real time. Default: only the signal ends it. */
  durationMs?: number
}

const drainMs = 5_000
const summaryEveryMs = 5_000

export async function simulate(options: SimulateOptions): Promise<void> {
  const { ports, print, signal, speed = 1 } = options
  if (!(speed >= 0.1 && speed <= 3_600)) {
    throw new RangeError(`speed must be from 0.1 to 3600, not ${speed}`)
  }
  const city = makeCity({
    seed: options.seed ?? 1,
    devices: options.devices ?? 60,
    connections: options.connections ?? 200,
  })
  const api = createApiClient({ url: options.apiUrl, token: options.adminToken, signal })
  // What is caught up with is stamped with the city's own time, so devices report as seldom as they do there.
  const isHistory = (options.historyDays ?? 0) > 0
  const tokens = await registerCity(city, { ...options, speed: isHistory ? 1 : speed })
  if (options.rules ?? true) await registerRules(api, cityRules(usualPatience))
  const timeline = timelineOf(options, speed)
  const startMs = timeline.cityTime(ports.clock.now())
  const fleet = runFleet({
    city,
    episodes: episodesFrom(options.episodes ?? [], startMs),
    faults: options.faults ?? noFaults,
    timeline,
    mqttUrl: options.mqttUrl,
    tokens,
    renew: (device) => newToken(api, device),
    ports,
  })
  const cancel = ports.timers.every(summaryEveryMs, () => print(summary(fleet, timeline)))
  if (options.durationMs === undefined) await aborted(signal)
  else await pause(options.durationMs, { timers: ports.timers, signal })
  cancel()
  await fleet.stop(drainMs)
  print(summary(fleet, timeline))
}

/** Registers sites, gateways and devices and answers the tokens of those that sign in. */
export async function registerCity(
  city: City,
  options: Surroundings & { speed: number },
): Promise<Map<string, string>> {
  const { apiUrl, print } = options
  print(
    `registering ${city.devices.length} devices at ${city.sites.length} sites and ${city.gateways.length} gateways with ${apiUrl}`,
  )
  return register(
    {
      sites: city.sites,
      devices: registryDevices(city, options.speed),
      connectors: connectors(city),
    },
    {
      api: createApiClient({ url: apiUrl, token: options.adminToken, signal: options.signal }),
      file: tokenFile({ dir: options.stateDir, server: apiUrl }),
      print,
    },
  )
}

function timelineOf(options: SimulateOptions, speed: number): Timeline {
  const realStartMs = options.ports.clock.now()
  const historyMs = (options.historyDays ?? 0) * 86_400_000
  if (historyMs > 0) {
    return catchingUp({ realStartMs, cityStartMs: realStartMs - historyMs, speed })
  }
  return compressed({ realStartMs, cityStartMs: realStartMs, speed })
}

/** One line of what the fleet has done so far. */
export function summary(fleet: Fleet, timeline: Timeline): string {
  const { tally } = fleet
  const status = fleet.status()
  const cityTime = new Date(status.cityMs + 28_800_000).toISOString().slice(0, 16).replace('T', ' ')
  const parts = [
    `city ${cityTime} (×${timeline.speed})`,
    `connected ${status.connected}/${status.links}${status.asleep > 0 ? ` (${status.asleep} asleep)` : ''}`,
    `sent ${tally.sent}`,
    `acked ${tally.acked} (${tally.readings} readings)`,
    `in flight ${status.inFlight}`,
    `waiting ${status.waiting}`,
  ]
  if (tally.refused > 0) parts.push(`sign-ins refused ${tally.refused}`)
  if (tally.givenUp > 0) parts.push(`given up ${tally.givenUp}`)
  if (status.lagMs > 0) parts.push(`behind by ${Math.round(status.lagMs / 1_000)} s of city time`)
  if (tally.lastError !== null && status.connected + status.asleep < status.links) {
    parts.push(`last error: ${tally.lastError}`)
  }
  return parts.join(' · ')
}
