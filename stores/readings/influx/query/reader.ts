/**
 * A reader of readings in InfluxDB; any number of them in other threads or processes. Which series there are, their
 * newest readings and what is new come from `influx.db` and are there even when InfluxDB is not.
 */

import type { Reading } from '../../../../domain/reading.ts'
import type { ReadingsReader } from '../../readings.ts'
import { aggregatePages } from './aggregate.ts'
import { createConnection } from '../http/connection.ts'
import type { InfluxReaderOptions } from '../options.ts'
import { rangePages } from './range.ts'
import { openSnapshot, type Snapshot } from '../file/snapshot.ts'

const pageSeriesMax = 1_024

export function openReader(options: InfluxReaderOptions): ReadingsReader {
  const snapshot = openSnapshot(options.path)
  const connection = createConnection(options)
  return {
    series: () => snapshot.series(),
    latest: () => latest(snapshot),
    range: (query) => rangePages(snapshot, connection, query),
    aggregate: (query) => aggregatePages(snapshot, connection, query),
    position: () => snapshot.position(),
    since: (position) => snapshot.since(position),
    progress: () => snapshot.progress(),
    close() {
      connection.close()
      snapshot.close()
    },
  }
}

function* latest(snapshot: Snapshot): Generator<readonly Reading[]> {
  for (let next = 1; ; ) {
    const page = snapshot.newest(next, pageSeriesMax)
    if (page === undefined) return
    next = page.next
    if (page.readings.length > 0) yield page.readings
  }
}
