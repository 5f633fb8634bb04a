/**
 * What a rule makes of the readings of one series in the order of their moments: the same signal and the same step of
 * the lifecycle as in the stream, so that a second look at the past gives what readings in order would have given.
 */

import { momentOf, type Reading } from '../../domain/reading.ts'
import { createHistory, type History, put } from '../windows/window-buffer.ts'
import {
  type LevelChange,
  type Lifecycle,
  type Observation,
  observe,
} from '../lifecycle/lifecycle.ts'
import type { SeriesRule } from '../rules/rule-lookup.ts'
import { windowValue } from '../windows/window.ts'

export interface DatedChange extends LevelChange {
  /** Milliseconds since 1970 UTC, as `momentOf` gives them. */
  at: number
  value: number
}

export interface TimelineStart {
  life: Lifecycle
  /** Readings received before are known, and were not judged; milliseconds since 1970 UTC. */
  receivedFrom: number
}

export class Timeline {
  readonly #series: SeriesRule
  readonly #receivedFrom: number
  readonly #history: History | null
  #life: Lifecycle
  #value = 0

  constructor(series: SeriesRule, { life, receivedFrom }: TimelineStart) {
    this.#series = series
    this.#receivedFrom = receivedFrom
    this.#life = life
    this.#history = series.window === null ? null : createHistory(series.window.reachMs)
  }

  get life(): Lifecycle {
    return this.#life
  }

  /** Of the last observation. */
  get value(): number {
    return this.#value
  }

  /** A reading that counts; null when it is of the time before, or its window says nothing yet. */
  read(reading: Reading): Observation | null {
    if (reading.value === null) return null
    const at = momentOf(reading)
    if (this.#history !== null) put(this.#history, at, reading.value)
    if (at <= this.#life.at || reading.receivedAt < this.#receivedFrom) return null
    const value = this.#signal(at, reading.value)
    if (value !== null) return { observedAt: at, value }
    this.#life = { ...this.#life, at }
    return null
  }

  take({ observedAt, value }: Observation): DatedChange | null {
    const step = observe(this.#series.criteria, this.#life, { observedAt, value })
    if (step === null) return null
    this.#life = step.next
    this.#value = value
    return step.change === null ? null : { ...step.change, at: observedAt, value }
  }

  #signal(at: number, value: number): number | null {
    const { window, expectedMs } = this.#series
    if (window === null || this.#history === null) return value
    return windowValue(window, this.#history, { at, expectedMs })
  }
}

/**
 * Readings in the order of their moments, from pages in the order of their own times: those of clocks that were ahead
 * come earlier. `aheadMs`: how far ahead they may be.
 */
export async function* inOrder(
  pages: AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]>,
  aheadMs: number,
): AsyncGenerator<readonly Reading[]> {
  const waiting: Reading[] = []
  let isMixed = false
  for await (const page of pages) {
    for (const reading of page) {
      isMixed ||= reading.observedAt > reading.receivedAt
      waiting.push(reading)
    }
    if (isMixed) waiting.sort((a, b) => momentOf(a) - momentOf(b))
    const until = (page.at(-1)?.observedAt ?? Number.NEGATIVE_INFINITY) - aheadMs
    const later = waiting.findIndex((reading) => momentOf(reading) > until)
    yield waiting.splice(0, later < 0 ? waiting.length : later)
  }
  yield waiting
}
