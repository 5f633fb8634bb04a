/**
 * Tells of the journal that was not read yet when ingest began: how much it is, every few seconds how far it is, and
 * when it is read. Nothing is told of what comes in later.
 */

import type { Clock, Log } from '../domain/ports.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { Place } from './turns.ts'

const tellEveryMs = 5_000

export interface CatchUp {
  /** After each turn; costs nothing once everything from before the start is read. */
  at(place: Place): Promise<void>
}

export function createCatchUp(parts: { journal: JournalReader; clock: Clock; log: Log }): CatchUp {
  const { journal, clock, log } = parts
  const startedAt = clock.monotonic()
  /** The end of the journal when ingest began; null when there was nothing to read, or it is read. */
  let end: number | null | undefined
  let uplinks = 0
  let toldAt = startedAt

  const seconds = () => Math.round((clock.monotonic() - startedAt) / 100) / 10

  async function begin({ seq, ahead }: Place): Promise<void> {
    end = await journal.head()
    uplinks = (await journal.backlog(seq, ahead)).messages
    if (uplinks === 0) end = null
    else
      log.info({ uplinks }, 'The journal holds uplinks that are not read yet; they are read now.')
  }

  return {
    async at(place) {
      if (end === null) return
      if (end === undefined) {
        await begin(place)
        return
      }
      if (place.seq >= end) {
        log.info({ uplinks, seconds: seconds() }, 'What the journal held at the start is read.')
        end = null
      } else if (clock.monotonic() - toldAt >= tellEveryMs) {
        toldAt = clock.monotonic()
        const { messages } = await journal.backlog(place.seq, place.ahead)
        log.info({ left: messages, of: uplinks, seconds: seconds() }, 'The journal is being read.')
      }
    },
  }
}
