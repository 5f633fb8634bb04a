/**
 * What the writer tells of readings that do not end in InfluxDB: counted, logged, and handed on. However many there
 * are, of each kind there is one line in a while, with the number since the one before.
 */

import type { Reading } from '../../../../domain/reading.ts'
import type { RefusedReading } from '../../readings.ts'
import type { InfluxWriterOptions } from '../options.ts'

export interface WriterNotes {
  /** Refused for good, or set aside. */
  refused(readings: readonly RefusedReading[]): Promise<void>
  /** So many readings are older than the database keeps. */
  aged(readings: number, reason: string): void
}

const sayEveryMs = 60_000

export function createWriterNotes(options: InfluxWriterOptions): WriterNotes {
  const { ports, bucket, onRefused } = options
  const { log, meter, clock } = ports
  const count = meter.counter(
    'bellwether_influx_refused_total',
    'Readings that InfluxDB refused for good; they went to quarantine.',
  )
  const countAside = meter.counter(
    'bellwether_influx_set_aside_total',
    'Readings of requests that InfluxDB refused, set aside in quarantine and tried again by themselves.',
  )
  const countAged = meter.counter(
    'bellwether_influx_aged_total',
    'Times that readings older than the retention of InfluxDB came, which it drops.',
  )
  const countAgedReadings = meter.counter(
    'bellwether_influx_aged_readings_total',
    'Readings older than the retention of InfluxDB; they count as stored and cannot be read there.',
  )
  const sayRefused = sometimes(clock, (readings: number, fields: Fields) =>
    log.error({ ...fields, readings }, 'InfluxDB refuses readings for good; they are quarantined.'),
  )
  const sayAside = sometimes(clock, (readings: number, fields: Fields) =>
    log.warn(
      { ...fields, readings },
      'InfluxDB refuses requests with many readings; those not found out at once are set aside in quarantine and tried again one by one.',
    ),
  )
  const sayAged = sometimes(clock, (readings: number, fields: Fields) =>
    log.warn(
      { ...fields, readings, bucket },
      'InfluxDB drops readings that are older than its retention: lengthen the retention of the bucket if they are to be kept ("influx bucket update --retention", in 1.x "ALTER RETENTION POLICY"); with the archive of the journal, "bellwether replay" brings them back.',
    ),
  )

  return {
    async refused(readings) {
      const sure = readings.filter(({ isUnsure }) => !isUnsure)
      const unsure = readings.filter(({ isUnsure }) => isUnsure)
      count(sure.length)
      countAside(unsure.length)
      sayRefused(sure.length, fieldsOf(sure[0]))
      sayAside(unsure.length, fieldsOf(unsure[0]))
      await onRefused?.(readings)
    },
    aged(readings, reason) {
      if (readings === 0) return
      countAged()
      countAgedReadings(readings)
      sayAged(readings, { reason })
    },
  }
}

interface Fields {
  reason?: string
  example?: Reading
}

function fieldsOf(first: RefusedReading | undefined): Fields {
  return first === undefined ? {} : { reason: first.reason, example: first.reading }
}

/** The first at once, the others together in a while. */
function sometimes(
  clock: InfluxWriterOptions['ports']['clock'],
  say: (readings: number, fields: Fields) => void,
) {
  let untold = 0
  let quietUntil = Number.NEGATIVE_INFINITY
  return (readings: number, fields: Fields) => {
    untold += readings
    const now = clock.monotonic()
    if (untold === 0 || now < quietUntil) return
    say(untold, fields)
    untold = 0
    quietUntil = now + sayEveryMs
  }
}
