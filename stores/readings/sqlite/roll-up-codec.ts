/**
 * A roll-up as bytes: 9 to 15 a window for usual sensor data instead of 64. Every number comes back bit for bit.
 *
 * 16 bytes of head, little-endian: how sums, their rests and the other values are scaled, the form; count u32; number of
 * the first window f64. Then the columns: steps from window to window, counted points, sums, rests, and minima,
 * maxima, firsts and lasts in one.
 */

import type { Quantity } from '../../../domain/property.ts'
import {
  type ByteCursor,
  powersOfTen,
  putRuns,
  putScaled,
  takeRuns,
  takeScaled,
  viewOf,
} from './number-columns.ts'
import type { RollUp } from '../windows/fold.ts'
import { type Level, reserveWindows } from '../windows/roll-up.ts'

export const headBytes = 16

/** How windows of a kind of quantity were summed up. Those of before there were kinds all have 0. */
export const rollUpForms: Readonly<Record<Quantity, number>> = {
  instant: 0,
  direction: 0,
  interval: 1,
  counter: 2,
  level: 3,
}

export function formOf(bytes: Uint8Array): number | undefined {
  return bytes[formAt]
}

/** Place in the head. */
const formAt = 3
/** Two whole numbers in runs of one, and six others. */
const windowBytesMax = 2 * 16 + 6 * 8
const plain = 255
const absent = 254

/** What is rounded off a sum is a multiple of the last binary place of some value. */
const powersOfTwo = [44, 48, 52, 56, 60, 64, 72, 80].map((places) => 2 ** places)

export function encodeRollUp(
  windows: RollUp,
  { ms }: Level,
  quantity: Quantity = 'instant',
): Uint8Array {
  const { count } = windows
  const bytes = new Uint8Array(headBytes + count * windowBytesMax)
  const view = viewOf(bytes)
  const cursor: ByteCursor = { bytes, at: headBytes }
  bytes[formAt] = rollUpForms[quantity]
  view.setUint32(4, count, true)
  if (count === 0) return bytes
  view.setFloat64(8, (windows.start[0] ?? 0) / ms, true)
  const steps = new Float64Array(count - 1)
  for (let i = 1; i < count; i++) {
    steps[i - 1] = ((windows.start[i] ?? 0) - (windows.start[i - 1] ?? 0)) / ms
  }
  putRuns(cursor, steps)
  putRuns(cursor, windows.counted.subarray(0, count))
  bytes[0] = putScaled(cursor, windows.sum.subarray(0, count), powersOfTen) ?? plain
  const rests = windows.rest.subarray(0, count)
  const exact = rests.every((rest) => rest === 0)
  bytes[1] = exact ? absent : (putScaled(cursor, rests, powersOfTwo) ?? plain)
  const values = new Float64Array(4 * count)
  for (const [place, column] of [windows.min, windows.max, windows.first, windows.last].entries()) {
    values.set(column.subarray(0, count), place * count)
  }
  bytes[2] = putScaled(cursor, values, powersOfTen) ?? plain
  return bytes.subarray(0, cursor.at)
}

/** Appends all windows to `into`. Throws when the bytes are not a roll-up. */
export function decodeRollUp(bytes: Uint8Array, { ms }: Level, into: RollUp): void {
  const count = bytes.length < headBytes ? -1 : viewOf(bytes).getUint32(4, true)
  // Each window takes more than a byte, so a damaged count cannot make us reserve gigabytes.
  if (count < 0 || count > bytes.length) throw new Error('A roll-up of readings is damaged.')
  if (count === 0) return
  reserveWindows(into, count)
  const from = into.count
  const to = from + count
  const cursor: ByteCursor = { bytes, at: headBytes }
  const start = into.start.subarray(from, to)
  takeRuns(cursor, start.subarray(1))
  let number = viewOf(bytes).getFloat64(8, true)
  start[0] = number * ms
  for (let i = 1; i < count; i++) {
    number += start[i] ?? 0
    start[i] = number * ms
  }
  takeRuns(cursor, into.counted.subarray(from, to))
  takeScaled(cursor, into.sum.subarray(from, to), powersOfTen[bytes[0] ?? plain])
  const rests = into.rest.subarray(from, to)
  if (bytes[1] === absent) rests.fill(0)
  else takeScaled(cursor, rests, powersOfTwo[bytes[1] ?? plain])
  const values = new Float64Array(4 * count)
  takeScaled(cursor, values, powersOfTen[bytes[2] ?? plain])
  for (let i = 0; i < count; i++) {
    into.min[from + i] = values[i] ?? 0
    into.max[from + i] = values[count + i] ?? 0
    into.first[from + i] = values[2 * count + i] ?? 0
    into.last[from + i] = values[3 * count + i] ?? 0
  }
  if (cursor.at !== bytes.length) throw new Error('A roll-up of readings is damaged: wrong length.')
  into.count += count
}
