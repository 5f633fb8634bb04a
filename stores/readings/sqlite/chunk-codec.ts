/**
 * A chunk: up to some hundred points of one series, rising in time, packed in columns (4 to 6 bytes a
 * point for usual sensor data instead of 25). Every finite value comes back bit for bit.
 *
 * 24 bytes of head, little-endian: flags, decimals, quality of the last point, 0; count u32; receivedAt
 * and value of the last point f64 (so that the newest reading of a series is known without unpacking); where
 * quality tests were evaluated also the outcomes of the last point u32. Then the columns observedAt, receivedAt,
 * quality (if mixed), tests (if mixed), a bit per null (if any), value.
 */

import {
  type ByteCursor,
  numberBytesMax,
  powersOfTen,
  putDeltas,
  putFloats,
  putRuns,
  putScaled,
  runBytesMax,
  takeDeltas,
  takeFloats,
  takeRuns,
  takeScaled,
  viewOf,
} from './number-columns.ts'
import { type Points, reserve } from '../log/points.ts'

const headBytes = 24
/** Of the head with the outcomes of tests: what `lastOfChunk` looks at. */
export const headBytesMax = headBytes + 4

const timesPlain = 1
const receivedPlain = 2
const valuesPlain = 4
const hasNulls = 8
const qualityMixed = 16
const hasTests = 32
const testsMixed = 64

/** There must be at least one point. */
export function encodeChunk(points: Points): Uint8Array {
  const { count } = points
  const last = count - 1
  const pointBytesMax = 3 * numberBytesMax + runBytesMax + 2
  const bytes = new Uint8Array(headBytesMax + count * pointBytesMax + 1)
  const view = viewOf(bytes)
  const tests = points.tests.subarray(0, count)
  const testFlags = flagsOfTests(tests)
  if (testFlags !== 0) view.setUint32(headBytes, tests[last] ?? 0, true)
  const cursor: ByteCursor = { bytes, at: columnsAt(testFlags) }
  let flags = testFlags | putTimes(cursor, points)
  const quality = points.quality.subarray(0, count)
  if (isMixed(quality)) {
    flags |= qualityMixed
    bytes.set(quality, cursor.at)
    cursor.at += count
  }
  if (testFlags & testsMixed) putRuns(cursor, tests)
  const values = putNulls(cursor, points)
  if (values.length < count) flags |= hasNulls
  const decimals = putScaled(cursor, values, powersOfTen)
  if (decimals === undefined) flags |= valuesPlain
  bytes[0] = flags
  bytes[1] = decimals ?? 0
  bytes[2] = quality[last] ?? 0
  view.setUint32(4, count, true)
  view.setFloat64(8, points.receivedAt[last] ?? 0, true)
  view.setFloat64(16, points.value[last] ?? 0, true)
  return bytes.subarray(0, cursor.at)
}

/** Appends all points of the chunk to `into`. Throws when the bytes are not a chunk. */
export function decodeChunk(bytes: Uint8Array, into: Points): void {
  const { cursor, flags, count, observedAt } = decodeTimes(bytes, into)
  const from = into.count
  const receivedAt = into.receivedAt.subarray(from, from + count)
  if (flags & receivedPlain) takeFloats(cursor, receivedAt)
  else {
    takeDeltas(cursor, receivedAt, 1)
    for (let i = 0; i < count; i++) receivedAt[i] = (receivedAt[i] ?? 0) + (observedAt[i] ?? 0)
  }
  if (flags & qualityMixed) {
    into.quality.set(bytes.subarray(cursor.at, cursor.at + count), from)
    cursor.at += count
  } else into.quality.fill(bytes[2] ?? 0, from, from + count)
  const tests = into.tests.subarray(from, from + count)
  if (flags & testsMixed) takeRuns(cursor, tests)
  else tests.fill(flags & hasTests ? viewOf(bytes).getUint32(headBytes, true) : 0)
  takeValues(cursor, flags, into.value.subarray(from, from + count))
  if (cursor.at !== bytes.length) throw new Error('A chunk of readings is damaged: wrong length.')
  into.count += count
}

/** Whether the chunk has a point at exactly this time. */
export function chunkHolds(bytes: Uint8Array, time: number, scratch: Points): boolean {
  scratch.count = 0
  return decodeTimes(bytes, scratch).observedAt.includes(time)
}

/** The last point of a chunk from its head alone. */
export function lastOfChunk(head: Uint8Array): {
  receivedAt: number
  value: number
  quality: number
  tests: number
} {
  const view = viewOf(head)
  return {
    receivedAt: view.getFloat64(8, true),
    value: view.getFloat64(16, true),
    quality: view.getUint8(2),
    tests: view.getUint8(0) & hasTests ? view.getUint32(headBytes, true) : 0,
  }
}

