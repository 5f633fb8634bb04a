/**
 * The log in memory: every entry that is not sealed yet, in the order written, chained by series, so that
 * one series is found without looking at the others. Writer and readers hold a copy each; it is only a
 * mirror of the table `log` and can be built again from it at any time.
 *
 * An entry is known by its ordinal, which counts all entries since the store was made. They stand in
 * blocks that are taken as they fill and given back as they are sealed.
 */

import { copyEntries, createEntries, type Entries } from './log-codec.ts'
import { createPoints, type Points } from './points.ts'

const blockEntries = 65_536
/** A series with more entries than this gets an index of times when one is looked for. */
const chainLengthMax = 64

interface Block {
  entries: Entries
  /** How many entries before this one the previous one of the same series stands; 0 when there is none. */
  back: Uint32Array
}

export interface Entry {
  series: number
  observedAt: number
  receivedAt: number
  /** NaN is null. */
  value: number
  quality: number
  /** Packed outcomes of the quality tests, 0 when there are none. */
  tests: number
}

export class Unsealed {
  #base = 0
  #next = 0
  #origin = 0
  #blocks: Block[] = []
  /** Ordinal of the newest entry of each series; it is gone when it lies before the base. */
  #heads = new Float64Array(1_024).fill(-1)
  #indexes = new Map<number, Map<number, number>>()
  #indexesFrom = 0

  /** Ordinal of the oldest entry. */
  get base(): number {
    return this.#base
  }

  /** Ordinal that the next entry will get. */
  get next(): number {
    return this.#next
  }

  /** Forgets everything; the next entry gets this ordinal. */
  reset(next: number): void {
    this.#base = next
    this.#next = next
    this.#origin = next
    this.#blocks = []
    this.#heads.fill(-1)
    this.#indexes.clear()
  }

