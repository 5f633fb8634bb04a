/** InfluxDB keeps the contract of the readings store, with usual limits and with a log that is cut all the time. */

import { afterAll, beforeAll } from 'vitest'
import { influxTimes } from '../../../stores/readings/influx/layout.ts'
import type { LogLimits } from '../../../stores/readings/influx/options.ts'
import { type ReadingsBackend, readingsConformance } from '../../conformance/readings.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'
import { findServer2 } from './server2.ts'

const servers = findInfluxes()
const two = findServer2()
if (two !== undefined && !servers.some(({ generation }) => generation === 2)) {
  servers.push({ name: two.name, generation: 2, start: async () => (await two.start()).server })
}

for (const { name, start } of servers) {
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