/** How many points a chunk says it holds, at most as many as it has bytes. */
export function countOfChunk(bytes: Uint8Array): number {
  const count = bytes.length < columnsAt(bytes[0] ?? 0) ? 0 : viewOf(bytes).getUint32(4, true)
  // Each point takes at least a byte, so a damaged count cannot make us reserve gigabytes.
  if (count === 0 || count > bytes.length) throw new Error('A chunk of readings is damaged.')
  return count
}

/** Reads head and times; leaves `into.count` as it is and the cursor at the next column. */
function decodeTimes(bytes: Uint8Array, into: Points) {
  const count = countOfChunk(bytes)
  reserve(into, count)
  const flags = bytes[0] ?? 0
  const cursor: ByteCursor = { bytes, at: columnsAt(flags) }
  const observedAt = into.observedAt.subarray(into.count, into.count + count)
  if (flags & timesPlain) takeFloats(cursor, observedAt)
  else takeDeltas(cursor, observedAt, 2)
  return { cursor, flags, count, observedAt }
}

/** Where the columns begin. */
function columnsAt(flags: number): number {
  return flags & hasTests ? headBytesMax : headBytes
}

function flagsOfTests(tests: Uint32Array): number {
  if (isMixed(tests)) return hasTests | testsMixed
  return tests[0] === 0 ? 0 : hasTests
}

function isMixed(column: Uint8Array | Uint32Array): boolean {
  for (let i = 1; i < column.length; i++) if (column[i] !== column[0]) return true
  return false
}

// The loops from here on run for every point that is sealed: plain ones are several times as quick.

function putTimes(cursor: ByteCursor, points: Points): number {
  const observedAt = points.observedAt.subarray(0, points.count)
  const receivedAt = points.receivedAt.subarray(0, points.count)
  let flags = 0
  if (!putDeltas(cursor, observedAt, 2)) {
    flags |= timesPlain
    putFloats(cursor, observedAt)
  }
  // Rounding could hide in a difference of fractions; between whole numbers it cannot.
  const lags = flags === 0 ? lagsOf(observedAt, receivedAt) : undefined
  if (lags === undefined || !putDeltas(cursor, lags, 1)) {
    flags |= receivedPlain
    putFloats(cursor, receivedAt)
  }
  return flags
}

/** Undefined when some moment of receipt is not whole. */
function lagsOf(observedAt: Float64Array, receivedAt: Float64Array): Float64Array | undefined {
  const lags = new Float64Array(receivedAt.length)
  for (let i = 0; i < lags.length; i++) {
    const received = receivedAt[i] ?? 0
    if (!Number.isSafeInteger(received) || Object.is(received, -0)) return undefined
    lags[i] = received - (observedAt[i] ?? 0)
  }
  return lags
}

/** Writes a bit per point when some have no value, and returns the values that are there. */
function putNulls(cursor: ByteCursor, points: Points): Float64Array {
  const values = points.value.subarray(0, points.count)
  let nulls = 0
  for (let i = 0; i < values.length; i++) if (Number.isNaN(values[i])) nulls++
  if (nulls === 0) return values
  const present = new Float64Array(values.length - nulls)
  let filled = 0
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0
    if (Number.isNaN(value)) {
      const at = cursor.at + (i >>> 3)
      cursor.bytes[at] = (cursor.bytes[at] ?? 0) | (1 << (i & 7))
    } else present[filled++] = value
  }
  cursor.at += Math.ceil(values.length / 8)
  return present
}

function takeValues(cursor: ByteCursor, flags: number, into: Float64Array): void {
  const bitsAt = cursor.at
  let present = into.length
  if (flags & hasNulls) {
    cursor.at += Math.ceil(into.length / 8)
    for (let i = 0; i < into.length; i++) present -= bitOf(cursor.bytes, bitsAt, i)
  }
  const values = into.subarray(0, present)
  takeScaled(cursor, values, flags & valuesPlain ? undefined : powersOfTen[cursor.bytes[1] ?? 0])
  if (present === into.length) return
  // The values stand packed at the front; from the back each moves to its own place.
  for (let i = into.length - 1; i >= 0; i--) {
    into[i] = bitOf(cursor.bytes, bitsAt, i) ? Number.NaN : (values[--present] ?? 0)
  }
}

function bitOf(bytes: Uint8Array, at: number, i: number): number {
  return ((bytes[at + (i >>> 3)] ?? 0) >>> (i & 7)) & 1
}
