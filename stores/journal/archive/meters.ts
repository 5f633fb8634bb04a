/** What the archive counts about itself. */

import type { Meter } from '../../../domain/ports.ts'

export interface ArchiveMeters {
  archived(): void
  faults(): void
  missed(uplinks: number): void
  bytes(bytes: number): void
}

export function createArchiveMeters(meter: Meter): ArchiveMeters {
  const archived = meter.counter(
    'bellwether_archive_segments_total',
    'Journal segments that were archived.',
  )
  const faults = meter.counter(
    'bellwether_archive_faults_total',
    'Times that a journal segment could not be archived; it is tried again.',
  )
  const missed = meter.counter(
    'bellwether_archive_missed_uplinks_total',
    'Uplinks that were dropped from the journal without being archived, for want of room.',
  )
  const bytes = meter.gauge('bellwether_archive_bytes', 'Bytes of the journal archive.')
  return { archived, faults, missed, bytes }
}
