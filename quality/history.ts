/**
 * What the readings store knows of series that are new in memory, after a start or for a device that has been away. The
 * last few readings are enough, so it looks back a quarter of an hour first, and further only for series that sent little.
 */

import type { Reading, SeriesKey } from '../domain/reading.ts'
import type { ReadingsReader } from '../stores/readings/readings.ts'
import { isSentinelOutcome } from './sentinel.ts'

export type Past = Pick<ReadingsReader, 'range'>

/** A series that is not in memory, as it is met in the stream. */
export interface NewSeries extends SeriesKey {
  /** Of its first reading there: what was received before is the past. */
  receivedAt: number
  observedAt: number
  /** The tests of this series need so much of the past. */
  needsMs: number
}

type Learn = (series: NewSeries, readings: readonly Reading[]) => void

const minuteMs = 60_000
const looksMs = [15 * minuteMs, 240 * minuteMs, 3_840 * minuteMs]
/** A look that finds as many values is enough; what stands for no value tells nothing of the next one. */
const enough = 2
const seriesPerQuery = 256
/** Of one series; older ones are dropped. */
const readingsMax = 4_096
/** Devices may be ahead of us by a little. */
const aheadMs = 10 * minuteMs

/**
 * Calls `learn` once for each series, with nothing when the store has nothing of the last days. Throws when the store
 * cannot be read; series that were not learned then are still new.
 */
export async function fetchHistory(
  past: Past,
  all: readonly NewSeries[],
  learn: Learn,
): Promise<void> {
  let open = all
  for (const lookMs of looksMs) {
    const left: NewSeries[] = []
    for (let i = 0; i < open.length; i += seriesPerQuery) {
      await look(
        past,
        { series: open.slice(i, i + seriesPerQuery), lookMs },
        (series, readings) => {
          const isEnough = readings.filter(isValue).length >= enough
          if (!isEnough && lookMs !== looksMs.at(-1)) left.push(series)
          else learn(series, readings)
        },
      )
    }
    open = left
  }
}

/** Tells what was found of each series, one after the other, so that no more than one is held. */
async function look(
  past: Past,
  { series, lookMs }: { series: readonly NewSeries[]; lookMs: number },
  found: Learn,
): Promise<void> {
  let readings: Reading[] = []
  let place = 0
  const end = (of: NewSeries) => {
    found(of, readings)
    readings = []
    place += 1
  }
  for await (const page of past.range({ series, ...periodOf(series, lookMs) })) {
    for (const reading of page) {
      let mine = series[place]
      while (mine !== undefined && !isOf(reading, mine)) {
        end(mine)
        mine = series[place]
      }
      if (mine === undefined || reading.value === null || !isBefore(reading, mine)) continue
      readings.push(reading)
      if (readings.length >= 2 * readingsMax) readings.splice(0, readingsMax)
    }
  }
  for (const mine of series.slice(place)) end(mine)
}

function periodOf(series: readonly NewSeries[], lookMs: number): { from: number; to: number } {
  let from = Number.POSITIVE_INFINITY
  let to = 0
  for (const { observedAt, receivedAt, needsMs } of series) {
    from = Math.min(from, Math.min(observedAt, receivedAt) - Math.max(lookMs, needsMs))
    to = Math.max(to, receivedAt + aheadMs)
  }
  return { from, to }
}

function isValue({ tests = 0 }: Reading): boolean {
  return !isSentinelOutcome(tests)
}

/** Messages of one moment are told apart by what they are of. */
function isBefore(reading: Reading, { receivedAt, observedAt }: NewSeries): boolean {
  if (reading.receivedAt !== receivedAt) return reading.receivedAt < receivedAt
  return reading.observedAt < observedAt
}

function isOf(reading: Reading, series: SeriesKey): boolean {
  return series.device === reading.device && series.property === reading.property
}
