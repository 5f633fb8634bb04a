/** The law of order where the past is read from InfluxDB. */

import { afterAll, beforeAll, describe } from 'vitest'
import { openInfluxReader } from '../../../stores/readings/influx.ts'
import { alertOrder } from '../../conformance/alert-order.ts'
import { findInfluxes } from './find.ts'
import { openInfluxStore } from './influx-store.ts'
import type { Influxd } from './influxd.ts'

for (const { name, start } of findInfluxes()) {
  describe(name, () => {
    let server: Influxd
    beforeAll(async () => {
      server = await start()
    })
    afterAll(() => server?.stop())

    alertOrder({
      runs: 6,
      open() {
        const { writer, options, dispose } = openInfluxStore(server)
        return { readings: { writer, openReader: () => openInfluxReader(options) }, dispose }
      },
    })
  })
}
