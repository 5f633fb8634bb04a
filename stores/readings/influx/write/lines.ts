/**
 * The lines of a batch: one for each device, domain and moment. This is the hot path: bytes are put together by hand,
 * and nothing is allocated for a reading.
 */

import { flagCode } from '../layout.ts'
import { LineBytes } from './line-bytes.ts'
import { type Place, prefixOf } from './place.ts'
import type { Sheet } from './sheet.ts'

const space = 0x20
const newline = 0x0a
/** In place of a slot whose line is written. */
const taken = -1
const receivedKey = Buffer.from('received=')

/** Lines by number; what they hold is good until the next ones are made. */
export interface Lines {
  count: number
  /** The slots that a line holds. */
  slotsOf(line: number): number[]
  /** Bytes of the lines before this one, newlines included. */
  bytesBefore(line: number): number
  /** These lines, with newlines between them. */
  textOf(from: number, to: number): string
}

export interface LineMaker {
  /**
   * All lines of a sheet. `explicit`: a try before may have left outcomes of other tests, so those of fresh rows are
   * written even when there are none.
   */
  make(sheet: Sheet, explicit: boolean): Lines
}

export function createLineMaker(): LineMaker {
  const bytes = new LineBytes()
  /** Slots in the order of the lines, and for each line the first of them and its first byte. */
  let order = new Uint32Array(1_024)
  let firsts = new Uint32Array(1_024)
  let starts = new Uint32Array(1_024)
  let count = 0
  let placed = 0
  const scratch: number[] = []
  const oneRow: number[] = []

  function add(sheet: Sheet, slots: ArrayLike<number>, explicit: boolean): void {
    firsts[count] = placed
    starts[count] = bytes.length
    count++
    for (let i = 0; i < slots.length; i++) order[placed++] = slots[i] ?? 0
    writeLine(bytes, sheet, slots, explicit)
    bytes.byte(newline)
  }

  /** The slots in `scratch`, which are of several rows: an uplink of air quality and weather, or a device that moved. */
  function addRows(sheet: Sheet, explicit: boolean): void {
    for (let i = 0; i < scratch.length; i++) {
      const first = scratch[i] ?? taken
      if (first === taken) continue
      oneRow.length = 0
      for (let j = i; j < scratch.length; j++) {
        const slot = scratch[j] ?? taken
        if (slot === taken || !isSameRow(sheet, first, slot)) continue
        oneRow.push(slot)
        scratch[j] = taken
      }
      add(sheet, oneRow, explicit)
    }
  }

  function prepare(slots: number): void {
    bytes.clear()
    count = 0
    placed = 0
    if (order.length > slots) return
    order = new Uint32Array(slots * 2)
    firsts = new Uint32Array(slots * 2)
    starts = new Uint32Array(slots * 2)
  }

  return {
    make(sheet, explicit) {
      const slots = sheet.readings.length
      prepare(slots)
      const run = { from: 0, to: 0, isOneRow: true }
      for (; run.from < slots; run.from = run.to) {
        findRun(sheet, run)
        fillRange(scratch, run)
        if (run.isOneRow) add(sheet, scratch, explicit)
        else addRows(sheet, explicit)
      }
      firsts[count] = placed
      starts[count] = bytes.length
      return {
        count,
        slotsOf: (line) => [...order.subarray(firsts[line] ?? 0, firsts[line + 1] ?? 0)],
        bytesBefore: (line) => starts[line] ?? 0,
        textOf: (from, to) => bytes.text(starts[from] ?? 0, (starts[to] ?? 0) - 1),
      }
    },
  }
}

/** One line by itself, everything written out. All slots must be of one device, domain, moment and place. */
export function lineText(sheet: Sheet, slots: readonly number[]): string {
  const bytes = new LineBytes()
  writeLine(bytes, sheet, slots, true)
  return bytes.text(0, bytes.length)
}

interface Run {
  from: number
  to: number
  isOneRow: boolean
}

/** Slots of the same device and moment that stand side by side. */
function findRun(sheet: Sheet, run: Run): void {
  const { readings, series, oldPlaces } = sheet
  const first = readings[run.from]
  const row = series[run.from]?.row
  let isOneRow = oldPlaces.size === 0 || !oldPlaces.has(run.from)
  let to = run.from + 1
  for (; to < readings.length; to++) {
    const next = readings[to]
    if (next?.observedAt !== first?.observedAt || next?.device !== first?.device) break
    if (series[to]?.row !== row) isOneRow = false
    if (oldPlaces.size > 0 && oldPlaces.has(to)) isOneRow = false
  }
  run.to = to
  run.isOneRow = isOneRow
}

function writeLine(
  bytes: LineBytes,
  sheet: Sheet,
  slots: ArrayLike<number>,
  explicit: boolean,
): void {
  const first = slots[0] ?? 0
  const received = receiptOf(sheet, slots)
  bytes.raw(prefixOf(placeOf(sheet, first), sheet.series[first]?.keys.measurement ?? ''))
  const begin = bytes.length
  for (let i = 0; i < slots.length; i++) {
    writeFields(bytes, sheet, slots[i] ?? 0, explicit, received)
  }
  if (!Number.isNaN(received)) bytes.field(receivedKey, received)
  // In the place of the first comma.
  bytes.replace(begin, space)
  bytes.byte(space)
  bytes.number(sheet.readings[first]?.observedAt ?? 0)
}

/** `receivedAt` of the row: that of its first fresh slot; NaN when there is none. */
function receiptOf(sheet: Sheet, slots: ArrayLike<number>): number {
  for (let i = 0; i < slots.length; i++) {
    const slot = slots[i] ?? 0
    if (sheet.kinds[slot] === 'fresh') return sheet.readings[slot]?.receivedAt ?? Number.NaN
  }
  return Number.NaN
}

/** Each with a comma in front. `row` is what `received` says. */
function writeFields(
  bytes: LineBytes,
  sheet: Sheet,
  slot: number,
  explicit: boolean,
  row: number,
): void {
  const reading = sheet.readings[slot]
  const keys = sheet.series[slot]?.keys
  if (reading === undefined || keys === undefined) return
  const kind = sheet.kinds[slot]
  const { value, tests = 0 } = reading
  bytes.field(keys.flag, flagCode(reading.quality, value !== null))
  if (value !== null && kind !== 'flags') bytes.field(keys.value, value)
  if (tests !== 0 || explicit || kind !== 'fresh') bytes.field(keys.tests, tests)
  const { receivedAt } = reading
  if (kind === 'whole' || (kind === 'fresh' && receivedAt !== row)) {
    bytes.field(keys.received, receivedAt)
  }
}

/** Of one device and moment. */
function isSameRow(sheet: Sheet, one: number, other: number): boolean {
  if (sheet.series[one]?.row !== sheet.series[other]?.row) return false
  if (sheet.oldPlaces.size === 0) return true
  return placeOf(sheet, one).tags === placeOf(sheet, other).tags
}

function placeOf(sheet: Sheet, slot: number): Place {
  const place = sheet.oldPlaces.get(slot) ?? sheet.places[slot]
  if (place === undefined) throw new Error(`Slot ${slot} of a batch has no place.`)
  return place
}

function fillRange(slots: number[], { from, to }: Run): void {
  slots.length = to - from
  for (let slot = from; slot < to; slot++) slots[slot - from] = slot
}
