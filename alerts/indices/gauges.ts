/**
 * Indices of water, rain and levels as rules watch them: at each reading, from the newest values of the site and the
 * sums of rain up to that moment.
 *
 * - A value counts for three times the interval at which its device is expected to report, at least 1 h; where
 *   nobody said for 6 h, since automatic stations of surface water measure every 4 h. Of several devices the mean
 *   counts, of levels the highest (`averages/station.ts`).
 * - Rain: sums over the last 1, 3, 6, 12 and 24 h in observed time, of several gauges the largest.
 * - No observation goes back in time: a reading of the same time as the last or of an earlier one that changes the
 *   index is observed a millisecond after the last.
 */

import { createDayCalendar, type DayCalendar } from '../../domain/calendar.ts'
import type { Device } from '../../domain/device.ts'
import type { SeriesKey } from '../../domain/reading.ts'
import type { Site } from '../../domain/site.ts'
import type { Stay } from '../../domain/site-stays.ts'
import { hourMs, tidy } from '../../domain/standards/averages/clock-hour.ts'
import { rainProperties } from '../../domain/standards/averages/rain-sum.ts'
import { statisticOf } from '../../domain/standards/averages/station.ts'
import { comparedValue } from '../../domain/standards/site/compared.ts'
import type { InstantIndex } from '../../domain/standards/site/coverage.ts'
import { type Figures, instantIndexAt } from '../../domain/standards/site-indices.ts'
import { createHistory, type History, newestOf } from '../windows/window-buffer.ts'
import type { Observation } from '../lifecycle/lifecycle.ts'
import { windowOf, windowValue } from '../windows/window.ts'
import type { Family } from './families.ts'
import { expectedMs } from './site-devices.ts'

export interface Gauges {
  calendar: DayCalendar
  /** By property, then device. */
  series: Map<string, Map<string, Gauge>>
  /** Those whose past was read. */
  filled: Set<Family>
  /** What stood there when it was looked at last. */
  stays: readonly Stay[] | null
  told: Map<InstantIndex, Map<string, Observation>>
}

export interface Gauge {
  history: History
  /** How long a value counts. */
  freshMs: number
}

/** Of a counter also the reading before the longest sum. */
const rainReachMs: Readonly<Record<string, number>> = {
  rainfall: 24 * hourMs,
  rain_total: 48 * hourMs,
}
const freshLeastMs = hourMs
const freshUsualMs = 6 * hourMs
const freshMostMs = 48 * hourMs

export function createGauges(zone: string): Gauges {
  return {
    calendar: createDayCalendar(zone),
    ...{ series: new Map(), filled: new Set(), stays: null, told: new Map() },
  }
}

export function createGauge(property: string, device: Device | undefined): Gauge {
  const expected = expectedMs(device)
  const freshMs =
    expected === null ? freshUsualMs : Math.min(freshMostMs, Math.max(freshLeastMs, 3 * expected))
  return { history: createHistory(rainReachMs[property] ?? freshMs), freshMs }
}

export function gaugeOf(
  { series }: Gauges,
  { property, device }: SeriesKey,
  registered: Device | undefined,
): Gauge {
  const devices = series.get(property) ?? new Map<string, Gauge>()
  series.set(property, devices)
  const gauge = devices.get(device) ?? createGauge(property, registered)
  devices.set(device, gauge)
  return gauge
}

/** Time of the newest reading of these properties at the site; -Infinity before the first. */
export function newestGauge({ series }: Gauges, properties: ReadonlySet<string>): number {
  let newest = Number.NEGATIVE_INFINITY
  for (const property of properties) {
    for (const { history } of series.get(property)?.values() ?? []) {
      newest = Math.max(newest, newestOf(history))
    }
  }
  return newest
}

export interface InstantQuestion {
  index: InstantIndex
  edition: string | undefined
  site: Site
  /** When the reading just taken was observed, milliseconds since 1970 UTC. */
  at: number
}

/** Null when the index cannot be given. Asked again without anything new it answers the same. */
export function observeInstant(
  gauges: Gauges,
  { index, edition, site, at }: InstantQuestion,
): Observation | null {
  const editions = gauges.told.get(index) ?? new Map<string, Observation>()
  gauges.told.set(index, editions)
  const last = editions.get(edition ?? '')
  const moment = last === undefined ? at : Math.max(at, last.observedAt)
  const question = { index, edition: edition ?? null, period: { from: moment, to: moment } }
  const place = { site, calendar: gauges.calendar }
  const value = comparedValue(instantIndexAt(place, figuresAt(gauges, moment), question))
  if (value === null) return null
  const isSameTime = last?.observedAt === moment
  if (last !== undefined && isSameTime && last.value === value) return last
  const observation = { observedAt: isSameTime ? moment + 1 : moment, value }
  editions.set(edition ?? '', observation)
  return observation
}

function figuresAt({ series }: Gauges, at: number): Figures {
  return {
    value(property) {
      const devices = series.get(property)
      if (devices === undefined) return undefined
      const values = [...devices.values()].flatMap((gauge) => newestValue(gauge, at) ?? [])
      if (values.length === 0) return null
      if (statisticOf(property) === 'max') return Math.max(...values)
      return tidy(values.reduce((sum, value) => sum + value, 0) / values.length)
    },
    rainOf(hours) {
      const signal = { type: 'sum', window: `${hours}h` } as const
      const sums = rainProperties.flatMap((property) => {
        const window = windowOf({ signal, direction: 'above', property })
        return [...(series.get(property)?.values() ?? [])].flatMap(({ history }) => {
          const value = window && windowValue(window, history, { at, expectedMs: 0 })
          return value ?? []
        })
      })
      return sums.length === 0 ? null : Math.max(...sums)
    },
  }
}

function newestValue({ history, freshMs }: Gauge, at: number): number | null {
  const { from, to, values } = history
  if (to === from || newestOf(history) < at - freshMs) return null
  return values[to - 1] ?? null
}