  append(entry: Entry): void {
    const { series, observedAt } = entry
    const ordinal = this.#next++
    const place = ordinal - this.#origin
    let block = this.#blocks[place >>> 16]
    if (block === undefined) {
      block = { entries: createEntries(blockEntries), back: new Uint32Array(blockEntries) }
      this.#blocks.push(block)
    }
    const at = place & (blockEntries - 1)
    const { entries } = block
    entries.series[at] = series
    entries.observedAt[at] = observedAt
    entries.receivedAt[at] = entry.receivedAt
    entries.value[at] = entry.value
    entries.quality[at] = entry.quality
    entries.tests[at] = entry.tests
    if (series >= this.#heads.length) this.#growHeads(series)
    const head = this.#heads[series] ?? -1
    block.back[at] = head < this.#base ? 0 : ordinal - head
    this.#heads[series] = ordinal
    if (this.#indexes.size > 0) this.#indexes.get(series)?.set(observedAt, ordinal)
  }

  /** Puts other contents in the place of an entry; series and time stay. */
  replace(ordinal: number, entry: Entry): void {
    const { block, at } = this.#locate(ordinal)
    block.entries.receivedAt[at] = entry.receivedAt
    block.entries.value[at] = entry.value
    block.entries.quality[at] = entry.quality
    block.entries.tests[at] = entry.tests
  }

  at(ordinal: number): Entry {
    const { block, at } = this.#locate(ordinal)
    const { entries } = block
    return {
      series: entries.series[at] ?? 0,
      observedAt: entries.observedAt[at] ?? 0,
      receivedAt: entries.receivedAt[at] ?? 0,
      value: entries.value[at] ?? 0,
      quality: entries.quality[at] ?? 0,
      tests: entries.tests[at] ?? 0,
    }
  }

  /** Ordinal of the newest entry of the series, or -1. */
  headOf(series: number): number {
    const head = this.#heads[series] ?? -1
    return head < this.#base ? -1 : head
  }

  /** Ordinal of the newest entry of the series at exactly this time, or -1. */
  find(series: number, observedAt: number): number {
    const index = this.#indexes.get(series)
    if (index !== undefined) {
      const ordinal = index.get(observedAt) ?? -1
      return ordinal < this.#base ? -1 : ordinal
    }
    let steps = 0
    for (let ordinal = this.headOf(series); ordinal >= 0; ordinal = this.#before(ordinal)) {
      if (this.#timeOf(ordinal) === observedAt) return ordinal
      if (++steps > chainLengthMax) return this.#buildIndex(series).get(observedAt) ?? -1
    }
    return -1
  }

  /** Ordinal of the entry with the latest time of the series, of equal ones the newest; or -1. */
  latestOf(series: number): number {
    let latest = -1
    let latestTime = Number.NEGATIVE_INFINITY
    for (let ordinal = this.headOf(series); ordinal >= 0; ordinal = this.#before(ordinal)) {
      const time = this.#timeOf(ordinal)
      if (latest < 0 || time > latestTime) {
        latest = ordinal
        latestTime = time
      }
    }
    return latest
  }

  /** Times of the series next to this one, on both sides; infinite where there is none. */
  neighbours(series: number, time: number): { before: number; after: number } {
    let before = Number.NEGATIVE_INFINITY
    let after = Number.POSITIVE_INFINITY
    for (let ordinal = this.headOf(series); ordinal >= 0; ordinal = this.#before(ordinal)) {
      const each = this.#timeOf(ordinal)
      if (each < time && each > before) before = each
      if (each > time && each < after) after = each
    }
    return { before, after }
  }

  /** Ordinals of the entries of the series before `end`, in the order written. */
  ordinalsOf(series: number, end: number): number[] {
    const ordinals: number[] = []
    for (let ordinal = this.headOf(series); ordinal >= 0; ordinal = this.#before(ordinal)) {
      if (ordinal < end) ordinals.push(ordinal)
    }
    return ordinals.reverse()
  }

  /** These entries of one series (rising ordinals) as points that rise in time; of equal times the newest. */
  pointsOf(ordinals: readonly number[]): Points {
    const points = createPoints(ordinals.length)
    for (const ordinal of inTimeOrder(ordinals, (each) => this.#timeOf(each))) {
      const { block, at } = this.#locate(ordinal)
      const time = block.entries.observedAt[at] ?? 0
      const repeats = points.count > 0 && points.observedAt[points.count - 1] === time
      const to = repeats ? points.count - 1 : points.count++
      points.observedAt[to] = time
      points.receivedAt[to] = block.entries.receivedAt[at] ?? 0
      points.value[to] = block.entries.value[at] ?? 0
      points.quality[to] = block.entries.quality[at] ?? 0
      points.tests[to] = block.entries.tests[at] ?? 0
    }
    return points
  }

  /** A copy of the entries from `from` to `to` (exclusive). */
  entriesBetween(from: number, to: number): Entries {
    const entries = createEntries(to - from)
    for (let ordinal = from; ordinal < to; ) {
      const { block, at } = this.#locate(ordinal)
      const count = Math.min(blockEntries - at, to - ordinal)
      copyEntries({ entries: block.entries, from: at, count }, { entries, to: ordinal - from })
      ordinal += count
    }
    return entries
  }

  /** Forgets the entries before this ordinal. */
  dropBefore(ordinal: number): void {
    if (ordinal <= this.#base) return
    this.#base = Math.min(ordinal, this.#next)
    const blocks = Math.floor((this.#base - this.#origin) / blockEntries)
    this.#blocks.splice(0, blocks)
    this.#origin += blocks * blockEntries
    if (this.#base >= this.#indexesFrom) this.#indexes.clear()
  }

  #locate(ordinal: number): { block: Block; at: number } {
    const place = ordinal - this.#origin
    const block = this.#blocks[place >>> 16]
    if (block === undefined) throw new Error(`The readings log has no entry ${ordinal}.`)
    return { block, at: place & (blockEntries - 1) }
  }

  #timeOf(ordinal: number): number {
    const { block, at } = this.#locate(ordinal)
    return block.entries.observedAt[at] ?? 0
  }

  /** The entry of the same series before this one, or -1. */
  #before(ordinal: number): number {
    const { block, at } = this.#locate(ordinal)
    const back = block.back[at] ?? 0
    return back === 0 || ordinal - back < this.#base ? -1 : ordinal - back
  }

  #buildIndex(series: number): Map<number, number> {
    const index = new Map<number, number>()
    for (const ordinal of this.ordinalsOf(series, this.#next)) {
      index.set(this.#timeOf(ordinal), ordinal)
    }
    if (this.#indexes.size === 0) this.#indexesFrom = this.#next
    this.#indexes.set(series, index)
    return index
  }

  #growHeads(series: number): void {
    const grown = new Float64Array(Math.max(series + 1, this.#heads.length * 2)).fill(-1)
    grown.set(this.#heads)
    this.#heads = grown
  }
}

/** Stable by time; data that came in order, as nearly all does, is not sorted again. */
function inTimeOrder(
  ordinals: readonly number[],
  timeOf: (ordinal: number) => number,
): readonly number[] {
  let previous = Number.NEGATIVE_INFINITY
  for (const ordinal of ordinals) {
    const time = timeOf(ordinal)
    if (time < previous) {
      return ordinals
        .map((each) => ({ each, time: timeOf(each) }))
        .sort((a, b) => a.time - b.time)
        .map(({ each }) => each)
    }
    previous = time
  }
  return ordinals
}
