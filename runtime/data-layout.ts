/** Where things lie below the data folder; the only place where these names are spelled. */

import { join } from 'node:path'

export interface DataLayout {
  journal: string
  /** Consumed segments of the journal, when they are kept. */
  archive: string
  readings: string
  /** What goes with readings in InfluxDB: position, counts, and the newest of them. */
  influx: string
  registry: string
  alerts: string
  ledger: string
  /** Facts about the running process, such as where the broker's edge listens; made anew at each start. */
  run: string
}

export function layoutOf(dataDir: string): DataLayout {
  return {
    journal: join(dataDir, 'journal'),
    archive: join(dataDir, 'archive'),
    readings: join(dataDir, 'readings.db'),
    influx: join(dataDir, 'influx.db'),
    registry: join(dataDir, 'registry.db'),
    alerts: join(dataDir, 'alerts.db'),
    ledger: join(dataDir, 'ledger.db'),
    run: join(dataDir, 'run'),
  }
}
