/**
 * Clock hours of one series, kept from the stream. The hours in which something happens are open: each reading
 * stands by itself, so one sent again counts once and one found bad is taken out. Others are folded into count and
 * sum. A late reading opens its hour again, with what the readings store has of it.
 *
 * Bounded: four open hours (each as bounded as a `History`), and folded hours of 50 h.
 */

import { type HourWindow, hourMs } from '../../domain/standards/averages/clock-hour.ts'
import { createHistory, type History, put } from '../windows/window-buffer.ts'

const openMax = 4
/** The day before, the day from which intervals are learned, and room for a day of 25 hours. */
export const hoursKept = 50

export interface SeriesHours {
  /** Takes a reading in, or the one of this time out when `value` is null. */
  put(at: number, value: number | null): void
  /** Whether the hour of this moment is folded, so that a reading of it cannot be told from one sent again. */
  isFolded(at: number): boolean
  /** Opens an hour with the readings of the store; what is there already stays. */
  open(from: number, stored: ReadonlyMap<number, number>): void
  /** A whole hour as the store adds it up; one that is known stays. */
  fill(window: HourWindow): void
  /** Readings of the open hours. */
  openReadings(): Iterable<readonly [at: number, value: number]>
  /** Rising. */
  windows(): HourWindow[]
  /** Time of the newest reading that counted; -Infinity before the first. */
  readonly newest: number
}

/** @param originMs any moment at which an hour begins there */
export function createSeriesHours(originMs: number): SeriesHours {
  const folded = new Map<number, HourWindow>()
  /** The one touched last at the end. */
  const open = new Map<number, History>()
  let newest = Number.NEGATIVE_INFINITY
  let current = Number.NaN
  let running = createHistory(hourMs)

  function hourOf(at: number): number {
    return originMs + Math.floor((at - originMs) / hourMs) * hourMs
  }

  /** Makes the hour the one that is touched; the one not touched for longest is folded. */
  function turnTo(from: number, to: History): void {
    open.delete(from)
    open.set(from, to)
    current = from
    running = to
    if (open.size <= openMax) return
    for (const [oldest, own] of open) {
      open.delete(oldest)
      const window = windowOf(oldest, own)
      if (window.count > 0) folded.set(oldest, window)
      return
    }
  }

  /** A folded hour that the store could not be asked about: better counted twice than lost. */
  function addTo(hour: HourWindow, value: number): void {
    const count = hour.count + 1
    folded.set(hour.from, { ...hour, count, value: hour.value + (value - hour.value) / count })
  }

  function forget(): void {
    const oldest = newest - hoursKept * hourMs
    for (const from of folded.keys()) if (from < oldest) folded.delete(from)
    for (const from of open.keys()) if (from < oldest) open.delete(from)
  }

  function see(at: number): void {
    if (at <= newest) return
    const isLaterHour = hourOf(newest) !== hourOf(at)
    newest = at
    if (isLaterHour) forget()
  }

  return {
    put(at, value) {
      const from = hourOf(at)
      if (from !== current) {
        if (at < newest - hoursKept * hourMs) return
        const own = open.get(from)
        if (own === undefined && value === null) return
        const hour = folded.get(from)
        if (hour !== undefined && value !== null) return addTo(hour, value)
        turnTo(from, own ?? createHistory(hourMs))
      }
      put(running, at, value)
      if (value !== null) see(at)
    },
    isFolded: (at) => folded.has(hourOf(at)),
    open(from, stored) {
      if (stored.size < (folded.get(from)?.count ?? 0)) return
      folded.delete(from)
      const own = createHistory(hourMs)
      for (const [at, value] of stored) put(own, at, value)
      for (const at of stored.keys()) see(at)
      const heard = open.get(from)
      if (heard !== undefined) for (const [at, value] of singles(heard)) put(own, at, value)
      if (own.to > own.from) turnTo(from, own)
    },
    fill(window) {
      if (open.has(window.from) || folded.has(window.from)) return
      folded.set(window.from, window)
      see(window.from)
    },
    *openReadings() {
      for (const own of open.values()) yield* singles(own)
    },
    windows() {
      const unfolded = [...open].map(([from, own]) => windowOf(from, own))
      const all = [...folded.values(), ...unfolded.filter(({ count }) => count > 0)]
      return all.sort((a, b) => a.from - b.from)
    },
    get newest() {
      return newest
    },
  }
}

function* singles({ times, values, from, to }: History): Generator<[at: number, value: number]> {
  for (let i = from; i < to; i += 1) yield [times[i] ?? 0, values[i] ?? 0]
}

/** The value of an hour without readings is nothing. */
function windowOf(hour: number, { values, from, to, slots }: History): HourWindow {
  let [count, sum] = [to - from, 0]
  for (let i = from; i < to; i += 1) sum += values[i] ?? 0
  for (const slot of slots) {
    count += slot.count
    sum += slot.sum
  }
  return { from: hour, count, value: sum / count }
}
