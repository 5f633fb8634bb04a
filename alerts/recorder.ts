/**
 * Writes what the stream found to the alert log. Changes go in one small transaction as soon as they are
 * found; the journal cursor moves with them when little else is waiting to be written, and at a checkpoint
 * about every second otherwise. Watches may be ahead of the cursor, never behind it.
 *
 * Watches at which nothing is at stake are written at most 1,000 a checkpoint. Under a heavier load a crash
 * forgets when some quiet series were last heard, so that a late reading of them can count as current once.
 */

import type { AlertChange } from '../domain/alert.ts'
import type { Bus, Clock } from '../domain/ports.ts'
import type { AlertLog, Recording } from '../stores/records/alert-log.ts'
import type { RegistryView } from '../stores/records/registry.ts'
import type { LateNews } from './late/late-changes.ts'
import type { AlertMeters } from './meters.ts'
import type { Retry } from '../runtime/async/retry.ts'
import { close } from './upkeep.ts'
import { alertKey, type Watch, type WatchBook, writeWatch } from './lifecycle/watch.ts'

const watchesWithChangesMax = 256
const urgentMax = 500
const quietMax = 1_000

export interface RecorderParts {
  log: AlertLog
  book: WatchBook
  registry: RegistryView
  bus: Bus
  clock: Clock
  meters: AlertMeters
  retry: Retry
  /** New deliveries may be due. */
  onOutbox(): void
}

export interface Recorder {
  /** Records changes found up to journal position `seq`. */
  changes(changes: readonly AlertChange[], seq: number): Promise<void>
  /** Records what a second look found, with the watch as it stands after it. */
  revise(watch: Watch, news: LateNews): Promise<void>
  /** Records that retries from quarantine are seen up to this request, with the watches that they concern. */
  retried(request: number, watches: readonly Watch[]): Promise<void>
  /** Writes watches and, when nothing urgent is left behind, the cursor. True when it had room for all. */
  checkpoint(seq: number): Promise<boolean>
  forget(watches: readonly Watch[]): Promise<void>
  /** True when something found could not be written before the stop: then the cursor must not pass it. */
  readonly abandoned: boolean
}

export function createRecorder(parts: RecorderParts, cursor: number): Recorder {
  const { log, book, registry, meters, retry } = parts
  let written = cursor
  let abandoned = false

  /** What is judged again after a restart stays behind the position on record. */
  const cursorAt = (seq: number) => (seq > written ? { cursor: seq } : {})

  async function write(recording: Recording): Promise<readonly AlertChange[]> {
    const done = await retry.run('record', () => log.record(recording))
    if (done === null) abandoned = true
    else if (recording.cursor !== undefined) written = recording.cursor
    return done?.result ?? []
  }

  /** A raise that the log left out was on record before; if that alert has ended, nothing is open after all. */
  async function withdraw(
    changes: readonly AlertChange[],
    recorded: readonly AlertChange[],
  ): Promise<void> {
    if (recorded.length === changes.length) return
    const kept = new Set(recorded.map((change) => change.id))
    for (const { id, type, alert, view } of changes) {
      if (kept.has(id) || type !== 'alert.raised') continue
      const known = await retry.run('record', () => log.get(alert))
      if (known !== null && known.result !== undefined && known.result.state !== 'resolved')
        continue
      const watch = book.get(alertKey(view))
      if (watch?.alert?.id === alert) close(book, watch)
    }
  }

  return {
    async changes(changes, seq) {
      if (changes.length === 0 || abandoned) return
      const few = book.urgentCount + book.quietCount <= watchesWithChangesMax
      const watches = few ? book.unwritten(urgentMax, quietMax) : watchesOf(book, changes)
      const recorded = await write({
        ...(few ? cursorAt(seq) : {}),
        watches: watches.map(writeWatch),
        changes,
        audience: { webhooks: registry.all('webhook'), silences: registry.all('silence') },
      })
      if (abandoned) return
      for (const change of recorded) meters.changed(change.type)
      await withdraw(changes, recorded)
      parts.bus.ring('alerts')
      parts.onOutbox()
    },
    async revise(watch, { revision }) {
      if (abandoned || revision.alerts.length === 0) return
      const recorded = await write({
        watches: [writeWatch(watch)],
        changes: [],
        revisions: [revision],
        audience: { webhooks: registry.all('webhook'), silences: registry.all('silence') },
      })
      if (abandoned) return
      for (const change of recorded) meters.changed(change.type)
      parts.bus.ring('alerts')
      parts.onOutbox()
    },
    async retried(retries, watches) {
      if (abandoned) return
      await write({ watches: watches.map(writeWatch), changes: [], retries })
    },
    async checkpoint(seq) {
      if (abandoned) return true
      const watches = book.unwritten(urgentMax, quietMax).map(writeWatch)
      const all = book.urgentCount === 0
      if (watches.length === 0 && seq <= written) return true
      await write({ ...(all ? cursorAt(seq) : {}), watches, changes: [] })
      return all && book.quietCount === 0
    },
    async forget(watches) {
      if (watches.length === 0) return
      const forget = watches.map(({ rule, device, property }) => ({ rule, device, property }))
      await write({ watches: [], forget, changes: [] })
    },
    get abandoned() {
      return abandoned
    },
  }
}

function watchesOf(book: WatchBook, changes: readonly AlertChange[]): Watch[] {
  const found = new Set<Watch>()
  for (const { view } of changes) {
    const watch = book.get(alertKey(view))
    if (watch !== undefined) found.add(watch)
  }
  return [...found]
}
