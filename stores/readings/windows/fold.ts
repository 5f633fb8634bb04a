/**
 * One window being summed up, point by point in order of time or from windows that were summed up before. Pure.
 *
 * What is summed up depends on the kind of quantity: values; the energy of levels; the increments of counters, of which
 * the first goes back to the reading before the window; unit vectors of directions.
 *
 * A sum is carried in three parts, each holding what was lost in rounding the one before (second-order compensated
 * summation, A. Klein 2006), and rounded once at the end. For what sensors send the parts together are exact, so a
 * sum does not depend on the order or on what was summed up beforehand; a result too large for a number is null.
 * The mean of directions is the direction of the sum of their unit vectors, rounded to a billionth of a degree;
 * null when they cancel out.
 */

import { increment } from '../../../domain/counter.ts'
import { energyOf, levelOf } from '../../../domain/decibel.ts'
import { figure, meanFigure, roundedOff, sumFigure } from '../../../domain/figure.ts'
import type { Quantity } from '../../../domain/property.ts'
import type { AggregateFn } from '../../../domain/reading.ts'

/** Windows rising in time, in columns; the first `count` places of each count. */
export interface RollUp {
  count: number
  /** Where the window starts; it is as long as its level. */
  start: Float64Array
  /** Counted points, at least one. */
  counted: Float64Array
  sum: Float64Array
  /** What was rounded off `sum`: together they are exact. */
  rest: Float64Array
  min: Float64Array
  max: Float64Array
  first: Float64Array
  last: Float64Array
}

export interface Fold {
  count: number
  sum: number
  lost: number
  lostAgain: number
  min: number
  max: number
  first: number
  last: number
  east: number
  north: number
  /** Of a counter the reading before, NaN when there is none; and how many increments were added up. */
  previous: number
  increments: number
}

/** What is summed up. */
export type Summed = 'values' | 'energy' | 'increments' | 'vectors'

export function summedFor(fn: AggregateFn, quantity: Quantity, directions: boolean): Summed {
  if (fn === 'mean' && directions) return 'vectors'
  if (fn === 'mean' && quantity === 'level') return 'energy'
  if (fn === 'increase') return quantity === 'interval' ? 'values' : 'increments'
  return fn === 'sum' && quantity === 'counter' ? 'increments' : 'values'
}

/** A resultant below this share of the count is noise of rounding: the directions cancel out. */
const cancelled = 1e-9

export function emptyFold(previous = Number.NaN): Fold {
  return {
    count: 0,
    sum: 0,
    lost: 0,
    lostAgain: 0,
    min: Number.POSITIVE_INFINITY,
    max: Number.NEGATIVE_INFINITY,
    first: 0,
    last: 0,
    east: 0,
    north: 0,
    previous,
    increments: 0,
  }
}

export function add(fold: Fold, value: number, summed: Summed): void {
  if (summed === 'values') addValue(fold, value)
  else if (summed === 'vectors') addDirection(fold, value)
  else if (summed === 'energy') addEnergy(fold, value)
  else addCount(fold, value)
}

export function addValue(fold: Fold, value: number): void {
  addExtremes(fold, value)
  addToSum(fold, value)
}

export function addEnergy(fold: Fold, value: number): void {
  addExtremes(fold, value)
  addToSum(fold, energyOf(value))
}

export function addCount(fold: Fold, value: number): void {
  addExtremes(fold, value)
  addIncrement(fold, value)
  fold.previous = value
}

function addExtremes(fold: Fold, value: number): void {
  if (fold.count++ === 0) fold.first = value
  fold.last = value
  if (value < fold.min) fold.min = value
  if (value > fold.max) fold.max = value
}

function addIncrement(fold: Fold, value: number): void {
  if (Number.isNaN(fold.previous)) return
  addToSum(fold, increment(fold.previous, value))
  fold.increments++
}

/** Adds window `i` of a roll-up, which must follow in time what was added before. */
export function addSummed(fold: Fold, windows: RollUp, i: number, summed: Summed): void {
  const min = windows.min[i] ?? 0
  const max = windows.max[i] ?? 0
  const counted = windows.counted[i] ?? 0
  if (summed === 'increments') {
    addIncrement(fold, windows.first[i] ?? 0)
    fold.increments += counted - 1
    fold.previous = windows.last[i] ?? 0
  }
  if (fold.count === 0) fold.first = windows.first[i] ?? 0
  fold.count += counted
  fold.last = windows.last[i] ?? 0
  if (min < fold.min) fold.min = min
  if (max > fold.max) fold.max = max
  addToSum(fold, windows.sum[i] ?? 0)
  addToSum(fold, windows.rest[i] ?? 0)
}

export function addDirection(fold: Fold, degrees: number): void {
  const radians = (degrees * Math.PI) / 180
  fold.count++
  fold.east += Math.sin(radians)
  fold.north += Math.cos(radians)
}

/**
 * The exact sum as a number and what it was rounded by; undefined when these two cannot hold it. Energies are no
 * decimals, and never exact: what is lost of them is far below what is shown.
 */
export function exactSum(fold: Fold, summed: Summed): { sum: number; rest: number } | undefined {
  const sum = fold.sum + fold.lost
  const rest = roundedOff(fold.sum, fold.lost, sum)
  // What overflows is NaN in some part.
  const isHeld = fold.lostAgain === 0 || summed === 'energy'
  if (!isHeld || !Number.isFinite(sum) || !Number.isFinite(rest)) return undefined
  return { sum, rest }
}

/** Null for a sum too large, directions that cancel out, and the increase of a counter's first reading alone. */
export function resultOf(fold: Fold, fn: AggregateFn, summed: Summed): number | null {
  const sum = fold.sum + (fold.lost + fold.lostAgain)
  switch (fn) {
    case 'mean':
      if (summed === 'vectors') return directionOf(fold)
      if (summed === 'energy') return finite(figure(levelOf(sum / fold.count)))
      return finite(meanFigure(sum, fold))
    case 'sum':
    case 'increase':
      if (summed !== 'increments') return finite(sumFigure(sum, fold))
      return fold.increments === 0 ? null : finite(increaseFigure(sum, fold))
    case 'count':
      return fold.count
    case 'min':
    case 'max':
    case 'first':
    case 'last':
      return fold[fn]
  }
}

function addToSum(fold: Fold, value: number): void {
  const sum = fold.sum + value
  const lost = roundedOff(fold.sum, value, sum)
  fold.sum = sum
  const allLost = fold.lost + lost
  fold.lostAgain += roundedOff(fold.lost, lost, allLost)
  fold.lost = allLost
}

function directionOf({ east, north, count }: Fold): number | null {
  if (Math.hypot(east, north) < cancelled * count) return null
  const degrees = (Math.atan2(east, north) * 180) / Math.PI
  const rounded = Math.round(degrees * 1e9) / 1e9
  return (rounded + 360) % 360
}

/** Counted from what the counter shows, of which increments are differences. */
function increaseFigure(sum: number, { min, max }: Fold): number {
  return figure(sum, Math.max(Math.abs(min), Math.abs(max)))
}

function finite(number: number): number | null {
  return Number.isFinite(number) ? number : null
}
