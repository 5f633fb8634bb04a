/**
 * Signals over the window that ends with a reading: (t − window, t] in observed time. Levels are averaged as energy;
 * counters count by what they grew, from the reading before the window on if that is not older than a second window.
 *
 * What is there is judged, unless the rule asks for more (`coverage`): then the readings must reach over that share
 * of the window, at the interval they come in themselves; a single one counts for the expected interval of its
 * device, if that is set. Where what is missing could only make the signal more severe (`max`, `range`, and `sum` of
 * what is never negative, watched above; `min` watched below), what is there is judged all the same.
 */

import { propertyOf, quantityOf } from '../../domain/catalogue.ts'
import { increment } from '../../domain/counter.ts'
import { energyOf, levelOf } from '../../domain/decibel.ts'
import { figure, meanFigure, roundedOff, sumFigure } from '../../domain/figure.ts'
import type { Quantity } from '../../domain/property.ts'
import type { Rule } from '../../domain/rule.ts'
import { durationMs } from '../../domain/text.ts'
import { type History, indexAfter, type Slot } from './window-buffer.ts'

export interface Window {
  fn: 'mean' | 'max' | 'min' | 'sum' | 'range' | 'increase' | 'rate'
  quantity: Quantity
  lengthMs: number
  /** How far back readings are needed: of a counter also the one before the window, if it is not older than this. */
  reachMs: number
  /** Of a rate. */
  perMs: number
  /** Share of the window that readings must reach over; 0 where one that is not full understates the signal at most. */
  coverage: number
}

/** Null when the signal has no window of readings. */
export function windowOf(rule: Pick<Rule, 'signal' | 'direction' | 'property'>): Window | null {
  const { signal, direction } = rule
  if (signal.type === 'value' || signal.type === 'index' || signal.type === 'silence') return null
  const quantity = quantityOf(rule.property ?? '')
  const fn = fnOf(signal.type, quantity)
  const lengthMs = durationMs(signal.window)
  const neverNegative = (propertyOf(rule.property ?? '')?.min ?? -1) >= 0
  const addsUp = (fn === 'sum' || fn === 'increase') && neverNegative
  const grows = fn === 'max' || fn === 'range' || addsUp
  const isSafe = direction === 'above' ? grows : fn === 'min'
  return {
    ...{ fn, quantity, lengthMs },
    reachMs: quantity === 'counter' ? 2 * lengthMs : lengthMs,
    perMs: signal.type === 'rate' ? durationMs(signal.per) : 0,
    coverage: isSafe ? 0 : (signal.coverage ?? (fn === 'rate' ? rateCoverage : 0)),
  }
}

/** A counter adds up by its increments, and its range is what it grew by; an amount of an interval grows by itself. */
function fnOf(type: Window['fn'], quantity: Quantity): Window['fn'] {
  if (quantity === 'counter' && (type === 'sum' || type === 'range')) return 'increase'
  return type === 'increase' && quantity !== 'counter' ? 'sum' : type
}

const rateCoverage = 0.25
/** Of a slope, which is made of products and quotients. */
const rateDigits = 12

export interface WindowEnd {
  /** Milliseconds since 1970 UTC; the reading of this time belongs to the window. */
  at: number
  /** Of the device; 0 when it is not set. */
  expectedMs: number
}

