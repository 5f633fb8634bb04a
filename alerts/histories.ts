/**
 * The histories of all series that a rule with a window watches. A history is filled from the readings store
 * before its series is judged for the first time, and goes on from the stream. When the store can not be read
 * it holds what was heard, knows from when on that is all, and is asked for again at a later reading.
 */

import type { Reading } from '../domain/reading.ts'
import type { ReadingsReader } from '../stores/readings/readings.ts'
import { createHistory, type History, newestOf, put } from './history.ts'
import type { PastGuard } from './past-guard.ts'
import type { WatchedSeries } from './rule-lookup.ts'

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
   * Takes the reading in; one that does not count takes an earlier one of its time out. False for a late one: it
   * changes the windows that come, and no observation goes back in time.
   */
  take(series: WatchedSeries, reading: Reading, counts: boolean): boolean
  /** Null when nothing of the series was taken in. `isWhole`: nothing since `from` is missing. */
  of(series: WatchedSeries, from: number): { history: History; isWhole: boolean } | null
  /** Forgets series for which `isWatched` says no. */
  sweep(isWatched: (device: string, property: string) => boolean): void
  readonly size: number
}

export function createHistories(
  past: Past | undefined,
  guard: PastGuard,
  monotonic: () => number,
): Histories {
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
    const made = { device, property, history, knownFrom, isFilled: past === undefined }
    all.set(key, made)
    return made
  }

  async function fill(kept: Kept, { reading, series }: Shown, store: Past): Promise<void> {
    const { device, property, reachMs } = series
    const from = reading.observedAt - reachMs
    const to = Math.max(reading.observedAt, reading.receivedAt) + aheadMs
    const history = createHistory(reachMs)
    const quality = [1, 2] as const
    for await (const page of store.range({ series: [{ device, property }], from, to, quality })) {
      for (const { observedAt, receivedAt, value } of page) {
        // What was received later than this reading comes with the stream, as it would without a restart.
        if (receivedAt <= reading.receivedAt) put(history, observedAt, value)
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
      let until: number | undefined
      for (const each of shown) {
        if (each.series.reachMs === 0) continue
        const kept = keep(each.series, each.reading)
        if (kept.isFilled || !guard.isOpen) continue
        until ??= monotonic() + fillMs
        if (monotonic() > until) return
        await guard.ask(() => fill(kept, each, past))
      }
    },
    take(series, reading, counts) {
      const { history } = keep(series, reading)
      put(history, reading.observedAt, counts ? reading.value : null)
      return reading.observedAt >= newestOf(history)
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

function copySingles({ times, values, from, to }: History, into: History): void {
  for (let i = from; i < to; i += 1) put(into, times[i] ?? 0, values[i] ?? 0)
}
