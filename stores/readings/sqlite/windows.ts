/**
 * Windows over the points of one series in one pass. Pure.
 *
 * Counted are points with a value whose flag is asked for. Sums are compensated (Neumaier 1974), so a year
 * of rain does not drift; a result too large for a number is null. The mean of directions is the direction
 * of the sum of their unit vectors, rounded to a billionth of a degree; null when they cancel out.
 */

import type { Aggregate, AggregateFn, SeriesKey } from '../../../domain/reading.ts'
import type { Points } from './points.ts'

export interface WindowsQuery {
  key: SeriesKey
  fn: AggregateFn
  everyMs: number
  originMs: number
  vector: boolean
  /** Counted flags: place `flag` is 1. */
  flags: Uint8Array
  /** Called with each window that holds a counted point, rising in time. */
  emit(window: Aggregate): void
}

export interface Windows {
  /** Points must follow those of the call before in time. */
  fold(points: Points): void
  /** Emits the last window. */
  finish(): void
}

/** A resultant below this share of the count is noise of rounding: the directions cancel out. */
const cancelled = 1e-9

interface Fold {
  count: number
  sum: number
  lost: number
  min: number
  max: number
  first: number
  last: number
  east: number
  north: number
}

function emptyFold(): Fold {
  return {
    count: 0,
    sum: 0,
    lost: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    first: 0,
    last: 0,
    east: 0,
    north: 0,
  }
}

export function createWindows(query: WindowsQuery): Windows {
  const { fn, everyMs, originMs, flags } = query
  const { device, property } = query.key
  const directions = query.vector && fn === 'mean'
  let fold = emptyFold()
  let start = 0
  let end = Number.NEGATIVE_INFINITY

  function finish(): void {
    const { count } = fold
    if (count === 0) return
    const value = resultOf(fold, fn, directions)
    query.emit({ device, property, fn, value, count, from: start, to: end })
    fold = emptyFold()
  }

  return {
    fold(points) {
      for (let i = 0; i < points.count; i++) {
        const value = points.value[i] ?? 0
        if (flags[points.quality[i] ?? 0] !== 1 || Number.isNaN(value)) continue
        const time = points.observedAt[i] ?? 0
        if (time >= end) {
          finish()
          start = originMs + Math.floor((time - originMs) / everyMs) * everyMs
          end = start + everyMs
        }
        if (directions) addDirection(fold, value)
        else addValue(fold, value)
      }
    },
    finish,
  }
}

function addValue(fold: Fold, value: number): void {
  if (fold.count++ === 0) fold.first = value
  fold.last = value
  if (value < fold.min) fold.min = value
  if (value > fold.max) fold.max = value
  const { sum } = fold
  const next = sum + value
  fold.lost += Math.abs(sum) >= Math.abs(value) ? sum - next + value : value - next + sum
  fold.sum = next
}

function addDirection(fold: Fold, degrees: number): void {
  const radians = (degrees * Math.PI) / 180
  fold.count++
  fold.east += Math.sin(radians)
  fold.north += Math.cos(radians)
}

function resultOf(fold: Fold, fn: AggregateFn, directions: boolean): number | null {
  const sum = fold.sum + fold.lost
  switch (fn) {
    case 'mean':
      return directions ? directionOf(fold) : finite(sum / fold.count)
    case 'sum':
      return finite(sum)
    case 'count':
      return fold.count
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return fold[fn]
  }
}

function directionOf({ east, north, count }: Fold): number | null {
  if (Math.hypot(east, north) < cancelled * count) return null
  const degrees = (Math.atan2(east, north) * 180) / Math.PI
  const rounded = Math.round(degrees * 1e9) / 1e9
  return (rounded + 360) % 360
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null
}
