/**
 * Clock hours of one series, kept from the stream. The hours in which something happens are open: each reading
 * stands by itself, so one sent again counts once and one found bad is taken out. Others are folded into count and
 * sum. A late reading opens its hour again, with what the readings store has of it.
 *
 * Bounded: four open hours of 4,000 readings (one each 0.9 s; of more the first count), and folded hours of 50 h.
 */

import { type HourWindow, hourMs } from '../../domain/standards/averages/clock-hour.ts'

const openMax = 4
const pointsMax = 4_000
/** The day before, the day from which intervals are learned, and room for a day of 25 hours. */
export const hoursKept = 50

export interface SeriesHours {
  /** Takes a reading in, or the one of this time out when `value` is null. */
  put(at: number, value: number | null): void
  /** Whether the hour of this moment is folded, so that a reading of it can not be told from one sent again. */
  isFolded(at: number): boolean
  /** Opens an hour with the readings of the store; what is there already stays. */
  open(from: number, stored: ReadonlyMap<number, number>): void
  /** A whole hour as the store adds it up; one that is known stays. */
  fill(window: HourWindow): void
  /** Readings of the open hours. */
  openPoints(): Iterable<readonly [at: number, value: number]>
  /** Rising. */
  windows(): HourWindow[]
  /** Time of the newest reading that counted; -Infinity before the first. */
  readonly newest: number
}

type Points = Map<number, number>

/** @param originMs any moment at which an hour begins there */
export function createSeriesHours(originMs: number): SeriesHours {
  const folded = new Map<number, HourWindow>()
  /** The one touched last at the end. */
  const open = new Map<number, Points>()
  let newest = Number.NEGATIVE_INFINITY
  let current = Number.NaN
  let points: Points = new Map()

  function hourOf(at: number): number {
    return originMs + Math.floor((at - originMs) / hourMs) * hourMs
  }

  /** Makes the hour the one that is touched; the one not touched for longest is folded. */
  function turnTo(from: number, to: Points): void {
    open.delete(from)
    open.set(from, to)
    current = from
    points = to
    if (open.size <= openMax) return
    for (const [oldest, own] of open) {
      open.delete(oldest)
      if (own.size > 0) folded.set(oldest, windowOf(oldest, own))
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
        turnTo(from, own ?? new Map())
      }
      if (value === null) points.delete(at)
      else if (points.size < pointsMax || points.has(at)) points.set(at, value)
      if (value !== null) see(at)
    },
    isFolded: (at) => folded.has(hourOf(at)),
    open(from, stored) {
      if (stored.size < (folded.get(from)?.count ?? 0)) return
      folded.delete(from)
      const own = open.get(from) ?? new Map<number, number>()
      for (const [at, value] of stored) {
        if (!own.has(at) && own.size < pointsMax) own.set(at, value)
        see(at)
      }
      if (own.size > 0) turnTo(from, own)
    },
    fill(window) {
      if (open.has(window.from) || folded.has(window.from)) return
      folded.set(window.from, window)
      see(window.from)
    },
    *openPoints() {
      for (const own of open.values()) yield* own
    },
    windows() {
      const unfolded = [...open].flatMap(([from, own]) =>
        own.size === 0 ? [] : [windowOf(from, own)],
      )
      return [...folded.values(), ...unfolded].sort((a, b) => a.from - b.from)
    },
    get newest() {
      return newest
    },
  }
}

function windowOf(from: number, points: Points): HourWindow {
  let sum = 0
  for (const value of points.values()) sum += value
  return { from, count: points.size, value: sum / points.size }
}
