/** What the writer and the readers of InfluxDB are opened with. */

import type { Ports } from '../../../domain/ports.ts'
import type { WrittenSites } from '../../../domain/written-sites.ts'
import type { ReadingsWriter, RefusedReading } from '../readings.ts'
import type { ConnectionOptions } from './http/connection.ts'
import type { SiteTags } from './write/place.ts'
import type { Placements } from './write/places.ts'

export interface InfluxReaderOptions extends ConnectionOptions {
  /** `influx.db`; made when it is not there. */
  path: string
}

export interface InfluxWriterOptions extends InfluxReaderOptions {
  ports: Pick<Ports, 'clock' | 'timers' | 'log' | 'meter'>
  /** Days that readings are kept by their observed time; 0 keeps them forever. */
  keepDays: number
  /** Site and district of a device as the registry has them now; undefined when it is not registered. */
  placeOf(device: string): SiteTags | undefined
  /** Where devices that have moved stood over time; absent: all have stood at one site ever since. */
  placements?: Placements
  /**
   * Told once, some at a time, where points of an earlier version stand whose devices have no placements; answers which
   * have placements by now.
   */
  onWritten?(written: readonly WrittenSites[]): Promise<readonly string[]>
  /** IANA time zone of the device's site, for the days that boards show; UTC when absent. */
  zoneOf?(device: string): string
  /**
   * Told of the readings of a batch that InfluxDB refuses for good, and of those that are set aside, before they are
   * counted as quarantined; after a crash perhaps told again.
   */
  onRefused?(readings: readonly RefusedReading[]): void | Promise<void>
  /** Requests of a batch that look for what is refused; 64. What is not found by then is set aside. */
  searchesMax?: number
  /** Lines that are kept beside while InfluxDB may lose what it takes; 2 GiB. */
  keptBytesMax?: number
  limits?: Partial<LogLimits>
}

/** A few hundred milliseconds for a server that is near. */
export const searchesDefault = 64

export interface LogLimits {
  /** The newest readings that stay in the log for followers. */
  logEntries: number
  /** So many more are let come before it is cut. */
  logSlack: number
}

export const logLimits: LogLimits = { logEntries: 131_072, logSlack: 131_072 }

export interface InfluxReadingsWriter extends ReadingsWriter {
  /** Ends requests under way: what waits for them throws `store_unavailable`, and nothing is lost. For a stop. */
  interrupt(): void
}
