/**
 * The lines of a batch: one for each device, domain and moment. This is the hot path; its text is put together by
 * hand, number by number.
 */

import { flagCode } from './layout.ts'
import { floatText } from './line-protocol.ts'
import { type Place, prefixOf } from './places.ts'
import type { Sheet } from './sheet.ts'

export interface Lines {
  texts: string[]
  /** The slots that each line holds. */
  slots: (readonly number[])[]
}

/**
 * `explicit`: a try before may have left outcomes of other tests, so those of fresh rows are written even when there
 * are none.
 */
export function linesOf(sheet: Sheet, explicit: boolean): Lines {
  const lines: Lines = { texts: [], slots: [] }
  const { readings } = sheet
  for (let from = 0; from < readings.length; ) {
    const first = readings[from]
    let to = from + 1
    let isOneRow = !sheet.oldPlaces.has(from)
    for (; to < readings.length; to++) {
      const next = readings[to]
      if (next?.observedAt !== first?.observedAt || next?.device !== first?.device) break
      if (sheet.series[to]?.row !== sheet.series[from]?.row) isOneRow = false
      if (sheet.oldPlaces.size > 0 && sheet.oldPlaces.has(to)) isOneRow = false
    }
    const slots = range(from, to)
    for (const line of isOneRow ? [slots] : splitRows(sheet, slots)) {
      lines.texts.push(lineText(sheet, line, explicit))
      lines.slots.push(line)
    }
    from = to
  }
  return lines
}

/** All slots must be of one device, domain, moment and place. */
export function lineText(sheet: Sheet, slots: readonly number[], explicit: boolean): string {
  const first = slots[0] ?? 0
  const row = receiptOf(sheet, slots)
  let fields = ''
  for (const slot of slots) fields += fieldsText(sheet, slot, { row, explicit })
  if (row !== undefined) fields += `,received=${row}`
  const time = sheet.readings[first]?.observedAt ?? 0
  const measurement = sheet.series[first]?.keys.measurement ?? ''
  return `${prefixOf(placeOf(sheet, first), measurement)} ${fields.slice(1)} ${time}`
}

/** `receivedAt` of the row: that of its first fresh slot. */
function receiptOf(sheet: Sheet, slots: readonly number[]): number | undefined {
  const fresh = slots.find((slot) => sheet.kinds[slot] === 'fresh')
  return fresh === undefined ? undefined : sheet.readings[fresh]?.receivedAt
}

interface RowOptions {
  row: number | undefined
  explicit: boolean
}

/** Each field with a comma in front. */
function fieldsText(sheet: Sheet, slot: number, { row, explicit }: RowOptions): string {
  const reading = sheet.readings[slot]
  const keys = sheet.series[slot]?.keys
  if (reading === undefined || keys === undefined) return ''
  const kind = sheet.kinds[slot]
  const { value, quality, tests = 0, receivedAt } = reading
  let text = `,${keys.flag}${flagCode(quality, value !== null)}`
  if (kind !== 'flags' && value !== null) text += `,${keys.value}${floatText(value)}`
  if (tests !== 0 || explicit || kind !== 'fresh') text += `,${keys.tests}${tests}`
  if (kind === 'whole' || (kind === 'fresh' && receivedAt !== row)) {
    text += `,${keys.received}${receivedAt}`
  }
  return text
}

function splitRows(sheet: Sheet, slots: readonly number[]): number[][] {
  const rows = new Map<string, number[]>()
  for (const slot of slots) {
    const name = `${sheet.series[slot]?.row ?? 0}${placeOf(sheet, slot).tags}`
    const row = rows.get(name)
    if (row === undefined) rows.set(name, [slot])
    else row.push(slot)
  }
  return [...rows.values()]
}

function placeOf(sheet: Sheet, slot: number): Place {
  const place = sheet.oldPlaces.get(slot) ?? sheet.places[slot]
  if (place === undefined) throw new Error(`Slot ${slot} of a batch has no place.`)
  return place
}

function range(from: number, to: number): number[] {
  const slots: number[] = []
  for (let slot = from; slot < to; slot++) slots.push(slot)
  return slots
}
