/** Which hours or days are summed up next, of which devices: as much as one query for each property can answer. */

import type { Interval } from '../../readings.ts'
import type { Dirty } from '../file/dirty.ts'
import type { Span } from '../layout.ts'
import type { SeriesRegister } from '../file/series-register.ts'

export interface RollUpTask {
  span: Span
  measurement: string
  /** First series of each row; see `Dirty`. */
  rows: number[]
  devices: string[]
  properties: string[]
  /** Beginnings of the spans; one after the other without a gap. */
  starts: number[]
  within: Interval
}

/** The day that holds a moment, for a device. */
export type DayOf = (device: string, at: number) => Interval

/** Spans of one task. */
const spansMax = 24
const hourMs = 3_600_000
/** Readings that are a little late find their hour not summed up yet. */
const graceMs = 120_000

interface PlanParts {
  dirty: Dirty
  register: SeriesRegister
  dayOf: DayOf
}

/** The earliest that has ended, for so many rows at most; undefined when there is none. */
export function nextTask(
  { dirty, register, dayOf }: PlanParts,
  now: number,
  rowsMax: number,
): RollUpTask | undefined {
  const hour = dirty.first('1h')
  if (hour !== undefined && hour + hourMs + graceMs <= now) {
    const rows = sameRows(register, dirty.at('1h', hour), rowsMax)
    const starts = [hour]
    for (let next = hour + hourMs; starts.length < spansMax; next += hourMs) {
      const there = dirty.at('1h', next)
      if (next + hourMs + graceMs > now || !rows.every((row) => there.has(row))) break
      starts.push(next)
    }
    return taskOf(register, rows, '1h', { starts, to: hour + starts.length * hourMs })
  }
  const start = dirty.first('1d')
  if (start === undefined) return undefined
  const all = [...dirty.at('1d', start)]
  const device = register.get(all[0] ?? 0)?.device ?? ''
  const day = dayOf(device, start)
  if (day.to + graceMs > now) return undefined
  const same = all.filter((row) => dayOf(register.get(row)?.device ?? '', start).to === day.to)
  const rows = sameRows(register, same, rowsMax)
  return taskOf(register, rows, '1d', { starts: [start], to: day.to })
}

/** The first rows that are of one measurement. */
function sameRows(register: SeriesRegister, rows: Iterable<number>, rowsMax: number): number[] {
  const same: number[] = []
  let measurement: string | undefined
  for (const row of rows) {
    const own = register.get(row)?.keys.measurement
    measurement ??= own
    if (own === measurement) same.push(row)
    if (same.length === rowsMax) break
  }
  return same
}

function taskOf(
  register: SeriesRegister,
  rows: number[],
  span: Span,
  { starts, to }: { starts: number[]; to: number },
): RollUpTask {
  const devices = new Set<string>()
  const properties = new Set<string>()
  for (const row of rows) {
    const first = register.get(row)
    if (first === undefined) continue
    devices.add(first.device)
    for (const id of register.seriesOfRow(first.row)) {
      const property = register.get(id)?.property
      if (property !== undefined) properties.add(property)
    }
  }
  return {
    span,
    measurement: register.get(rows[0] ?? 0)?.keys.measurement ?? '',
    rows,
    devices: [...devices],
    properties: [...properties],
    starts,
    within: { from: starts[0] ?? 0, to },
  }
}
