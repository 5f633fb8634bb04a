/** Where ingest goes on: behind what the readings store has settled. */

import type { Log } from '../domain/ports.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { ReadingsWriter } from '../stores/readings/readings.ts'
import type { Place } from './turns.ts'

export interface StartParts {
  journal: JournalReader
  readings: ReadingsWriter
  log: Log
}

/** Returns the place to go on from; asked at the start, after a fault, and from time to time when idle. */
export function createStart({ journal, readings, log }: StartParts): () => Promise<Place> {
  let toldOf: number | undefined
  return async () => {
    const { seq, ahead } = await readings.progress()
    const settled = ahead?.to ?? seq
    const head = await journal.head()
    if (head === 0 || head >= settled) return ahead === undefined ? { seq } : { seq, ahead }
    /**
     * The journal is not the one that was read: it was lost, or a backup was put back. Waiting until it
     * reaches the old position would lose everything before; reading it again only finds duplicates.
     */
    const tail = await journal.tail()
    if (toldOf !== settled) {
      log.error(
        { position: settled, head, tail },
        'The journal ends before the position that was settled: it was replaced. It is read from its beginning.',
      )
    }
    toldOf = settled
    return { seq: tail - 1 }
  }
}
