/**
 * What is known of each series without asking InfluxDB: its first and last time, its two longest gaps, and its newest
 * reading. So nearly every reading is known to be new, or to be the newest again, at once; and the newest readings
 * of all series are there even while InfluxDB is not.
 *
 * It follows from the readings written, in whatever order: a reading told again changes nothing. Numbers stand in
 * blocks of 1,024 series, each one piece of memory, which is also how they are kept in the file.
 */

import type { Entry } from '../../log/recent-entries.ts'

const blockSeries = 1_024
const columns = 9
const blockBytes = blockSeries * (columns * 8 + 4 + 1)

/** Columns of 64-bit floats; the gaps are open intervals without any reading. */
const column = {
  first: 0,
  last: 1,
  gapFrom: 2,
  gapTo: 3,
  otherGapFrom: 4,
  otherGapTo: 5,
  receivedAt: 6,
  value: 7,
  born: 8,
} as const
type Column = (typeof column)[keyof typeof column]

interface Block {
  numbers: Float64Array
  tests: Uint32Array
  quality: Uint8Array
  isChanged: boolean
}

/** `new`: surely not stored yet. `newest`: the newest reading again. `unsure`: it lies between others. */
export type Standing = 'new' | 'newest' | 'unsure'

export class SeriesBook {
  #blocks: Block[] = []

  clear(): void {
    this.#blocks = []
  }

  standingOf(id: number, observedAt: number): Standing {
    const { numbers } = this.#blockOf(id)
    const at = id & (blockSeries - 1)
    const last = numbers[column.last * blockSeries + at] ?? 0
    if (observedAt > last) return 'new'
    if (observedAt === last) return 'newest'
    const get = (which: Column) => numbers[which * blockSeries + at] ?? 0
    const isNew =
      observedAt < get(column.first) ||
      (observedAt > get(column.gapFrom) && observedAt < get(column.gapTo)) ||
      (observedAt > get(column.otherGapFrom) && observedAt < get(column.otherGapTo))
    return isNew ? 'new' : 'unsure'
  }

  /** Takes note of a reading; `ordinal` is its place in the log. */
  add(entry: Entry, ordinal: number): void {
    const { series: id, observedAt } = entry
    const block = this.#blockOf(id)
    const { numbers } = block
    const at = id & (blockSeries - 1)
    const last = numbers[column.last * blockSeries + at] ?? 0
    block.isChanged = true
    if (observedAt >= last) {
      if (observedAt > last) this.#extend(block, at, observedAt, ordinal)
      numbers[column.receivedAt * blockSeries + at] = entry.receivedAt
      numbers[column.value * blockSeries + at] = entry.value
      block.quality[at] = entry.quality
      block.tests[at] = entry.tests
    } else {
      this.#fill(block, at, observedAt)
    }
  }

  /** What was there before us: nothing is known of what lies between. */
  restore(newest: Entry, first: number): void {
    this.add(newest, -1)
    const { numbers } = this.#blockOf(newest.series)
    const at = newest.series & (blockSeries - 1)
    numbers[column.first * blockSeries + at] = Math.min(first, newest.observedAt)
  }

  firstOf(id: number): number {
    return this.#get(id, column.first)
  }

  /** −∞ when there is none. */
  lastOf(id: number): number {
    return this.#get(id, column.last)
  }

  /** The place in the log of the first reading that came; −1 when it was not told here. */
  bornAt(id: number): number {
    return this.#get(id, column.born)
  }

  newestOf(id: number): Entry {
    const { tests, quality } = this.#blockOf(id)
    const at = id & (blockSeries - 1)
    return {
      series: id,
      observedAt: this.#get(id, column.last),
      receivedAt: this.#get(id, column.receivedAt),
      value: this.#get(id, column.value),
      quality: quality[at] ?? 0,
      tests: tests[at] ?? 0,
    }
  }

