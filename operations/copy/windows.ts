/** One stretch of observed time of all series: copied, or compared and mended where it differs. */

import type { Reading, SeriesKey } from '../../domain/reading.ts'
import type { Interval, ReadingsReader, ReadingsWriter } from '../../stores/readings/readings.ts'
import { type Fingerprint, fingerprintOf, noFingerprint, sumOf } from './fingerprint.ts'

export interface Stores {
  source: Pick<ReadingsReader, 'range'>
  target: Pick<ReadingsReader, 'range'>
  writer: Pick<ReadingsWriter, 'write'>
}

export interface WindowOf extends Interval {
  series: readonly SeriesKey[]
}

export interface Contents {
  readings: number
  sum: Fingerprint
}

const writeMax = 20_000

export async function copyWindow({ source, writer }: Stores, window: WindowOf): Promise<Contents> {
  const contents: Contents = { readings: 0, sum: noFingerprint }
  const writing = createWriting(writer)
  for await (const page of source.range(window)) {
    for (const reading of page) count(contents, reading)
    await writing.add(page)
  }
  await writing.end()
  return contents
}

export interface Comparison {
  source: Contents
  target: Contents
  /** Readings that were missing or different, and have been written now. */
  mended: number
  /** Readings that only the target holds. */
  extra: number
}

/** Both answer series by series in the order asked, each rising in time, so that one walk through both is enough. */
export async function compareWindow(
  { source, target, writer }: Stores,
  window: WindowOf,
): Promise<Comparison> {
  const result: Comparison = {
    source: { readings: 0, sum: noFingerprint },
    target: { readings: 0, sum: noFingerprint },
    mended: 0,
    extra: 0,
  }
  const writing = createWriting(writer)
  const theirs = await openCursor(target.range(window), createPlaces(window.series))
  const placeOf = createPlaces(window.series)

  async function passOver(): Promise<void> {
    if (theirs.current !== undefined) count(result.target, theirs.current)
    if (!theirs.step()) await theirs.load()
  }

  for await (const page of source.range(window)) {
    const wrong: Reading[] = []
    for (const reading of page) {
      const place = placeOf(reading)
      count(result.source, reading)
      while (theirs.isBefore(place, reading.observedAt)) {
        result.extra++
        await passOver()
      }
      const { current } = theirs
      const isThere = current !== undefined && theirs.isAt(place, reading.observedAt)
      if (!isThere || !isSame(reading, current)) wrong.push(reading)
      if (isThere) await passOver()
    }
    result.mended += wrong.length
    await writing.add(wrong)
  }
  while (theirs.current !== undefined) {
    result.extra++
    await passOver()
  }
  await writing.end()
  return result
}

type PlaceOf = (key: SeriesKey) => number

/** The place of a series in the order asked; the same series comes many times in a row. */
function createPlaces(series: readonly SeriesKey[]): PlaceOf {
  const name = ({ device, property }: SeriesKey) => `${property} ${device}`
  const places = new Map(series.map((key, i) => [name(key), i]))
  let last: SeriesKey = { device: '', property: '' }
  let place = -1
  return (key) => {
    if (key.device === last.device && key.property === last.property) return place
    last = key
    place = places.get(name(key)) ?? -1
    return place
  }
}

/** Goes through pages reading by reading, and waits only for the next page. */
async function openCursor(
  pages: AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]>,
  placeOf: PlaceOf,
) {
  const iterator = pagesOf(pages)
  let page: readonly Reading[] = []
  let at = 0
  let current: Reading | undefined
  let place = -1

  function step(): boolean {
    at++
    current = page[at]
    if (current === undefined) return false
    place = placeOf(current)
    return true
  }

  async function load(): Promise<void> {
    let next = await iterator.next()
    while (!next.done && next.value.length === 0) next = await iterator.next()
    page = next.done ? [] : next.value
    at = -1
    step()
  }

  await load()
  return {
    get current() {
      return current
    },
    /** False when the page is at its end: then `load` is due. */
    step,
    load,
    isBefore: (other: number, observedAt: number) =>
      current !== undefined &&
      (place < other || (place === other && current.observedAt < observedAt)),
    isAt: (other: number, observedAt: number) =>
      place === other && current?.observedAt === observedAt,
  }
}

async function* pagesOf(
  pages: AsyncIterable<readonly Reading[]> | Iterable<readonly Reading[]>,
): AsyncGenerator<readonly Reading[], undefined> {
  for await (const page of pages) yield page
  return undefined
}

function createWriting(writer: Stores['writer']) {
  let waiting: Reading[] = []
  return {
    async add(readings: readonly Reading[]): Promise<void> {
      for (const reading of readings) waiting.push(reading)
      for (; waiting.length >= writeMax; waiting = waiting.slice(writeMax)) {
        await writer.write(waiting.slice(0, writeMax))
      }
    },
    async end(): Promise<void> {
      if (waiting.length > 0) await writer.write(waiting)
    },
  }
}

function count(contents: Contents, reading: Reading): void {
  contents.readings++
  contents.sum = sumOf(contents.sum, fingerprintOf(reading))
}

function isSame(a: Reading, b: Reading): boolean {
  return (
    a.value === b.value &&
    a.receivedAt === b.receivedAt &&
    a.quality === b.quality &&
    (a.tests ?? 0) === (b.tests ?? 0)
  )
}
