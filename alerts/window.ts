/**
 * Signals over the window that ends with a reading: (t − window, t] in observed time.
 *
 * What is there is judged, unless the rule asks for more (`coverage`): then the readings must reach over that share
 * of the window, at the interval they come in themselves; a single one counts for the expected interval of its
 * device, if that is set. Where what is missing could only make the signal more severe (`max`, `range`, and `sum` of
 * what is never negative, watched above; `min` watched below), what is there is judged all the same.
 */

import { propertyOf } from '../domain/catalogue.ts'
import type { Rule } from '../domain/rule.ts'
import { durationMs } from '../domain/text.ts'
import { type History, indexAfter, type Slot } from './history.ts'

export interface Window {
  fn: 'mean' | 'max' | 'min' | 'sum' | 'range' | 'rate'
  lengthMs: number
  /** Of a rate. */
  perMs: number
  /** Share of the window that readings must reach over; 0 where one that is not full understates the signal at most. */
  coverage: number
}

/** Null when the signal has no window of readings. */
export function windowOf(rule: Pick<Rule, 'signal' | 'direction' | 'property'>): Window | null {
  const { signal, direction } = rule
  if (signal.type === 'value' || signal.type === 'index' || signal.type === 'silence') return null
  const fn = signal.type
  const neverNegative = (propertyOf(rule.property ?? '')?.min ?? -1) >= 0
  const grows = fn === 'max' || fn === 'range' || (fn === 'sum' && neverNegative)
  const isSafe = direction === 'above' ? grows : fn === 'min'
  return {
    fn,
    lengthMs: durationMs(signal.window),
    perMs: signal.type === 'rate' ? durationMs(signal.per) : 0,
    coverage: isSafe ? 0 : (signal.coverage ?? (fn === 'rate' ? rateCoverage : 0)),
  }
}

const rateCoverage = 0.25

export interface WindowEnd {
  /** Milliseconds since 1970 UTC; the reading of this time belongs to the window. */
  at: number
  /** Of the device; 0 when it is not set. */
  expectedMs: number
}

/** Null when nothing can be said yet. To 12 digits, so that 500 times 0.1 mm is 50 mm. */
export function windowValue(window: Window, history: History, end: WindowEnd): number | null {
  const found = sumsOf(history, end.at - window.lengthMs, end.at)
  if (found.count === 0) return null
  if (coveredMs(found, end) < window.coverage * window.lengthMs) return null
  switch (window.fn) {
    case 'max':
      return found.max
    case 'min':
      return found.min
    case 'mean':
      return tidy(found.sum / found.count)
    case 'sum':
      return tidy(found.sum)
    case 'range':
      return tidy(found.max - found.min)
    case 'rate':
      return slope(history, found, window.perMs)
  }
}

interface Sums {
  /** The slots of the window, and the places of its single readings. */
  slots: readonly Slot[]
  from: number
  to: number
  count: number
  sum: number
  min: number
  max: number
  first: number
  last: number
}

function sumsOf(history: History, after: number, at: number): Sums {
  const { times, values } = history
  const from = indexAfter(history, after)
  const to = indexAfter(history, at)
  const slots = history.slots.filter((slot) => slot.newest > after && slot.first <= at)
  let [count, sum] = [to - from, 0]
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (const slot of slots) {
    count += slot.count
    sum += slot.sum
    min = Math.min(min, slot.min)
    max = Math.max(max, slot.max)
  }
  for (let i = from; i < to; i += 1) {
    const value = values[i] ?? 0
    sum += value
    if (value < min) min = value
    if (value > max) max = value
  }
  const oldest = to > from ? (times[from] ?? at) : at
  const first = Math.max(slots[0]?.first ?? oldest, after)
  const last = to > from ? (times[to - 1] ?? at) : (slots.at(-1)?.newest ?? at)
  return { slots, from, to, count, sum, min, max, first, last }
}

function coveredMs({ count, first, last }: Sums, { expectedMs }: WindowEnd): number {
  return count === 1 ? expectedMs : ((last - first) * count) / (count - 1)
}

/** Least squares, per `perMs`; a slot stands as its mean at its mean time. Null when all is of one moment. */
function slope(history: History, found: Sums, perMs: number): number | null {
  const { times, values } = history
  const { slots, from, to, count, sum, last } = found
  const meanValue = sum / count
  let timeSum = 0
  for (const slot of slots) timeSum += slot.timeSum + slot.count * (slot.first - last)
  for (let i = from; i < to; i += 1) timeSum += (times[i] ?? last) - last
  const meanTime = last + timeSum / count
  let [both, square] = [0, 0]
  for (const slot of slots) {
    const apart = slot.first + slot.timeSum / slot.count - meanTime
    both += apart * (slot.sum - slot.count * meanValue)
    square += slot.count * apart * apart
  }
  for (let i = from; i < to; i += 1) {
    const apart = (times[i] ?? last) - meanTime
    both += apart * ((values[i] ?? 0) - meanValue)
    square += apart * apart
  }
  return square === 0 ? null : tidy((both / square) * perMs)
}

function tidy(value: number): number {
  return Number(value.toPrecision(12))
}
