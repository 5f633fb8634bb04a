/** Where ingest goes on: behind the last uplink that the readings store has settled. */

import type { Log } from '../domain/ports.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'

export async function findStart(parts: {
  journal: JournalReader
  readings: ReadingsWriter
  log: Log
}): Promise<number> {
  const { seq } = await parts.readings.progress()
  const head = await parts.journal.head()
  if (head >= seq) return seq
  /**
   * The journal is not the one that was read: it was lost, or a backup was put back. Waiting until it
   * reaches the old position would lose everything before; reading it again only finds duplicates.
   */
  const tail = await parts.journal.tail()
  parts.log.error(
    { position: seq, head, tail },
    'The journal ends before the position that was settled: it was replaced. It is read from its beginning.',
  )
  return tail - 1
}
