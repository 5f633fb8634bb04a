/**
 * The last 16 readings of a series with their outcomes. When an acknowledgement is lost, a device sends a whole
 * message again: its readings get exactly the flags they had, so that a repeat never replaces a worse flag by a better one.
 *
 * An entry is 8 bytes: the low 32 bits of the observed time, and the outcomes with 12 bits of the value. Another value
 * for the same moment is therefore taken for the old one once in 4,096 times.
 */

import { field, ringLength } from './series-table.ts'

const outcomeBits = 20
const outcomeMask = (1 << outcomeBits) - 1
/** No outcome is negative. */
export const unknown = -1

export function remember(
  view: DataView,
  row: number,
  observedAt: number,
  value: number,
  tests: number,
): void {
  const next = view.getInt32(row + field.ringNext)
  const entry = row + field.ring + next * 8
  view.setInt32(entry, observedAt)
  view.setInt32(entry + 4, (fingerprint(value) << outcomeBits) | tests)
  view.setInt32(row + field.ringNext, (next + 1) % ringLength)
}

/** The outcomes that this reading had, or `unknown`. Of several for one moment, the last. */
export function recall(view: DataView, row: number, observedAt: number, value: number): number {
  const entry = entryOf(view, row, observedAt)
  const word = entry < 0 ? 0 : view.getInt32(entry + 4)
  if (word === 0 || word >>> outcomeBits !== fingerprint(value)) return unknown
  return word & outcomeMask
}

/** Other outcomes for the reading of this moment that was remembered last. */
export function recallOtherwise(
  view: DataView,
  row: number,
  observedAt: number,
  tests: number,
): void {
  const entry = entryOf(view, row, observedAt)
  if (entry >= 0) view.setInt32(entry + 4, (view.getInt32(entry + 4) & ~outcomeMask) | tests)
}

/** Where the last reading of this moment is remembered, or −1. */
function entryOf(view: DataView, row: number, observedAt: number): number {
  const low = observedAt | 0
  let place = view.getInt32(row + field.ringNext)
  for (let i = 0; i < ringLength; i++) {
    place = (place + ringLength - 1) % ringLength
    const entry = row + field.ring + place * 8
    if (view.getInt32(entry) === low) return entry
  }
  return -1
}

/** 12 bits that tell values apart that differ by a millionth or more. */
function fingerprint(value: number): number {
  return Math.imul((value * 1e6) | 0, 0x9e3779b1) >>> 20
}
