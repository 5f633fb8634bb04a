/**
 * What one series has said lately, for signals over windows: times and values, rising in time, each time once.
 *
 * The newest `rawMax` readings are kept as they are. Where a window holds more, older ones are folded into
 * slots of 1/1024 of the reach, so that a series takes at most about 120 KiB; a window then begins up to one
 * slot early. A reading sent again takes the place of the first; one so late that its slot has newer readings
 * is left out, because it cannot be told from one sent again. What is in a slot cannot be taken out.
 */

import { increment } from '../../domain/counter.ts'
import { energyOf } from '../../domain/decibel.ts'
import { roundedOff } from '../../domain/figure.ts'

/** Readings of a week every 5 minutes, or of a day every minute, with room to spare. */
export const rawMax = 2_048
const rawFirst = 32
const foldedAtOnce = 1_024
const slotsPerReach = 1_024

/** Readings of one stretch of time, older than all that are kept singly. */
export interface Slot {
  number: number
  count: number
  sum: number
  /** What was rounded off the sum. */
  lost: number
  min: number
  max: number
  /** Of levels: the sum of their energies. */
  energy: number
  /** Of counters: the first and the last reading, and the increments in between. */
  opening: number
  closing: number
  gained: number
  /** Of the times, in milliseconds from the first of them. */
  timeSum: number
  first: number
  newest: number
}

export interface History {
  /** How far back the longest window reaches, milliseconds. */
  readonly reachMs: number
  /** Rising in number. */
  slots: Slot[]
  /** Single readings stand at `from` … `to` − 1. */
  times: Float64Array
  values: Float64Array
  from: number
  to: number
}

export function createHistory(reachMs: number): History {
  const [times, values] = [new Float64Array(rawFirst), new Float64Array(rawFirst)]
  return { reachMs, slots: [], times, values, from: 0, to: 0 }
}

/** Time of the newest reading; -Infinity when there is none. */
export function newestOf({ times, slots, from, to }: History): number {
  if (to > from) return times[to - 1] ?? Number.NEGATIVE_INFINITY
  return slots.at(-1)?.newest ?? Number.NEGATIVE_INFINITY
}

/** Takes a reading in, or takes the one of this time out when `value` is null. */
export function put(history: History, at: number, value: number | null): void {
  const { from, to, times } = history
  if (value !== null && at > newestOf(history)) {
    forget(history, at - history.reachMs)
    append(history, at, value)
    return
  }
  if (at <= newestOf(history) - history.reachMs) return
  const oldest = to > from ? (times[from] ?? 0) : Number.POSITIVE_INFINITY
  if (at < oldest && history.slots.length > 0) {
    if (value !== null) fold(history, at, value)
    return
  }
  const place = indexFrom(history, at)
  if (place < to && times[place] === at) {
    if (value === null) removeAt(history, place)
    else history.values[place] = value
  } else if (value !== null) insertAt(history, place, { at, value })
}

/** Place of the first single reading that is later than `at`. */
export function indexAfter({ times, from, to }: History, at: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) <= at) low = middle + 1
    else high = middle
  }
  return low
}

/** Place of the first single reading that is not earlier than `at`. */
export function indexFrom({ times, from, to }: History, at: number): number {
  let [low, high] = [from, to]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((times[middle] ?? 0) < at) low = middle + 1
    else high = middle
  }
  return low
}

function append(history: History, at: number, value: number): void {
  makeRoom(history)
  history.times[history.to] = at
  history.values[history.to] = value
  history.to += 1
}

function insertAt(history: History, place: number, reading: { at: number; value: number }): void {
  const shift = place - history.from
  const toFold = history.to - history.from
  makeRoom(history)
  const folded = toFold - (history.to - history.from)
  if (shift < folded) {
    fold(history, reading.at, reading.value)
    return
  }
  const { times, values, from, to } = history
  const index = from + shift - folded
  times.copyWithin(index + 1, index, to)
  values.copyWithin(index + 1, index, to)
  times[index] = reading.at
  values[index] = reading.value
  history.to += 1
}

function removeAt(history: History, place: number): void {
  const { times, values, to } = history
  times.copyWithin(place, place + 1, to)
  values.copyWithin(place, place + 1, to)
  history.to -= 1
}

/** Room for one more behind the last: by moving up, by growing, or by folding the oldest. */
function makeRoom(history: History): void {
  const { times, values, from, to } = history
  if (to < times.length) return
  if (times.length < rawMax && from < times.length / 2) {
    history.times = grown(times)
    history.values = grown(values)
    return
  }
  if (from < times.length / 4) {
    const end = Math.min(from + foldedAtOnce, to)
    for (let i = from; i < end; i += 1) fold(history, times[i] ?? 0, values[i] ?? 0)
    history.from = end
  }
  times.copyWithin(0, history.from, to)
  values.copyWithin(0, history.from, to)
  history.to = to - history.from
  history.from = 0
}

function grown(numbers: Float64Array): Float64Array {
  const larger = new Float64Array(numbers.length * 2)
  larger.set(numbers)
  return larger
}

function forget(history: History, until: number): void {
  const { times, slots } = history
  while (history.from < history.to && (times[history.from] ?? 0) <= until) history.from += 1
  while ((slots[0]?.newest ?? Number.POSITIVE_INFINITY) <= until) slots.shift()
}

function fold({ slots, reachMs }: History, at: number, value: number): void {
  const number = Math.floor(at / Math.ceil(reachMs / slotsPerReach))
  let place = slots.length
  while (place > 0 && (slots[place - 1]?.number ?? 0) > number) place -= 1
  const slot = slots[place - 1]
  if (slot === undefined || slot.number !== number) {
    const extremes = { min: value, max: value, first: at, newest: at }
    const counted = { energy: energyOf(value), opening: value, closing: value, gained: 0 }
    const sums = { count: 1, sum: value, lost: 0, timeSum: 0 }
    slots.splice(place, 0, { number, ...sums, ...extremes, ...counted })
    return
  }
  if (at <= slot.newest) return
  slot.count += 1
  const sum = slot.sum + value
  slot.lost += roundedOff(slot.sum, value, sum)
  slot.sum = sum
  slot.energy += energyOf(value)
  slot.gained += increment(slot.closing, value)
  slot.closing = value
  slot.min = Math.min(slot.min, value)
  slot.max = Math.max(slot.max, value)
  slot.timeSum += at - slot.first
  slot.newest = at
}
