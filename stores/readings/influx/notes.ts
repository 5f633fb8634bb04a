/** What the writer tells of readings that do not end in InfluxDB: counted, logged, and handed on. */

import type { Reading } from '../../../domain/reading.ts'
import type { InfluxWriterOptions } from './options.ts'

export interface WriterNotes {
  /** Refused for good, each with the reason. */
  refused(readings: ReadonlyMap<Reading, string>): Promise<void>
  /** Points were older than the database keeps. */
  aged(reason: string): void
}

export function createWriterNotes({ ports, onRefused }: InfluxWriterOptions): WriterNotes {
  const { log, meter } = ports
  const count = meter.counter(
    'bellwether_influx_refused_total',
    'Readings that InfluxDB refused for good; they went to quarantine.',
  )
  const countAged = meter.counter(
    'bellwether_influx_aged_total',
    'Requests with points older than the retention of InfluxDB, which it dropped.',
  )
  let isAgedTold = false
  return {
    async refused(readings) {
      count(readings.size)
      for (const [reason, some] of byReason(readings)) {
        const [example] = some
        log.error(
          { reason, readings: some.length, example },
          'InfluxDB refuses readings for good; they are quarantined.',
        )
        await onRefused?.(some, reason)
      }
    },
    aged(reason) {
      countAged()
      if (isAgedTold) return
      isAgedTold = true
      log.warn(
        { reason },
        'InfluxDB drops readings that are older than its retention, which is shorter than BELLWETHER_READINGS_DAYS or was set by somebody else.',
      )
    },
  }
}

function byReason(readings: ReadonlyMap<Reading, string>): Map<string, Reading[]> {
  const groups = new Map<string, Reading[]>()
  for (const [reading, reason] of readings) {
    const group = groups.get(reason)
    if (group === undefined) groups.set(reason, [reading])
    else group.push(reading)
  }
  return groups
}
