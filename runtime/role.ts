/** What a role is given when it starts, and what it answers. */

import type { Config } from '../config.ts'
import type { Ports } from '../domain/ports.ts'
import type { LocalBus } from './bus.ts'

export interface RoleContext {
  config: Config
  ports: Ports
  bus: LocalBus
  /** Prometheus text of the meters of all threads of this process. */
  meters: () => Promise<string>
}

export interface RunningRole {
  /** Where it listens, if it does. */
  mqttPort?: number
  mqttsPort?: number
  httpPort?: number
  stop(): Promise<void>
}