  /** The blocks that changed since the last call, as bytes that are only good until the next change. */
  *takeChanged(): Generator<{ block: number; bytes: Uint8Array }> {
    for (const [block, each] of this.#blocks.entries()) {
      if (!each.isChanged) continue
      each.isChanged = false
      yield { block, bytes: new Uint8Array(each.numbers.buffer) }
    }
  }

  load(block: number, bytes: Uint8Array): void {
    if (bytes.length !== blockBytes)
      throw new Error(`Block ${block} of the series book is damaged.`)
    const buffer = new ArrayBuffer(blockBytes)
    new Uint8Array(buffer).set(bytes)
    this.#blockOf(block * blockSeries)
    this.#blocks[block] = viewBlock(buffer)
  }

  #extend({ numbers }: Block, at: number, observedAt: number, ordinal: number): void {
    const last = column.last * blockSeries + at
    const before = numbers[last] ?? 0
    if (before === Number.NEGATIVE_INFINITY) {
      numbers[column.first * blockSeries + at] = observedAt
      numbers[column.born * blockSeries + at] = ordinal
    } else {
      offerGap(numbers, at, before, observedAt)
    }
    numbers[last] = observedAt
  }

  /** A reading before the last one: it may come before the first, or cut a gap in two. */
  #fill({ numbers }: Block, at: number, observedAt: number): void {
    const first = column.first * blockSeries + at
    const before = numbers[first] ?? 0
    if (observedAt < before) {
      numbers[first] = observedAt
      offerGap(numbers, at, observedAt, before)
      return
    }
    for (const which of [column.gapFrom, column.otherGapFrom]) {
      const from = which * blockSeries + at
      const to = from + blockSeries
      const [gapFrom = 0, gapTo = 0] = [numbers[from], numbers[to]]
      if (observedAt <= gapFrom || observedAt >= gapTo) continue
      const isLate = observedAt - gapFrom > gapTo - observedAt
      numbers[from] = isLate ? gapFrom : observedAt
      numbers[to] = isLate ? observedAt : gapTo
      if (isLate) offerGap(numbers, at, observedAt, gapTo)
      else offerGap(numbers, at, gapFrom, observedAt)
    }
  }

  #get(id: number, which: Column): number {
    return this.#blockOf(id).numbers[which * blockSeries + (id & (blockSeries - 1))] ?? 0
  }

  #blockOf(id: number): Block {
    const place = id >>> 10
    while (this.#blocks.length <= place) this.#blocks.push(emptyBlock())
    const block = this.#blocks[place]
    if (block === undefined) throw new Error(`There is no series ${id}.`)
    return block
  }
}

/** Takes the place of the shorter gap if it is longer. */
function offerGap(numbers: Float64Array, at: number, from: number, to: number): void {
  const one = column.gapFrom * blockSeries + at
  const other = column.otherGapFrom * blockSeries + at
  const oneLength = (numbers[one + blockSeries] ?? 0) - (numbers[one] ?? 0)
  const otherLength = (numbers[other + blockSeries] ?? 0) - (numbers[other] ?? 0)
  if (to - from <= Math.min(oneLength, otherLength)) return
  const place = oneLength <= otherLength ? one : other
  numbers[place] = from
  numbers[place + blockSeries] = to
}

function emptyBlock(): Block {
  const block = viewBlock(new ArrayBuffer(blockBytes))
  const { numbers } = block
  numbers.fill(Number.POSITIVE_INFINITY, 0, blockSeries)
  numbers.fill(Number.NEGATIVE_INFINITY, blockSeries, 2 * blockSeries)
  numbers.fill(-1, column.born * blockSeries)
  return block
}

function viewBlock(buffer: ArrayBuffer): Block {
  const numbers = new Float64Array(buffer, 0, blockSeries * columns)
  const tests = new Uint32Array(buffer, numbers.byteLength, blockSeries)
  const quality = new Uint8Array(buffer, numbers.byteLength + tests.byteLength, blockSeries)
  return { numbers, tests, quality, isChanged: false }
}
