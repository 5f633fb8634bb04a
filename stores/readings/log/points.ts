/**
 * Points of one series in columns: what chunks hold, what reads fold over. Columns instead of objects
 * because a year of minutes is half a million points, and an object each would cost ten times as much.
 */

import type { Quality } from '../../../domain/reading.ts'

/** The first `count` places of each column count. A value of NaN stands for null: "measured, no value". */
export interface Points {
  count: number
  observedAt: Float64Array
  receivedAt: Float64Array
  value: Float64Array
  quality: Uint8Array
  /** Outcomes of the quality tests, packed; 0 when none was evaluated. */
  tests: Uint32Array
}

/** One of them by itself. */
export interface Point {
  observedAt: number
  receivedAt: number
  value: number
  quality: number
  tests: number
}

/** One piece of memory for all columns: a chunk is unpacked thousands of times per second. */
export function createPoints(capacity: number): Points {
  const buffer = new ArrayBuffer(capacity * 29)
  return {
    count: 0,
    observedAt: new Float64Array(buffer, 0, capacity),
    receivedAt: new Float64Array(buffer, capacity * 8, capacity),
    value: new Float64Array(buffer, capacity * 16, capacity),
    quality: new Uint8Array(buffer, capacity * 28, capacity),
    tests: new Uint32Array(buffer, capacity * 24, capacity),
  }
}

/** Makes room for `more` points after those that are there. */
export function reserve(points: Points, more: number): void {
  const needed = points.count + more
  if (needed <= points.observedAt.length) return
  const grown = createPoints(Math.max(needed, points.observedAt.length * 2))
  grown.observedAt.set(points.observedAt)
  grown.receivedAt.set(points.receivedAt)
  grown.value.set(points.value)
  grown.quality.set(points.quality)
  grown.tests.set(points.tests)
  Object.assign(points, grown, { count: points.count })
}

/** Appends place `i` of `from`; the room must have been reserved. */
export function copyPoint(points: Points, from: Points, i: number): void {
  const at = points.count++
  points.observedAt[at] = from.observedAt[i] ?? 0
  points.receivedAt[at] = from.receivedAt[i] ?? 0
  points.value[at] = from.value[i] ?? 0
  points.quality[at] = from.quality[i] ?? 0
  points.tests[at] = from.tests[i] ?? 0
}

export function pointAt(points: Points, i: number): Point {
  return {
    observedAt: points.observedAt[i] ?? 0,
    receivedAt: points.receivedAt[i] ?? 0,
    value: points.value[i] ?? 0,
    quality: points.quality[i] ?? 0,
    tests: points.tests[i] ?? 0,
  }
}

/** Keeps the places from `start` to `end` (exclusive). */
export function slicePoints(points: Points, start: number, end: number): Points {
  return {
    count: end - start,
    observedAt: points.observedAt.subarray(start, end),
    receivedAt: points.receivedAt.subarray(start, end),
    value: points.value.subarray(start, end),
    quality: points.quality.subarray(start, end),
    tests: points.tests.subarray(start, end),
  }
}

/** First place whose time is `time` or later (`lowerBound`) in points that rise in time. */
export function placeOf(points: Points, time: number): number {
  let low = 0
  let high = points.count
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((points.observedAt[middle] ?? 0) < time) low = middle + 1
    else high = middle
  }
  return low
}

/** Both must rise strictly in time; where both have a time, the point of `newer` stands. */
export function mergePoints(older: Points, newer: Points): Points {
  if (newer.count === 0) return older
  if (older.count === 0) return newer
  const merged = createPoints(older.count + newer.count)
  let i = 0
  let j = 0
  while (i < older.count && j < newer.count) {
    const a = older.observedAt[i] ?? 0
    const b = newer.observedAt[j] ?? 0
    if (a < b) copyPoint(merged, older, i++)
    else {
      copyPoint(merged, newer, j++)
      if (a === b) i++
    }
  }
  while (i < older.count) copyPoint(merged, older, i++)
  while (j < newer.count) copyPoint(merged, newer, j++)
  return merged
}

/** Which flags are asked for: place `flag` is 1. */
export function flagsOf(qualities: readonly Quality[]): Uint8Array {
  const flags = new Uint8Array(256)
  for (const quality of qualities) flags[quality] = 1
  return flags
}
