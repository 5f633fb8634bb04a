/**
 * The histories of all series that a rule with a window watches. A history is filled from the readings store
 * before its series is judged for the first time, and goes on from the stream. When the store cannot be read
 * it holds what was heard, knows from when on that is all, and is asked for again at a later reading.
 */

import { momentOf, type Reading } from '../../domain/reading.ts'
import type { ReadingsReader } from '../../stores/readings/readings.ts'
import { createHistory, type History, indexFrom, newestOf, put } from './window-buffer.ts'
import type { CircuitBreaker } from '../../runtime/async/circuit-breaker.ts'
import type { WatchedSeries } from '../rules/rule-lookup.ts'
import { inOrder } from '../late/timeline.ts'

export type Past = Pick<ReadingsReader, 'range' | 'progress'>

/** How far ahead of its receipt a reading may be, at most; it must be found as well. */
const aheadMs = 86_400_000
/** A slice of the stream waits no longer than this for histories; the others are filled at a later reading. */
const fillMs = 250

interface Kept {
  history: History
  /** All counting readings from here on are in it; -Infinity once it was filled. */
  knownFrom: number
  isFilled: boolean
  /** Up to here readings may be in it that are still to be heard. */
  filledTo: number
}

interface First extends Shown {
  firstAt: number
}

/** A reading on its way to the rules of its series. */
export interface Shown {
  reading: Reading
  series: WatchedSeries
}

export interface Histories {
  /** Fills what these readings need. Never throws. */
  prepare(shown: readonly Shown[]): Promise<void>
  /**
   * Takes the reading in; one that does not count takes an earlier one of its time out. False when it is known that
   * nothing changes by it: it was heard before.
   */
  take(series: WatchedSeries, reading: Reading, counts: boolean): boolean
  /** The store has readings of the series that were not heard: it is read again. */
  forget(series: Pick<WatchedSeries, 'key'>): void
  /** Null when nothing of the series was taken in. `isWhole`: nothing since `from` is missing. */
  of(series: WatchedSeries, from: number): { history: History; isWhole: boolean } | null
  /** Forgets series for which `isWatched` says no. */
  sweep(isWatched: (device: string, property: string) => boolean): void
  readonly size: number
}

export interface HistoriesParts {
  past: Past | undefined
  guard: CircuitBreaker
  monotonic(): number
  /** The last observation that rules with windows on a series have counted; -Infinity before the first. */
  judgedTo(series: WatchedSeries): number
}

export function createHistories({ past, guard, monotonic, judgedTo }: HistoriesParts): Histories {
  const all = new Map<string, Kept & Pick<WatchedSeries, 'device' | 'property'>>()

  /** A window that became longer or shorter: what is at hand goes on, the rest is asked for again. */
  function keep({ key, device, property, reachMs }: WatchedSeries, reading: Reading) {
    const known = all.get(key)
    if (known !== undefined && known.history.reachMs === reachMs) return known
    const history = createHistory(reachMs)
    if (known !== undefined) copySingles(known.history, history)
    const oldest = history.times[history.from] ?? 0
    // What was observed before this was received may have been received before, but for clocks that are ahead.
    const heardFrom = Math.max(reading.observedAt, reading.receivedAt)
    const knownFrom = known === undefined ? heardFrom : Math.max(known.knownFrom, oldest)
    const filledTo = Number.NEGATIVE_INFINITY
    const made = { device, property, history, knownFrom, isFilled: past === undefined, filledTo }
    all.set(key, made)
    return made
  }

  /** What the slice brings itself is not past, though the store may have it: `firstAt` is the earliest of it. */
  async function fill(kept: Kept, { reading, series, firstAt }: First, store: Past): Promise<void> {
    const { device, property, reachMs } = series
    const last = judgedTo(series)
    const from = Math.max(0, Math.floor(Math.max(firstAt, last) - reachMs))
    const to = Math.max(firstAt, reading.receivedAt) + aheadMs
    const history = createHistory(reachMs)
    const quality = [1, 2] as const
    const pages = store.range({ series: [{ device, property }], from, to, quality })
    for await (const page of inOrder(pages, aheadMs)) {
      for (const stored of page) {
        const at = momentOf(stored)
        if (at >= firstAt && at > last) continue
        // What was received later than this reading comes with the stream, as it would without a restart.
        if (stored.receivedAt > reading.receivedAt) continue
        put(history, at, stored.value)
        kept.filledTo = Math.max(kept.filledTo, at)
      }
    }
    copySingles(kept.history, history)
    kept.history = history
    kept.isFilled = true
    kept.knownFrom = Number.NEGATIVE_INFINITY
  }

  return {
    async prepare(shown) {
      if (past === undefined) return
      const first = new Map<Kept, First>()
      for (const each of shown) {
        const kept = keep(each.series, each.reading)
        if (kept.isFilled) continue
        const known = first.get(kept) ?? { ...each, firstAt: each.reading.observedAt }
        known.firstAt = Math.min(known.firstAt, each.reading.observedAt)
        first.set(kept, known)
      }
      let until: number | undefined
      for (const [kept, each] of first) {
        if (!guard.isPassing) return
        until ??= monotonic() + fillMs
        if (monotonic() > until) return
        await guard.ask(() => fill(kept, each, past))
      }
    },
    take(series, reading, counts) {
      const { history, filledTo } = keep(series, reading)
      const value = counts ? reading.value : null
      const at = reading.observedAt
      const isHeard = at > filledTo && at <= newestOf(history) && valueAt(history, at) === value
      if (!isHeard) put(history, at, value)
      return !isHeard
    },
    forget({ key }) {
      all.delete(key)
    },
    of({ key }, from) {
      const kept = all.get(key)
      return kept === undefined ? null : { history: kept.history, isWhole: kept.knownFrom <= from }
    },
    sweep(isWatched) {
      for (const [key, { device, property }] of all)
        if (!isWatched(device, property)) all.delete(key)
    },
    get size() {
      return all.size
    },
  }
}

/** Undefined where readings are not kept singly. */
function valueAt(history: History, at: number): number | null | undefined {
  const { times, values, from, to } = history
  if (at < (times[from] ?? 0)) return undefined
  const place = indexFrom(history, at)
  return place < to && times[place] === at ? (values[place] ?? null) : null
}

function copySingles({ times, values, from, to }: History, into: History): void {
  for (let i = from; i < to; i += 1) put(into, times[i] ?? 0, values[i] ?? 0)
}