/** Null when nothing can be said yet. As a reader of the window would be told it (`domain/figure.ts`). */
export function windowValue(window: Window, history: History, end: WindowEnd): number | null {
  const after = end.at - window.lengthMs
  const found = sumsOf(history, after, end.at)
  if (found.count === 0) return null
  if (coveredMs(found, end) < window.coverage * window.lengthMs) return null
  switch (window.fn) {
    case 'max':
      return found.max
    case 'min':
      return found.min
    case 'mean':
      return window.quantity === 'level' ? energyMean(history, found) : meanFigure(found.sum, found)
    case 'sum':
      return sumFigure(found.sum, found)
    case 'range':
      return figure(found.max - found.min, Math.max(Math.abs(found.min), Math.abs(found.max)))
    case 'increase':
      return increaseOf(history, found, after)
    case 'rate':
      return window.quantity === 'counter'
        ? slope(unbroken(history, found), found, window.perMs)
        : slope(history, found, window.perMs)
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
  const slots = slotsOf(history, after, at)
  let count = to - from
  // One by one: out of a list of whole numbers V8 would box each sum, which makes the loop twice as long.
  let sum = 0
  let lost = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  for (const slot of slots) {
    count += slot.count
    const more = sum + slot.sum
    lost += roundedOff(sum, slot.sum, more) + slot.lost
    sum = more
    min = Math.min(min, slot.min)
    max = Math.max(max, slot.max)
  }
  for (let i = from; i < to; i += 1) {
    const value = values[i] ?? 0
    const more = sum + value
    lost += roundedOff(sum, value, more)
    sum = more
    if (value < min) min = value
    if (value > max) max = value
  }
  const oldest = to > from ? (times[from] ?? at) : at
  const first = Math.max(slots[0]?.first ?? oldest, after)
  const last = to > from ? (times[to - 1] ?? at) : (slots.at(-1)?.newest ?? at)
  return { slots, from, to, count, sum: sum + lost, min, max, first, last }
}

const noSlots: readonly Slot[] = []

function slotsOf({ slots }: History, after: number, at: number): readonly Slot[] {
  if (slots.length === 0) return noSlots
  return slots.filter((slot) => slot.newest > after && slot.first <= at)
}

function energyMean({ values }: History, { slots, from, to, count }: Sums): number {
  let [energy, lost] = [0, 0]
  function add(more: number): void {
    const sum = energy + more
    lost += roundedOff(energy, more, sum)
    energy = sum
  }
  for (const slot of slots) add(slot.energy)
  for (let i = from; i < to; i += 1) add(energyOf(values[i] ?? 0))
  return figure(levelOf((energy + lost) / count))
}

/** From the reading before the window on; null when the only reading is the first of all. */
function increaseOf(history: History, found: Sums, after: number): number | null {
  const { values } = history
  const { slots, from, to, min, max } = found
  let before = readingBefore(history, found, after)
  let [grown, lost, known] = [0, 0, 0]
  function add(amount: number): void {
    const sum = grown + amount
    lost += roundedOff(grown, amount, sum)
    grown = sum
  }
  for (const slot of slots) {
    if (before !== null) add(increment(before, slot.opening))
    add(slot.gained)
    known += before === null ? slot.count - 1 : slot.count
    before = slot.closing
  }
  for (let i = from; i < to; i += 1) {
    const value = values[i] ?? 0
    if (before !== null) {
      add(increment(before, value))
      known += 1
    }
    before = value
  }
  return known === 0 ? null : figure(grown + lost, Math.max(Math.abs(min), Math.abs(max)))
}

function readingBefore(history: History, { slots, from }: Sums, after: number): number | null {
  const [first] = slots
  if (first === undefined && from > history.from) return history.values[from - 1] ?? null
  return history.slots.findLast((slot) => slot !== first && slot.newest <= after)?.closing ?? null
}

/** The counter as if it had never begun again: of its first reading on, what it has grown by since. */
function unbroken(history: History, { slots, from, to }: Sums): History {
  const values = history.values.slice()
  let before = slots[0]?.opening ?? values[from] ?? 0
  let height = before
  const whole = new Map<Slot, Slot>()
  for (const slot of slots) {
    height += increment(before, slot.opening)
    const isBroken = slot.gained !== slot.closing - slot.opening
    const mean = isBroken ? slot.gained / 2 : slot.sum / slot.count - slot.opening
    whole.set(slot, { ...slot, sum: slot.count * (height + mean) })
    height += slot.gained
    before = slot.closing
  }
  for (let i = from; i < to; i += 1) {
    const value = history.values[i] ?? 0
    height += increment(before, value)
    before = value
    values[i] = height
  }
  return { ...history, values, slots: history.slots.map((slot) => whole.get(slot) ?? slot) }
}

function coveredMs({ count, first, last }: Sums, { expectedMs }: WindowEnd): number {
  return count === 1 ? expectedMs : ((last - first) * count) / (count - 1)
}

/** Least squares, per `perMs`; a slot stands as its mean at its mean time. Null when all is of one moment. */
function slope(history: History, found: Sums, perMs: number): number | null {
  const { times, values } = history
  const { from, to, count, last } = found
  const slots = history.slots.filter(
    (slot) =>
      slot.newest >= (found.slots[0]?.newest ?? Number.POSITIVE_INFINITY) && slot.first <= last,
  )
  const meanValue = found.sum / count
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
  return square === 0 ? null : figure((both / square) * perMs, 0, rateDigits)
}
