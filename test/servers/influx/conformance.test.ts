/** InfluxDB keeps the contract of the readings store, with usual limits and with a log that is cut all the time. */

import { afterAll, beforeAll } from 'vitest'
import { influxTimes } from '../../../stores/readings/influx/layout.ts'
import type { LogLimits } from '../../../stores/readings/influx/options.ts'
import { type ReadingsBackend, readingsConformance } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

for (const { name, start } of findInfluxes()) {
  let server: Influxd
  beforeAll(async () => {
    server = await start()
  })
  afterAll(() => server?.stop())

  const backend = (limits: Partial<LogLimits>): ReadingsBackend => ({
    open: async ({ keepDays }) => openInfluxStore(server, { keepDays, limits }),
    times: influxTimes,
  })
  readingsConformance(name, backend({}))
  readingsConformance(`${name} with a short log`, backend({ logEntries: 6, logSlack: 0 }))
}
