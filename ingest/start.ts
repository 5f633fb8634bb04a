/** Where ingest goes on: behind the last uplink that the readings store has settled. */

import type { Log } from '../domain/ports.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'

export interface StartParts {
  journal: JournalReader
  readings: ReadingsWriter
  log: Log
}

/** Returns the position to go on from; asked at the start, after a fault, and from time to time when idle. */
export function createStart({ journal, readings, log }: StartParts): () => Promise<number> {
  let toldOf: number | undefined
  return async () => {
    const { seq } = await readings.progress()
    const head = await journal.head()
    if (head === 0 || head >= seq) return seq
    /**
     * The journal is not the one that was read: it was lost, or a backup was put back. Waiting until it
     * reaches the old position would lose everything before; reading it again only finds duplicates.
     */
    const tail = await journal.tail()
    if (toldOf !== seq) {
      log.error(
        { position: seq, head, tail },
        'The journal ends before the position that was settled: it was replaced. It is read from its beginning.',
      )
    }
    toldOf = seq
    return tail - 1
  }
}
