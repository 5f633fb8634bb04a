/**
 * Where the stream goes on after a start.
 *
 * A journal that ends before our cursor was lost or put back from a backup: it is read from its beginning,
 * because waiting until it has grown as long would miss everything until then.
 *
 * Windows are filled from the readings store, which may lag behind what is judged for alerts. What lies between
 * is judged again: the watches ignore what they have seen, and the windows miss nothing.
 */

import type { Log } from '../domain/ports.ts'
import type { JournalReader } from '../stores/journal/journal.ts'
import type { AlertLog } from '../stores/records/alert-log.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { Past } from './windows/window-buffers.ts'
import type { CircuitBreaker } from '../runtime/async/circuit-breaker.ts'

/** More than the store is behind in a second under full load; about half a second of work. */
const rejudgedUplinksMax = 100_000

export interface StartParts {
  log: AlertLog
  journal: JournalReader
  registry: RegistryView
  past?: Past
  guard: CircuitBreaker
  note: Log
}

export interface Start {
  /** Position on record, which does not go back. */
  cursor: number
  /** Position to read on from. */
  from: number
}

export async function findStart(parts: StartParts): Promise<Start> {
  const { log, journal, note } = parts
  const cursor = await log.cursor()
  const head = await journal.head()
  const tail = await journal.tail()
  if (head < cursor) {
    note.error(
      { cursor, head, tail },
      'The journal ends before the position judged for alerts: it was replaced. It is read from its beginning.',
    )
    return { cursor: tail - 1, from: tail - 1 }
  }
  const behind = Math.min(cursor - (await storedUpTo(parts, cursor)), rejudgedUplinksMax)
  return { cursor, from: Math.max(cursor - behind, Math.min(cursor, tail - 1)) }
}

/** Journal position whose readings the store holds, at most `cursor`. */
async function storedUpTo({ registry, past, guard }: StartParts, cursor: number): Promise<number> {
  const looksBack = registry
    .all('rule')
    .some(({ signal }) => signal.type !== 'value' && signal.type !== 'silence')
  if (past === undefined || !looksBack) return cursor
  let stored = cursor
  await guard.ask(async () => {
    stored = Math.min(cursor, (await past.progress()).seq)
  })
  return stored
}
