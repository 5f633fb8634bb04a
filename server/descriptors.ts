/**
 * How many connections fit into the descriptors that the operating system lets this process have. Files come first, then
 * HTTP within a share, so that a crowd at one door shuts neither the other nor the stores.
 */

import { readFileSync } from 'node:fs'
import type { Config } from '../config.ts'
import { Fault } from '../domain/errors.ts'
import type { Log } from '../domain/ports.ts'

/** Stores, journal, threads, deliveries, and connections to InfluxDB. */
const reserved = 224
const httpShare = 1 / 4
/** A connection over WebSocket has two ends in the API and one in the broker. */
const websocketDescriptors = 3
const leastMax = 8

/** Null where the system does not tell. Node has raised the soft limit to the hard one by then. */
export function descriptorLimit(path = '/proc/self/limits'): number | null {
  try {
    const found = /^Max open files\s+(\d+)/m.exec(readFileSync(path, 'utf8'))?.[1]
    return found === undefined ? null : Number(found)
  } catch {
    return null
  }
}

/** A thread that starts opens some two hundred files of the program at once. */
const loadingDescriptorsMax = 2_048

/** Whether all roles may load the program at the same time, under this limit of open files. */
export function loadsTogether(limit: number | null): boolean {
  return limit === null || limit >= loadingDescriptorsMax
}

/** Measured: with 320 all roles start, with 310 the last one cannot load its files. The rest is for connections. */
export const openFilesMin = 384

/** Throws `Fault` where a start would end somewhere in the middle, for want of files. */
export function requireDescriptors(limit: number | null): void {
  if (limit === null || limit >= openFilesMin) return
  throw new Fault(
    'unavailable',
    `the limit of open files is ${limit}; at least ${openFilesMin} are needed, and one more for each further connection. Raise it: "ulimit -n 65536" in the shell, LimitNOFILE=65536 in the systemd unit.`,
  )
}

type Limits = Pick<Config, 'httpConnectionsMax' | 'mqttConnectionsMax' | 'mqttWebsocketsMax'>

/** The settings, lowered to what fits. */
export function withinDescriptors<Settings extends Limits>(
  config: Settings,
  limit: number | null,
  log: Log,
): Settings {
  if (limit === null) return config
  const free = Math.max(0, limit - reserved)
  const least = (wished: number, fits: number) =>
    Math.min(wished, Math.max(leastMax, Math.floor(fits)))
  const httpConnectionsMax = least(config.httpConnectionsMax, free * httpShare)
  const rest = free - httpConnectionsMax
  const mqttConnectionsMax = least(config.mqttConnectionsMax, (rest * 2) / 3)
  const forWebsockets = (rest - mqttConnectionsMax) / (websocketDescriptors - 1)
  const mqttWebsocketsMax = Math.min(
    least(config.mqttWebsocketsMax, forWebsockets),
    mqttConnectionsMax,
  )
  const fitting = { httpConnectionsMax, mqttConnectionsMax, mqttWebsocketsMax }
  if (
    mqttConnectionsMax < config.mqttConnectionsMax ||
    httpConnectionsMax < config.httpConnectionsMax
  ) {
    log.warn(
      { openFilesMax: limit, ...fitting },
      'The limit of open files allows fewer connections than the settings; raise it (ulimit -n, LimitNOFILE).',
    )
  }
  return { ...config, ...fitting }
}
