/** What the API is handed when it starts. */

import type { Config } from '../config.ts'
import type { Bus, Ports } from '../domain/ports.ts'
import type { SiteIndex } from '../indices/site-series.ts'
import type { LatestTable } from '../stores/readings/latest-table.ts'
import type { ReadingsReader } from '../stores/readings/readings.ts'
import type { AlertLog } from '../stores/records/alert-log.ts'
import type { Ledger } from '../stores/records/ledger.ts'
import type { Registry, RegistryView } from '../stores/records/registry.ts'
import type { Monitor } from './monitor.ts'

/** Where the broker listens for what this port hands on, and the key it asks for. */
export interface EdgeAddress {
  port: number
  key: string
}

export interface ApiParts {
  config: Config
  ports: Ports
  bus: Bus
  /** For writes. */
  registry: Registry
  /** For reads; refreshed at the start of each request. */
  view: RegistryView
  readings: ReadingsReader
  latest: LatestTable
  sites: SiteIndex
  ledger: Ledger
  alerts: AlertLog
  monitor: Monitor
  /** Null while the broker does not run. */
  edge: () => Promise<EdgeAddress | null>
  /** SHA-256 of the administrator's token of the settings, or null when there is none. */
  adminTokenHash: string | null
}
